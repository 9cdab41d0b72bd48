use std::{
    fmt::Display,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use xray_core::http::{Exchange, recording_panics};

use super::fail;

pin_project! {
    /// The body of a response. Its end is the end of the segment; dropped before, the client has
    /// gone.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        exchange: Option<Exchange>,
    }
}

impl<B> ResponseBody<B> {
    pub(super) fn new(inner: B, exchange: Option<Exchange>) -> Self {
        Self { inner, exchange }
    }
}

impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::new(B::default(), None)
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body,
    B::Error: Display + 'static,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(entity) = this.exchange.as_ref().map(|exchange| exchange.entity().clone()) else {
            return this.inner.poll_frame(cx);
        };
        let polled = {
            let _entered = entity.enter();
            recording_panics(this.exchange, || this.inner.as_mut().poll_frame(cx))
        };
        // The segment may end now, and does so more cheaply if it is the only handle.
        drop(entity);
        let frame = ready!(polled);
        if let Some(exchange) = this.exchange {
            match &frame {
                Some(Ok(frame)) => {
                    let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
                    exchange.looked_into(frame.data_ref().map_or(&[], Buf::chunk), bytes);
                    if let Some(trailers) = frame.trailers_ref() {
                        exchange.trailers(|name| crate::bytes(trailers, name));
                    // The server may never ask again.
                    } else if this.inner.is_end_stream() {
                        exchange.sent_last(bytes);
                    } else {
                        exchange.sent(bytes);
                    }
                }
                Some(Err(error)) => fail(exchange, error),
                None => exchange.finish(),
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
