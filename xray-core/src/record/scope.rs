//! Futures, streams and closures that take an entity along.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::{
    Entity,
    context::{Inside, Level, current},
};

pin_project! {
    /// A future or a stream that runs with an entity as the current one, when it is dropped as well.
    /// Made by [`Entity::scope`] and [`InCurrentSegment::in_current_segment`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Scope<F> {
        // Taken out as soon as it is done.
        #[pin]
        work: Option<F>,
        entity: Option<Entity>,
        guards: Vec<Level>,
    }

    impl<F> PinnedDrop for Scope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.work.is_some() {
                let _inside = Inside::new(this.entity, this.guards);
                this.work.set(None);
            }
        }
    }
}

impl<F> Scope<F> {
    pub(super) fn new(entity: Option<Entity>, work: F) -> Self {
        Self { work: Some(work), entity, guards: Vec::new() }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let poll = {
            let _inside = Inside::new(this.entity, this.guards);
            // One that is done has nothing to wake for.
            let Some(future) = this.work.as_mut().as_pin_mut() else { return Poll::Pending };
            let poll = future.poll(cx);
            if poll.is_ready() {
                this.work.set(None);
            }
            poll
        };
        if poll.is_ready() {
            *this.entity = None;
        }
        poll
    }
}

impl<S: Stream> Stream for Scope<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        let _inside = Inside::new(this.entity, this.guards);
        let Some(stream) = this.work.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let poll = stream.poll_next(cx);
        if matches!(poll, Poll::Ready(None)) {
            this.work.set(None);
        }
        poll
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.work.as_ref().map_or((0, Some(0)), S::size_hint)
    }
}

/// Takes the current entity along to wherever a future runs.
///
/// ```
/// use xray_core::prelude::*;
///
/// # async fn work() {}
/// # fn spawn(_: impl Future<Output = ()> + Send + 'static) {}
/// spawn(work().in_current_segment()); // tokio::spawn, for one
/// ```
pub trait InCurrentSegment: Future + Sized {
    /// A future that runs with the entity that is current now.
    fn in_current_segment(self) -> Scope<Self> {
        Scope::new(current(), self)
    }
}

impl<F: Future> InCurrentSegment for F {}

/// Takes the current entity along to wherever a stream is polled.
///
/// ```
/// use xray_core::prelude::*;
///
/// # use futures_core::Stream;
/// # fn rows() -> impl Stream<Item = u32> { futures_util::stream::empty() }
/// # fn answer(_: impl Stream) {}
/// answer(rows().in_current_segment()); // a body that is polled after the handler has returned
/// ```
pub trait StreamInCurrentSegment: Stream + Sized {
    /// A stream that runs with the entity that is current now.
    fn in_current_segment(self) -> Scope<Self> {
        Scope::new(current(), self)
    }
}

impl<S: Stream> StreamInCurrentSegment for S {}

/// Takes the current entity along to wherever a closure runs.
///
/// ```
/// use xray_core::prelude::*;
///
/// let work = || Entity::current().trace_id();
/// std::thread::spawn(work.in_current_segment()).join().unwrap();
/// ```
pub trait CallInCurrentSegment<T>: FnOnce() -> T + Sized {
    /// A closure that runs with the entity that is current now.
    fn in_current_segment(self) -> impl FnOnce() -> T {
        let mut entity = current();
        move || {
            let mut guards = Vec::new();
            let _inside = Inside::new(&mut entity, &mut guards);
            self()
        }
    }
}

impl<T, F: FnOnce() -> T> CallInCurrentSegment<T> for F {}
