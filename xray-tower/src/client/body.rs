use std::{
    any::type_name,
    fmt::Display,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use xray_core::http::{Call, boxed};

pin_project! {
    /// The body of a response. Its end, or its drop, is the end of the subsegment, where the layer is
    /// told [so](crate::XRayClientLayer::until_body_end).
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        call: Option<Call>,
    }
}

impl<B> ResponseBody<B> {
    pub(super) fn new(inner: B, call: Option<Call>) -> Self {
        Self { inner, call }
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
        if this.call.is_none() {
            return this.inner.poll_frame(cx);
        }
        let frame =
            ready!(Call::recording_panics(this.call, || this.inner.as_mut().poll_frame(cx)));
        if let Some(call) = this.call {
            match &frame {
                Some(Ok(frame)) => {
                    let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
                    call.looked_into(frame.data_ref().map_or(&[], Buf::chunk), bytes);
                    call.received(bytes);
                    if let Some(trailers) = frame.trailers_ref() {
                        call.trailers(|name| crate::bytes(trailers, name));
                    // The caller may never ask again.
                    } else if this.inner.is_end_stream() {
                        call.finish();
                    }
                }
                Some(Err(error)) => fail(call, error),
                None => call.finish(),
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

/// Records an error with its causes where its type shows them.
fn fail<E: Display + 'static>(call: &mut Call, error: &E) {
    match boxed(error) {
        Some(error) => call.fail(None, error),
        None => call.fail_as(type_name::<E>(), &error.to_string()),
    }
}
