use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use xray_core::http::Call;

use crate::error::kind;

pin_project! {
    /// The body of a response. Its end, or its drop, is the end of the subsegment.
    #[derive(Debug)]
    pub(crate) struct ResponseBody {
        #[pin]
        inner: reqwest::Body,
        call: Option<Call>,
    }
}

impl ResponseBody {
    pub(crate) fn new(inner: reqwest::Body, call: Call) -> Self {
        Self { inner, call: Some(call) }
    }
}

impl Body for ResponseBody {
    type Data = <reqwest::Body as Body>::Data;
    type Error = reqwest::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, reqwest::Error>>> {
        let mut this = self.project();
        let frame =
            ready!(Call::recording_panics(this.call, || this.inner.as_mut().poll_frame(cx)));
        if let Some(call) = this.call {
            match &frame {
                Some(Ok(frame)) => {
                    call.received(frame.data_ref().map_or(0, |data| data.len()) as u64);
                    // The caller may never ask again.
                    if this.inner.is_end_stream() {
                        call.finish();
                    }
                }
                Some(Err(error)) => call.fail(kind(error), error),
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
