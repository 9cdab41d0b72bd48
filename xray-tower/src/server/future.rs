use std::{
    fmt::Display,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderValue, Response, header};
use http_body::Body;
use pin_project_lite::pin_project;
use xray_core::{
    Scope,
    http::{Exchange, ResponseHead, grpc, recording_panics},
};

use crate::bytes;

use super::{ResponseBody, TRACE_HEADER, fail};

pin_project! {
    /// The response to be. Dropped before it is ready, the client has gone.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        kind: Kind<F>,
    }
}

pin_project! {
    #[project = KindProjection]
    #[derive(Debug)]
    enum Kind<F> {
        Passing { #[pin] future: F },
        Recorded { #[pin] future: Scope<F>, exchange: Option<Exchange> },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn passing(future: F) -> Self {
        Self { kind: Kind::Passing { future } }
    }

    pub(super) fn recorded(future: Scope<F>, exchange: Option<Exchange>) -> Self {
        Self { kind: Kind::Recorded { future, exchange } }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
    E: Display + 'static,
{
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Passing { future } => {
                let response = ready!(future.poll(cx))?;
                Poll::Ready(Ok(response.map(|body| ResponseBody::new(body, None))))
            }
            KindProjection::Recorded { future, exchange } => {
                let answered = ready!(recording_panics(exchange, || future.poll(cx)));
                let exchange = exchange.take();
                Poll::Ready(match answered {
                    Ok(response) => Ok(respond(response, exchange)),
                    Err(error) => {
                        if let Some(mut exchange) = exchange {
                            fail(&mut exchange, &error);
                        }
                        Err(error)
                    }
                })
            }
        }
    }
}

fn respond<R: Body>(
    mut response: Response<R>,
    mut exchange: Option<Exchange>,
) -> Response<ResponseBody<R>> {
    if let Some(exchange) = &mut exchange {
        // One that the handler has set stays.
        if !response.headers().contains_key(&TRACE_HEADER)
            && let Some(value) = exchange.response_header()
            && let Ok(value) = HeaderValue::try_from(value)
        {
            response.headers_mut().insert(TRACE_HEADER.clone(), value);
        }
        let headers = response.headers();
        let number = |name| headers.get(name)?.to_str().ok()?.parse().ok();
        let body = response.body();
        let content_type = headers.get(header::CONTENT_TYPE);
        exchange.respond(&ResponseHead {
            status: response.status().as_u16(),
            content_length: number(header::CONTENT_LENGTH).or_else(|| body.size_hint().exact()),
            content_type: content_type.and_then(|value| value.to_str().ok()),
            body_ended: body.is_end_stream(),
            grpc: content_type.filter(|_| exchange.is_watched()).and_then(|content_type| {
                grpc::Status::of_head(Some(content_type.as_bytes()), |name| bytes(headers, name))
            }),
        });
    }
    response.map(|body| ResponseBody::new(body, exchange))
}
