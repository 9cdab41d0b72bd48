use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{
    Error,
    body::{BodySize, MessageBody},
    dev::ServiceResponse,
    http::header::{self, HeaderMap, HeaderValue},
};
use pin_project_lite::pin_project;
use xray_core::{
    Scope,
    http::{Exchange, ROUTE, ResponseHead, recording_panics},
};

use super::{ResponseBody, TRACE_HEADER};

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
        // `route` is what the path alone says.
        Recorded { #[pin] future: Scope<F>, exchange: Option<Exchange>, route: Option<String> },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn passing(future: F) -> Self {
        Self { kind: Kind::Passing { future } }
    }

    pub(super) fn recorded(
        future: Scope<F>,
        exchange: Option<Exchange>,
        route: Option<String>,
    ) -> Self {
        Self { kind: Kind::Recorded { future, exchange, route } }
    }
}

impl<F, B> Future for ResponseFuture<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<ResponseBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Passing { future } => {
                let response = ready!(future.poll(cx))?;
                Poll::Ready(Ok(response.map_body(|_, body| ResponseBody::new(body, None))))
            }
            KindProjection::Recorded { future, exchange, route } => {
                let answered = ready!(recording_panics(exchange, || future.poll(cx)));
                let exchange = exchange.take();
                Poll::Ready(match answered {
                    Ok(response) => Ok(respond(response, exchange, route.take())),
                    Err(error) => Err(pass_on(error, exchange)),
                })
            }
        }
    }
}

fn respond<B: MessageBody>(
    mut response: ServiceResponse<B>,
    mut exchange: Option<Exchange>,
    route: Option<String>,
) -> ServiceResponse<ResponseBody<B>> {
    if let Some(exchange) = &mut exchange {
        reroute(&response, exchange, route);
        insert_trace_header(response.headers_mut(), trace_value(exchange));
        let size = response.response().body().size();
        let status = response.status().as_u16();
        let text = |name| response.headers().get(name)?.to_str().ok();
        let content_length = text(header::CONTENT_LENGTH)
            .and_then(|length| length.parse().ok())
            .or(if let BodySize::Sized(bytes) = size { Some(bytes) } else { None });
        // actix-web has made a response of the handler's `Err` and keeps the error beside it.
        if let Some(error) = response.response().error() {
            exchange.record_error(error);
        }
        exchange.respond(&ResponseHead {
            status,
            content_length,
            content_type: text(header::CONTENT_TYPE),
            body_ended: matches!(size, BodySize::None | BodySize::Sized(0)),
            // actix-web has no trailers.
            grpc: None,
        });
    }
    response.map_body(|_, body| ResponseBody::new(body, exchange))
}

/// An error that an inner middleware returns becomes a response further out; only then it gets the
/// trace's header, so that the error stays what it is for all that are on the way.
fn pass_on(mut error: Error, exchange: Option<Exchange>) -> Error {
    if let Some(mut exchange) = exchange {
        if let Some(value) = trace_value(&exchange) {
            error.add_response_mapper(move |mut response| {
                insert_trace_header(response.headers_mut(), Some(value.clone()));
                response
            });
        }
        let status = error.as_response_error().status_code();
        exchange.fail(&error, Some(status.as_u16()));
    }
    error
}

/// Guards and inner middlewares may have led elsewhere than the path alone.
fn reroute<B>(response: &ServiceResponse<B>, exchange: &Exchange, before: Option<String>) {
    if exchange.segment().is_sampled()
        && let Some(route) = response.request().match_pattern()
        && before.is_none_or(|before| before != route)
    {
        exchange.segment().annotate(ROUTE, route.as_str());
    }
}

fn trace_value(exchange: &Exchange) -> Option<HeaderValue> {
    exchange.response_header().and_then(|value| HeaderValue::try_from(value).ok())
}

/// One that the handler has set stays.
fn insert_trace_header(headers: &mut HeaderMap, value: Option<HeaderValue>) {
    if let Some(value) = value
        && !headers.contains_key(&TRACE_HEADER)
    {
        headers.insert(TRACE_HEADER.clone(), value);
    }
}
