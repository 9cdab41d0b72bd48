//! The command line.

use std::time::Duration;

use clap::Parser;

/// A small shop whose every request is recorded, with the console that shows it.
///
/// Four services on loopback (web, orders, payments, pricing), a database, a queue, a worker, and a
/// visitor that keeps them busy. Documents stay on this machine: nothing is sent to AWS.
#[derive(Debug, Parser)]
#[command(name = "storefront", version)]
pub(crate) struct Args {
    /// End by itself after this time, such as `10s`, `500ms` or `2m`; otherwise at Ctrl-C
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) time: Option<Duration>,

    /// Write one JSON object on stdout at the end, and everything else on stderr
    #[arg(long)]
    pub(crate) json: bool,
}
