use std::{
    any::type_name,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_http::BoxedPayloadStream;
use actix_web::{dev::Payload, error::PayloadError, web::Bytes};
use awc::ClientResponse;
use futures_core::Stream;
use xray_core::http::Call;

/// The body of a response. Its end, or its drop, is the end of the subsegment.
struct ResponseBody {
    inner: Payload,
    call: Option<Call>,
}

/// The same response, with a body that tells the call of its end.
pub(super) fn watched(response: ClientResponse, mut call: Call) -> ClientResponse {
    response.map_body(|_, body| match body {
        Payload::None => {
            call.finish();
            Payload::None
        }
        inner => {
            let body: BoxedPayloadStream = Box::pin(ResponseBody { inner, call: Some(call) });
            Payload::from(body)
        }
    })
}

impl Stream for ResponseBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let inner = Pin::new(&mut this.inner);
        let part = ready!(Call::recording_panics(&mut this.call, || inner.poll_next(cx)));
        if let Some(call) = &mut this.call {
            match &part {
                Some(Ok(bytes)) => call.received(bytes.len() as u64),
                Some(Err(error)) => call.fail(type_name::<PayloadError>(), error),
                None => call.finish(),
            }
        }
        Poll::Ready(part)
    }
}
