use serde::Serialize;

use super::calls::inferred_node;
use super::trace::Trace;
use crate::class::Class;
use crate::document::LONGEST;
use crate::text::{SHOWN, shown};

/// Services named per trace in lists.
const SERVICES: usize = 24;

/// One trace as lists show it. Texts are cut and control characters written out.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TraceSummary {
    /// Such as `1-581cf771-a006649127e371903a2de979`.
    pub id: String,
    /// Counts up with every new trace.
    pub arrival: u64,
    /// Start of the root segment, in seconds since 1970.
    pub start: f64,
    /// Seconds from the first start to the last end.
    pub duration: f64,
    /// Seconds that the root segment took; `None` while it is in progress.
    pub response_time: Option<f64>,
    /// Name of the root segment; of what came first while the root may still come.
    pub name: String,
    /// Method of the root's request.
    pub method: Option<String>,
    /// URL of the root's request, without a query.
    pub url: Option<String>,
    /// Status of the root's response.
    pub status: Option<u16>,
    /// User of the root segment.
    pub user: Option<String>,
    /// Class of the root segment.
    pub class: Class,
    /// The worst class of any segment or subsegment.
    pub worst: Class,
    /// At least one part has not ended yet, or the root may still come.
    pub in_progress: bool,
    /// Names of the services and resources that took part, callers first, the first 24.
    pub services: Vec<String>,
    /// Segments and subsegments.
    pub spans: usize,
}

impl TraceSummary {
    /// There are more services than are named.
    pub(crate) fn is_cut(&self) -> bool {
        self.services.len() == SERVICES
    }

    /// Nothing but the time can be said of it yet.
    pub(crate) fn is_open(&self) -> bool {
        self.response_time.is_none() && self.class == Class::Ok
    }

    pub(crate) fn of(trace: &Trace) -> Self {
        let (documents, assembly) = (trace.documents(), trace.assembly());
        let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut worst, mut in_progress) = (Class::Ok, false);
        let mut services = Vec::new();
        for span in assembly.spans() {
            let entity = span.entity(documents);
            first = first.min(entity.start);
            last = last.max(entity.end.unwrap_or(entity.start));
            worst = worst.max(entity.class);
            in_progress |= entity.end.is_none();
            if span.is_segment(documents) {
                name(&mut services, &entity.name);
            }
        }
        for call in assembly.calls().iter().filter(|call| call.inferred) {
            name(
                &mut services,
                &inferred_node(assembly.spans()[call.to as usize].entity(documents)).name,
            );
        }
        let text =
            |text: &Option<Box<str>>| text.as_deref().map(|text| shown(text, SHOWN).into_owned());
        let root = trace.entry().map(|span| span.entity(documents));
        let named = root.or_else(|| Some(assembly.spans().first()?.entity(documents)));
        let facts = root.map(|root| root.facts());
        Self {
            id: trace.key().to_string(),
            arrival: trace.arrival(),
            start: root.map_or(first, |root| root.start),
            duration: (last - first).clamp(0.0, LONGEST),
            response_time: root.and_then(|root| root.duration()),
            name: named.map_or_else(String::new, |named| shown(&named.name, SHOWN).into_owned()),
            method: facts.and_then(|facts| text(&facts.method)),
            url: facts.and_then(|facts| text(&facts.url)),
            status: facts.and_then(|facts| facts.status),
            user: facts.and_then(|facts| text(&facts.user)),
            class: root.map_or(Class::Ok, |root| root.class),
            worst,
            in_progress: in_progress || root.is_none(),
            services,
            spans: assembly.spans().len(),
        }
    }
}

fn name(services: &mut Vec<String>, name: &str) {
    if services.len() < SERVICES && !services.iter().any(|known| known == name) {
        services.push(shown(name, SHOWN).into_owned());
    }
}
