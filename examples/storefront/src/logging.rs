//! The three layers of `tracing`: spans to subsegments, queries to subsegments, and log lines that say which
//! trace they belong to.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::{EnvFilter, LevelFilter, Targets};
use tracing_subscriber::{fmt, prelude::*};
use xray_tower::xray_core::SqlTarget;
use xray_tracing::{SqlxLayer, WithTraceIds, XRayTracing};

/// Lines go to stderr, from the level `WARN` on or as `RUST_LOG` says.
pub(crate) fn init(shop: SqlTarget) {
    // Libraries have spans too; only those of the shop are to be subsegments.
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::INFO);
    let shown = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    tracing_subscriber::registry()
        .with(XRayTracing::new().with_filter(ours))
        .with(SqlxLayer::new(shop))
        .with(
            fmt::layer()
                .with_writer(io::stderr)
                .with_ansi(io::stderr().is_terminal())
                .map_event_format(WithTraceIds::new)
                .with_filter(shown.from_env_lossy()),
        )
        .init();
}
