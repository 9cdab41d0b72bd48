//! The two sampling calls of the SDKs: who answers them, and the server they come to.
//!
//! A request passes the [`gate`], and is answered by an [`upstream`] if there is one. Otherwise the
//! [`service`] answers by its [`book`]: the [`rules`], a [`ledger`] of quotas for each, and its [`boost`].

mod answers;
mod book;
mod boost;
mod fields;
mod gate;
mod ledger;
mod reload;
mod report;
mod rule;
mod rules;
mod server;
mod service;
pub(crate) mod upstream;
mod view;

pub(crate) use answers::{Answers, UpstreamPlace};
pub(crate) use book::Pace;
pub(crate) use reload::RulesFile;
pub use rules::SamplingRules;
pub(crate) use server::SamplingServer;
pub(crate) use service::{Origin, Service};
#[cfg(feature = "relay")]
pub(crate) use upstream::{Answering, Operation, Upstream};
