use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::http::{
    StatusCode,
    header::{self, HeaderMap, HeaderName},
};
use awc::{ConnectResponse, error::SendRequestError};
use pin_project_lite::pin_project;
use xray_core::{
    Scope,
    http::{Call, ResponseHead},
};

use super::{body::watched, error::kind};

pin_project! {
    /// The response to be. Dropped before it is ready, the caller has given up.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        work: Work<F>,
    }
}

pin_project! {
    #[project = WorkProjection]
    #[derive(Debug)]
    enum Work<F> {
        Passing { #[pin] future: F },
        // What runs in the call is dropped, and so has ended, before the call has.
        Recorded { #[pin] future: Scope<F>, call: Option<Call> },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn passing(future: F) -> Self {
        Self { work: Work::Passing { future } }
    }

    pub(super) fn recorded(future: Scope<F>, call: Option<Call>) -> Self {
        Self { work: Work::Recorded { future, call } }
    }
}

impl<F> Future for ResponseFuture<F>
where
    F: Future<Output = Result<ConnectResponse, SendRequestError>>,
{
    type Output = Result<ConnectResponse, SendRequestError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().work.project() {
            WorkProjection::Passing { future } => future.poll(cx),
            WorkProjection::Recorded { future, call } => {
                let mut answered = ready!(Call::recording_panics(call, || future.poll(cx)));
                if let Some(mut call) = call.take() {
                    answered = match answered {
                        Ok(response) => Ok(respond(response, call)),
                        Err(error) => {
                            call.fail(kind(&error), &error);
                            Err(error)
                        }
                    };
                }
                Poll::Ready(answered)
            }
        }
    }
}

fn respond(response: ConnectResponse, mut call: Call) -> ConnectResponse {
    match response {
        ConnectResponse::Client(response) => {
            tell(&mut call, response.status(), response.headers());
            // The body is only looked at where somebody waits for its end.
            let waits = call.entity().is_some();
            ConnectResponse::Client(if waits { watched(response, call) } else { response })
        }
        ConnectResponse::Tunnel(head, tunnel) => {
            tell(&mut call, head.status, head.headers());
            ConnectResponse::Tunnel(head, tunnel)
        }
    }
}

fn tell(call: &mut Call, status: StatusCode, headers: &HeaderMap) {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok();
    call.respond(&ResponseHead {
        status: status.as_u16(),
        content_length: text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        content_type: text(header::CONTENT_TYPE),
        body_ended: false,
        grpc: None,
    });
}
