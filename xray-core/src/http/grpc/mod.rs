//! gRPC: how its calls end, whatever the HTTP status says.
//!
//! A code that is not `OK` becomes the annotation [`CODE`]; the message beside it becomes the metadata
//! `message` in the namespace `grpc`. A status that is no code counts as `UNKNOWN`, as it does for gRPC's
//! own clients, with the metadata `status` for what it said; so does one that is missing.

mod code;
mod head;
mod messages;

pub use code::Code;
pub use head::{Request, Status, is_grpc};

use std::time::Instant;

use super::{Outcome, percent::percent_decoded};
use crate::{
    Entity,
    document::{MAX_SHORT_TEXT, MAX_TEXT, cut},
};
use messages::Messages;

/// The annotation that holds the code of a gRPC call that did not end well, such as `NOT_FOUND`.
pub const CODE: &str = "grpc_code";

/// Namespace of the metadata.
const NAMESPACE: &str = "grpc";

/// What is known of one call.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// When the caller will have given up.
    deadline: Option<Instant>,
    /// What the head of the response, or its trailers, said last.
    status: Option<Box<[u8]>>,
    message: Option<Box<[u8]>>,
    messages: Messages,
    /// A part of the body could not be looked into, so its messages are not known.
    opaque: bool,
}

impl Progress {
    pub(super) fn begin(head: &Request<'_>) -> Self {
        // A little less: the caller's clock began earlier, and its word that it has gone was quicker.
        let left = head.time_left().map(|left| left / 10 * 9);
        let deadline = left.and_then(|left| Instant::now().checked_add(left));
        Self { deadline, ..Self::default() }
    }

    /// Whether the caller's deadline has passed.
    pub(super) fn is_late(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The head of the response, or its trailers, say how it ended.
    pub(super) fn told(&mut self, status: &Status<'_>) {
        // A character is at most four bytes, each of them three when encoded.
        let bounded = |text: &[u8]| text[..text.len().min(12 * MAX_TEXT)].into();
        if let Some(text) = status.status {
            self.status = Some(bounded(text));
            self.message = status.message.map(bounded);
        }
    }

    /// A part of the response's body, as far as it lies in one piece.
    pub(super) fn read(&mut self, piece: &[u8], bytes: u64) {
        self.opaque |= piece.len() as u64 != bytes;
        self.messages.read(piece);
    }

    pub(super) fn code(&self) -> Code {
        self.status.as_deref().and_then(Code::parse).unwrap_or(Code::Unknown)
    }

    /// Records how it ended, once nothing follows.
    pub(super) fn settle(&self, entity: &Entity) {
        let code = self.code();
        entity.note_grpc(Outcome::of_grpc(code));
        if !entity.is_sampled() {
            return;
        }
        if !self.opaque {
            entity.content_length(self.messages.bytes());
        }
        if code == Code::Ok {
            return;
        }
        entity.annotate(CODE, code.name());
        match &self.status {
            None => entity.metadata_in(NAMESPACE, "status", "missing"),
            Some(status) if Code::parse(status).is_none() => {
                let status = String::from_utf8_lossy(status);
                entity.metadata_in(NAMESPACE, "status", cut(&status, MAX_SHORT_TEXT));
            }
            Some(_) => {}
        }
        if let Some(message) = self.message.as_deref().filter(|message| !message.is_empty()) {
            entity.metadata_in(NAMESPACE, "message", cut(&percent_decoded(message), MAX_TEXT));
        }
    }

    /// Records that nobody waits any more.
    pub(super) fn expire(entity: &Entity) {
        let message = "the caller's deadline passed before the response was complete";
        entity.record_failure("DeadlineExceeded", message, true);
        entity.annotate(CODE, Code::DeadlineExceeded.name());
    }
}
