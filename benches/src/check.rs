//! What must hold: instructions near those of the table, no allocation, and a fifth of the peer.

use xray_benches::{Side, Work};

use crate::Figure;

/// Instructions may grow so much before somebody has to look.
const HEADROOM: f64 = 1.1;

/// An unsampled request, by time, next to the same with a sampler that is off.
const SHARE: f64 = 0.2;

/// The limits that do not hold.
pub(crate) fn broken(figures: &[Figure]) -> Vec<String> {
    let mut broken = Vec::new();
    for figure in figures {
        let Side::Ours { instructions: known } = figure.side else { continue };
        let (work, by) = (figure.work.name(), figure.by);
        let limit = known as f64 * HEADROOM;
        match figure.instructions {
            Some(counted) if counted <= limit => {}
            Some(counted) => broken.push(format!(
                "{work}, {by}: {counted:.0} instructions, over the limit of {limit:.0}; \
                 if that is meant, set {counted:.0} in benches/src/cases/mod.rs"
            )),
            None => broken.push(format!("{work}, {by}: instructions were not counted")),
        }
        if figure.allocations != Some(0.0) {
            let count = figure.allocations.unwrap_or(f64::NAN);
            broken.push(format!("{work}, {by}: {count} allocations where none is allowed"));
        }
    }
    for peer in figures.iter().filter(|figure| is_plain_peer(figure)) {
        if let Some(share) = share(peer, figures).filter(|share| *share > SHARE) {
            broken.push(format!(
                "{}: {share:.3} of the time of {}, over {SHARE}",
                peer.work.name(),
                peer.by
            ));
        }
    }
    broken
}

fn is_plain_peer(figure: &Figure) -> bool {
    figure.work == Work::UnsampledRequest && figure.by == "opentelemetry_sdk"
}

/// Our time as a part of a peer's, of the round of each that nothing disturbed; `None` where there is
/// nothing to compare.
pub(crate) fn share(peer: &Figure, figures: &[Figure]) -> Option<f64> {
    if peer.side != Side::Peer {
        return None;
    }
    let is_ours =
        |figure: &&Figure| figure.work == peer.work && matches!(figure.side, Side::Ours { .. });
    Some(figures.iter().find(is_ours)?.ns.least / peer.ns.least)
}
