use std::time::{Instant, SystemTime};

use log::Level;

use super::{AccessLog, Form, flask, json};
use crate::{
    Entity, SegmentId, TraceId,
    document::{MAX_SHORT_TEXT, MAX_TEXT, cut},
    http::{Outcome, RequestHead, address::AddressText, grpc::Code},
};

/// A line that is to be written.
#[derive(Debug)]
pub(in crate::http) struct Entry {
    log: AccessLog,
    begun: Instant,
    written: bool,
    pub(super) method: String,
    /// As the form has it.
    pub(super) path: String,
    pub(super) scheme: String,
    pub(super) client: Option<String>,
    pub(super) ids: Option<(TraceId, SegmentId)>,
    pub(super) bytes: u64,
    /// 0 is none.
    pub(super) status: u16,
    pub(super) code: Option<Code>,
    pub(super) error: Option<&'static str>,
    /// What is current around a request that is not recorded.
    outside: Option<Entity>,
}

impl Entry {
    pub(in crate::http) fn begin(
        log: &AccessLog,
        request: &RequestHead<'_>,
        entity: &Entity,
    ) -> Self {
        let mut text = AddressText::default();
        let (path, client) = match log.0.form {
            Form::Json => (cut(request.path, MAX_TEXT).to_owned(), request.client(&mut text)),
            Form::Flask => {
                let peer = request.peer.map(|peer| text.of(peer));
                (flask::full_path(request.path, request.query.unwrap_or_default()), peer)
            }
        };
        Self {
            log: log.clone(),
            begun: Instant::now(),
            written: false,
            method: cut(request.method, MAX_SHORT_TEXT).to_owned(),
            path,
            scheme: request.scheme.to_owned(),
            client: client.map(|client| cut(client, MAX_SHORT_TEXT).to_owned()),
            ids: entity.is_sampled().then(|| (entity.trace_id(), entity.id())),
            bytes: 0,
            status: 0,
            code: None,
            error: None,
            outside: None,
        }
    }

    /// Of a request that is not recorded here.
    pub(in crate::http) fn unrecorded(log: &AccessLog, request: &RequestHead<'_>) -> Self {
        let outside = Entity::current();
        let mut entry = Self::begin(log, request, &outside.segment());
        entry.outside = Some(outside);
        entry
    }

    pub(in crate::http) fn outside(&self) -> Option<&Entity> {
        self.outside.as_ref()
    }

    pub(in crate::http) fn sent(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    pub(in crate::http) fn status(&mut self, status: u16) {
        self.status = status;
    }

    pub(in crate::http) fn code(&mut self, code: Code) {
        self.code = Some(code);
    }

    pub(in crate::http) fn failed(&mut self, error: &'static str) {
        self.error = Some(error);
    }

    /// Writes the line, once.
    pub(in crate::http) fn end(&mut self) {
        if self.written {
            return;
        }
        self.written = true;
        match self.log.0.form {
            Form::Json => {
                let level = self.level();
                let (took, now) = (self.begun.elapsed(), SystemTime::now());
                self.log.write(level, || json::line(self, level, took, now.into()));
            }
            Form::Flask if self.status == 0 => {}
            Form::Flask => {
                self.log.write(Level::Error, || flask::line(self, &chrono::Local::now()));
            }
        }
    }

    fn level(&self) -> Level {
        let outcome = match self.code {
            Some(code) => Outcome::of_grpc(code),
            None => Outcome::of_status(self.status),
        };
        match (outcome, self.error) {
            (_, Some("ClientDisconnected")) | (Outcome::Error | Outcome::Throttle, None) => {
                Level::Warn
            }
            (Outcome::Ok, None) => Level::Info,
            (Outcome::Fault, None) | (_, Some(_)) => Level::Error,
        }
    }
}
