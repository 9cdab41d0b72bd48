use std::{
    fmt::Display,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Response, header};
use http_body::Body;
use pin_project_lite::pin_project;
use xray_core::{
    Scope,
    http::{Call, ResponseHead, grpc},
};

use crate::bytes;

use super::{ErrorKind, PlainErrors, ResponseBody};

pin_project! {
    /// The response to be. Dropped before it is ready, the caller has given up.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, K = PlainErrors> {
        #[pin]
        work: Work<F>,
        kind: PhantomData<fn() -> K>,
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

impl<F, K> ResponseFuture<F, K> {
    pub(super) fn passing(future: F) -> Self {
        Self { work: Work::Passing { future }, kind: PhantomData }
    }

    pub(super) fn recorded(future: Scope<F>, call: Option<Call>) -> Self {
        Self { work: Work::Recorded { call, future }, kind: PhantomData }
    }
}

impl<F, R, E, K> Future for ResponseFuture<F, K>
where
    F: Future<Output = Result<Response<R>, E>>,
    K: ErrorKind<E>,
    R: Body,
    R::Error: Display + 'static,
{
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().work.project() {
            WorkProjection::Passing { future } => {
                let response = ready!(future.poll(cx))?;
                Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, None))))
            }
            WorkProjection::Recorded { future, call } => {
                let answered = ready!(Call::recording_panics(call, || future.poll(cx)));
                let call = call.take();
                Poll::Ready(match answered {
                    Ok(response) => Ok(respond(response, call)),
                    Err(error) => {
                        if let Some(mut call) = call {
                            let (kind, error) = K::read(&error);
                            call.fail(kind, error);
                        }
                        Err(error)
                    }
                })
            }
        }
    }
}

fn respond<R: Body>(response: Response<R>, mut call: Option<Call>) -> Response<ResponseBody<R>> {
    if let Some(call) = &mut call {
        let headers = response.headers();
        let text = |name| headers.get(name)?.to_str().ok();
        call.respond(&ResponseHead {
            status: response.status().as_u16(),
            content_length: text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            content_type: text(header::CONTENT_TYPE),
            body_ended: response.body().is_end_stream(),
            grpc: grpc::Status::of_head(bytes(headers, header::CONTENT_TYPE), |name| {
                bytes(headers, name)
            }),
        });
    }
    response.map(|body| ResponseBody::new(body, call.filter(|call| call.entity().is_some())))
}
