//! The current entity: a thread-local that is set while code of a segment runs.
//!
//! A future wrapper enters it at each poll and leaves it at each return, so it follows `.await`
//! and never leaks to the next task of the thread. What is spawned elsewhere gets it by
//! `in_current_segment()`.

use std::{
    cell::RefCell,
    future::Future,
    marker::PhantomData,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::Entity;

thread_local! {
    static CURRENT: RefCell<Option<Entity>> = const { RefCell::new(None) };
}

/// The current entity; `None` also while the thread's storage is being torn down.
pub(super) fn current() -> Option<Entity> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

fn swap(entity: &mut Option<Entity>) {
    // Only fails at the end of a thread, where nothing is current any more.
    let _ = CURRENT.try_with(|current| mem::swap(&mut *current.borrow_mut(), entity));
}

/// While it lives, its entity is the current one of this thread. Made by [`Entity::enter`].
///
/// Do not hold it across an `.await`: the task may go on in another thread. Use [`Entity::scope`]
/// there. The compiler helps, since the guard is not [`Send`].
#[derive(Debug)]
#[must_use = "the entity is left as soon as the guard is dropped"]
pub struct Entered {
    previous: Option<Entity>,
    not_send: PhantomData<*const ()>,
}

impl Entered {
    pub(super) fn new(entity: Entity) -> Self {
        let mut entity = Some(entity);
        swap(&mut entity);
        Self { previous: entity, not_send: PhantomData }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        swap(&mut self.previous);
    }
}

pin_project! {
    /// A future that runs with an entity as the current one. Made by [`Entity::scope`] and
    /// [`InCurrentSegment::in_current_segment`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Scope<F> {
        #[pin]
        future: F,
        entity: Option<Entity>,
    }
}

impl<F> Scope<F> {
    pub(super) fn new(entity: Option<Entity>, future: F) -> Self {
        Self { future, entity }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _entered = Swapped::new(this.entity);
        this.future.poll(cx)
    }
}

/// Exchanges the slot's entity with the current one, and back at the end, also on a panic.
struct Swapped<'a>(&'a mut Option<Entity>);

impl<'a> Swapped<'a> {
    fn new(slot: &'a mut Option<Entity>) -> Self {
        swap(slot);
        Self(slot)
    }
}

impl Drop for Swapped<'_> {
    fn drop(&mut self) {
        swap(self.0);
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
            let _entered = Swapped::new(&mut entity);
            self()
        }
    }
}

impl<T, F: FnOnce() -> T> CallInCurrentSegment<T> for F {}
