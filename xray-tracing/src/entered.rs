//! The spans that a thread has entered, so that an exit finds what its enter has made current.

use std::cell::RefCell;

use tracing_core::span::Id;
use xray_core::Entered;

thread_local! {
    static ENTERED: RefCell<Vec<Level>> = const { RefCell::new(Vec::new()) };
}

struct Level {
    /// The number of the layer, since ids of two registries may be the same.
    layer: u64,
    id: u64,
    entered: Entered,
}

pub(crate) fn push(layer: u64, id: &Id, entered: Entered) {
    let level = Level { layer, id: id.into_u64(), entered };
    // Fails only at the end of a thread, where nothing is current any more.
    let _ = ENTERED.try_with(|levels| levels.borrow_mut().push(level));
}

/// Leaves the last one that was entered by this id, whatever has been entered since. A span that was not
/// recorded when it was entered was not pushed.
pub(crate) fn leave(layer: u64, id: &Id) {
    let take = |levels: &RefCell<Vec<Level>>| {
        let mut levels = levels.borrow_mut();
        let is_it = |level: &Level| level.id == id.into_u64() && level.layer == layer;
        let at = levels.iter().rposition(is_it)?;
        Some(levels.remove(at).entered)
    };
    // Dropped here, where nothing is borrowed.
    drop(ENTERED.try_with(take));
}
