use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll, ready},
};

use actix_web::{
    body::{BodySize, MessageBody},
    web::Bytes,
};
use pin_project_lite::pin_project;
use xray_core::http::{Exchange, recording_panics};

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

impl<B: MessageBody> MessageBody for ResponseBody<B> {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let mut this = self.project();
        let Some(entity) = this.exchange.as_ref().map(|exchange| exchange.entity().clone()) else {
            return this.inner.poll_next(cx).map_err(Into::into);
        };
        let polled = {
            let _entered = entity.enter();
            recording_panics(this.exchange, || this.inner.as_mut().poll_next(cx))
        };
        // The segment may end now, and does so more cheaply if it is the only handle.
        drop(entity);
        let part = ready!(polled).map(|part| part.map_err(Into::into));
        if let Some(exchange) = this.exchange {
            match &part {
                // Nothing is left of a body that was there as a whole.
                Some(Ok(bytes)) if matches!(this.inner.size(), BodySize::Sized(0)) => {
                    exchange.sent_last(bytes.len() as u64);
                }
                Some(Ok(bytes)) => exchange.sent(bytes.len() as u64),
                Some(Err(error)) => exchange.fail(&**error, None),
                None => exchange.finish(),
            }
        }
        Poll::Ready(part)
    }

    /// Middlewares such as `Compress` take the bytes of a complete body at once; that is its end.
    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self { inner, mut exchange } = self;
        match inner.try_into_bytes() {
            Ok(bytes) => {
                if let Some(exchange) = &mut exchange {
                    exchange.sent_last(bytes.len() as u64);
                }
                Ok(bytes)
            }
            Err(inner) => Err(Self { inner, exchange }),
        }
    }
}
