//! What a request costs that is larger than the usual one.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use bench_driver::{Contender, Item, Make, POOL, Program, Requests};
use xray_core::{Recorder, TraceHeader, document::HttpRequest};

use crate::{idle::Idle, request::header};

/// The most pieces of metadata, and the bytes of each.
const PIECES: usize = 119;
const PIECE_BYTES: usize = 480;

/// Subsegments that are begun before the queue gets time to empty.
const BURST: usize = 2_048;

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy)]
enum Shape {
    /// So many subsegments in one segment, with two annotations each.
    Subsegments(usize),
    /// No subsegment, and so many pieces of metadata.
    Metadata(usize),
}

const SHAPES: [(&str, Shape); 8] = [
    ("subsegments: 1", Shape::Subsegments(1)),
    ("subsegments: 10", Shape::Subsegments(10)),
    ("subsegments: 100", Shape::Subsegments(100)),
    ("subsegments: 1000", Shape::Subsegments(1_000)),
    ("subsegments: 10000", Shape::Subsegments(10_000)),
    ("document: 0.5 KB", Shape::Metadata(0)),
    ("document: 10 KB", Shape::Metadata(19)),
    ("document: 60 KB", Shape::Metadata(PIECES)),
];

struct Grown {
    xray: Recorder,
    shape: Shape,
    /// Of the pieces of metadata, and what they say.
    keys: Vec<String>,
    text: String,
}

pub(crate) fn program(address: &str) -> Program {
    let builder = Recorder::builder("orders").daemon(address);
    let xray = builder.build().expect("the address is in order");
    let works = SHAPES.map(|(name, shape)| {
        let xray = xray.clone();
        let make: Make = Box::new(move || {
            let keys = (0..PIECES).map(|number| format!("note {number}")).collect();
            let text = "a note about the order, ".repeat(PIECE_BYTES / 24);
            let grown = Arc::new(Grown { xray, shape, keys, text });
            let begun: Arc<AtomicU64> = Arc::default();
            Box::new(Requests::new(&grown, true, true, &begun))
        });
        (name.to_owned(), make)
    });
    let address = address.to_owned();
    let idle: Make = Box::new(move || Box::new(Idle::new(&address)));
    let works = works.into_iter().chain([("recorder: idle".to_owned(), idle)]);
    Program { version: None, works: works.collect() }
}

impl Contender for Grown {
    type Parent = TraceHeader;

    fn parent(&self, item: &Item, sampled: bool) -> TraceHeader {
        header(item, sampled)
    }

    fn request(&self, parent: &TraceHeader, item: &Item) {
        let segment = self.xray.segment("orders").header(parent.clone()).begin();
        segment.http(HttpRequest {
            method: Some("GET"),
            url: Some(&item.url),
            user_agent: Some(&item.user_agent),
            ..HttpRequest::default()
        });
        match self.shape {
            Shape::Subsegments(count) => {
                for _ in 0..count {
                    let subsegment = segment.subsegment("render");
                    subsegment.annotate("template", &*item.template);
                    subsegment.annotate("cached", item.cached);
                }
            }
            Shape::Metadata(pieces) => {
                for key in &self.keys[..pieces] {
                    segment.metadata(key, &self.text);
                }
            }
        }
        segment.http_response(200);
    }

    fn burst(&self) -> usize {
        match self.shape {
            Shape::Subsegments(count) => (BURST / count).clamp(1, POOL),
            Shape::Metadata(_) => POOL,
        }
    }

    fn waiting(&self, _: u64) -> u64 {
        self.xray.stats().queued
    }

    fn room(&self) -> u64 {
        BURST as u64
    }

    fn flush(&self) {
        self.xray.flush(PATIENCE);
    }

    /// A recorder that cannot send says so by itself.
    fn abandon(&self, _: u64) {}

    fn lost(&self) -> u64 {
        self.xray.stats().dropped()
    }
}
