//! A call of a function, recorded if the trace is.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::record::{Entity, Scope, Subsegment, context};

/// One call of a function that is recorded.
#[derive(Debug)]
pub struct Call {
    /// `None` where nothing is recorded.
    subsegment: Option<Subsegment>,
}

impl Call {
    /// A call under the current entity.
    #[inline]
    #[must_use]
    pub fn begin(name: &str) -> Self {
        if context::is_idle() {
            return Self { subsegment: None };
        }
        Self::begin_wanted(name)
    }

    #[inline(never)]
    fn begin_wanted(name: &str) -> Self {
        let subsegment = Subsegment::begin(name);
        Self { subsegment: (!subsegment.is_absent()).then_some(subsegment) }
    }

    /// The handle, where something is recorded.
    #[inline]
    #[must_use]
    pub fn recorded(&self) -> Option<&Entity> {
        self.subsegment.as_deref().filter(|entity| entity.is_sampled())
    }

    /// Runs the code of the function, or the part of it that makes a future.
    #[inline]
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.subsegment {
            None => work(),
            Some(subsegment) => {
                let _entered = subsegment.enter();
                subsegment.recording_panics(work)
            }
        }
    }

    /// The code of the function as a future.
    #[inline]
    pub fn follow<F: Future>(&self, work: F) -> Followed<'_, F> {
        let way = match &self.subsegment {
            None => Way::Plain { work },
            Some(subsegment) => Way::Inside { work: subsegment.scope(work), entity: subsegment },
        };
        Followed { way }
    }
}

pin_project! {
    /// A future whose panics are recorded, and that runs in its entity.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Followed<'a, F> {
        #[pin]
        way: Way<'a, F>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = WayNow]
    enum Way<'a, F> {
        /// Nothing is recorded.
        Plain {
            #[pin]
            work: F,
        },
        Inside {
            #[pin]
            work: Scope<F>,
            entity: &'a Entity,
        },
    }
}

impl<F: Future> Future for Followed<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().way.project() {
            WayNow::Plain { work } => work.poll(cx),
            WayNow::Inside { work, entity } => entity.recording_panics(|| work.poll(cx)),
        }
    }
}

/// Is never called: it only says of which type a return is.
#[must_use]
pub fn never<T>() -> T {
    unreachable!("what stands behind `if false` does not run")
}
