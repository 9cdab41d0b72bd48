//! `xray-console` keeps the X-Ray documents of one machine and shows them: service map, traces, waterfalls.
//!
//! It is for whoever receives X-Ray documents and wants to see them without an AWS account: the daemon `xrayd`, an
//! app, a test.
//!
//! ```
//! use std::net::TcpListener;
//!
//! use xray_console::{Console, Document};
//!
//! let console = Console::builder().build();
//! let server = console.serve(TcpListener::bind("127.0.0.1:0")?)?;
//! match Document::parse(b"{}") {
//!     Ok(document) => console.receive(document),
//!     Err(reason) => console.rejected(reason, b"{}"),
//! }
//! assert_eq!(console.status().rejected_total(), 1);
//! println!("open {}", server.url());
//! # Ok::<(), std::io::Error>(())
//! ```

mod class;
mod columns;
mod console;
mod document;
mod filter;
mod graph;
mod layout;
mod pages;
mod picture;
mod query;
mod rejection;
mod sampling;
mod server;
mod status;
mod store;
mod text;

pub use class::Class;
pub use console::{Console, ConsoleBuilder};
pub use document::Document;
pub use graph::{Edge, Node, ServiceGraph, Stats};
pub use rejection::Rejection;
pub use sampling::{
    RefusedCalls, Sampling, SamplingClient, SamplingRule, SamplingService, SamplingSource,
};
pub use server::ConsoleServer;
pub use status::{Excerpt, Listening, OtherKind, Rejected, RelayReport, Status};
pub use store::{TraceSummary, Window};
