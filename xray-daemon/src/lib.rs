//! `xray-daemon` receives AWS X-Ray documents where every X-Ray SDK sends them, UDP 127.0.0.1:2000, and
//! hands them to the local console and to AWS X-Ray.
//!
//! It is for whoever wants to see traces on this machine, with or without an AWS account: as the program `xrayd`, or
//! inside an app or a test. The program relays documents to X-Ray if it finds AWS credentials and a region. Inside
//! another program nothing leaves the machine unless `DaemonBuilder::relay` asks for it.
//!
//! On TCP it answers the SDKs' calls for centralized sampling: it passes them on to X-Ray where it relays, and answers
//! as X-Ray would, out of [`SamplingRules`], where it does not.
//!
//! ```
//! use std::net::UdpSocket;
//!
//! use xray_console::Console;
//! use xray_daemon::Daemon;
//!
//! let console = Console::builder().build();
//! let daemon = Daemon::builder()
//!     .udp(([127, 0, 0, 1], 0).into())
//!     .tcp(([127, 0, 0, 1], 0).into())
//!     .console(console.clone())
//!     .start()?;
//!
//! let socket = UdpSocket::bind("127.0.0.1:0")?;
//! let datagram = concat!(
//!     r#"{"format":"json","version":1}"#, "\n",
//!     r#"{"name":"orders","id":"70de5b6f19ff9a0a","trace_id":"1-581cf771-a006649127e371903a2de979","#,
//!     r#""start_time":1478293361.271,"end_time":1478293361.449}"#,
//! );
//! socket.send_to(datagram.as_bytes(), daemon.udp_addr())?;
//!
//! let stats = daemon.stop();
//! assert_eq!((stats.received, stats.accepted), (1, 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The way of the data: receive, check, fan out. One thread does nothing but read the socket; another
//! checks what it read. Between them stands a bounded hand-over, so that a burst is absorbed and the
//! reading never waits for the checking. A third one talks to X-Ray, behind a bounded queue of its own. Every datagram has
//! exactly one fate here and every document one there, and [`Stats`] counts them all.
//!
//! # Features
//!
//! `relay`, on by default, is the way to X-Ray. Without it there is no AWS crate among the dependencies.

mod batch;
mod check;
mod daemon;
mod error;
mod handover;
mod kernel;
mod receive;
#[cfg(feature = "relay")]
mod relay;
mod sampling;
mod stats;
mod work;

pub use daemon::{Daemon, DaemonBuilder};
pub use error::{Error, Transport};
#[cfg(feature = "relay")]
pub use relay::{Relay, RelayState, RelayStats, RelayStatus};
pub use sampling::SamplingRules;
pub use stats::Stats;
