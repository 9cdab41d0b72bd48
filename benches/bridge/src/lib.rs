//! `xray-tracing` as a contender: the calls of a request are spans of `tracing`.
//!
//! A library, since two programs run it: `bench-bridge` measures time, and `bench-bridge-allocations`
//! counts with an allocator that would cost the other one time.

use std::process::ExitCode;

use bench_driver::{Contender, Item, Meter, program, serve, spans};
use bench_ours::XRay;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};
use xray_core::{TraceHeader, document::HttpRequest};
use xray_tracing::XRayTracing;

const USAGE: &str = "usage: bench-bridge all|sampled-only|bare ADDRESS";

/// Does what the command line and then standard input say.
#[must_use]
pub fn run(meter: Meter) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let registry = tracing_subscriber::registry();
    let address = match words[..] {
        ["all", address] => {
            registry.with(XRayTracing::new()).init();
            address
        }
        ["sampled-only", address] => {
            registry.with(XRayTracing::new().sampled_only()).init();
            address
        }
        // What `tracing` itself costs.
        ["bare", address] => {
            registry.init();
            address
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    serve(program(Bridge(XRay::new(address))), meter);
    ExitCode::SUCCESS
}

/// The subscriber is the process's, so this has no more than the recorder behind it.
struct Bridge(XRay);

impl Contender for Bridge {
    type Parent = TraceHeader;

    fn parent(&self, item: &Item, sampled: bool) -> TraceHeader {
        self.0.parent(item, sampled)
    }

    /// The segment is begun as a middleware begins it.
    fn request(&self, parent: &TraceHeader, item: &Item) {
        let segment = self.0.0.segment("orders").header(parent.clone()).begin();
        segment.http(HttpRequest {
            method: Some("GET"),
            url: Some(&item.url),
            user_agent: Some(&item.user_agent),
            ..HttpRequest::default()
        });
        let entered = segment.enter();
        spans::calls(item);
        segment.http_response(200);
        drop(entered);
        segment.end();
    }

    fn waiting(&self, begun: u64) -> u64 {
        self.0.waiting(begun)
    }

    fn room(&self) -> u64 {
        self.0.room()
    }

    fn flush(&self) {
        self.0.flush();
    }

    fn abandon(&self, begun: u64) {
        self.0.abandon(begun);
    }

    fn lost(&self) -> u64 {
        self.0.lost()
    }
}
