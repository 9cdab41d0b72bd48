use std::{
    any::Any,
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use lambda_runtime::Diagnostic;
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use xray_core::{Invocation, Scope, document::Exception};

use crate::deadline::watch;

/// How long the response waits for what has not left. What goes to the daemon never waits.
const FLUSH: Duration = Duration::from_millis(500);

pin_project! {
    /// What the handler returns. Before it is ready, all that was recorded is sent.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct InvocationFuture<F> {
        #[pin]
        kind: Kind<F>,
    }
}

pin_project! {
    #[project = KindProjection]
    #[derive(Debug)]
    enum Kind<F> {
        Passing { #[pin] future: F },
        Recorded {
            #[pin]
            future: Scope<F>,
            invocation: Option<Invocation>,
            #[pin]
            deadline: Option<Sleep>,
            // How long before the deadline that rings.
            margin: Duration,
        },
    }
}

impl<F> InvocationFuture<F> {
    pub(crate) fn passing(future: F) -> Self {
        Self { kind: Kind::Passing { future } }
    }

    pub(crate) fn recorded(
        future: Scope<F>,
        invocation: Option<Invocation>,
        deadline: Option<(Sleep, Duration)>,
    ) -> Self {
        let (deadline, margin) = deadline.unzip();
        let margin = margin.unwrap_or_default();
        Self { kind: Kind::Recorded { future, invocation, deadline, margin } }
    }
}

impl<F, T, E> Future for InvocationFuture<F>
where
    F: Future<Output = Result<T, E>>,
    E: Debug + 'static,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Passing { future } => future.poll(cx),
            KindProjection::Recorded { future, invocation, mut deadline, margin } => {
                let polled = recording_panics(invocation, || future.poll(cx));
                if polled.is_pending()
                    && let Some(timer) = deadline.as_mut().as_pin_mut()
                    && timer.poll(cx).is_ready()
                {
                    deadline.set(None);
                    invocation.iter().for_each(|invocation| invocation.times_out(*margin));
                }
                let result = ready!(polled);
                if let Some(invocation) = invocation.take() {
                    if let Err(error) = &result {
                        fails(&invocation, error);
                    }
                    // It has not rung yet.
                    if let Some(timer) = &*deadline
                        && let Some(answering) = invocation.answering()
                    {
                        watch(answering, timer.deadline(), *margin);
                    }
                    invocation.end(FLUSH);
                }
                Poll::Ready(result)
            }
        }
    }
}

/// Records the error of a handler: what it tells Lambda, where that is known.
fn fails<E: Debug + 'static>(invocation: &Invocation, error: &E) {
    match (error as &dyn Any).downcast_ref::<Diagnostic>() {
        Some(told) if invocation.entity().is_sampled() => {
            let exception = Exception::new(told.error_type.clone(), &*told.error_message);
            invocation.entity().record_exception_chain(vec![exception]);
        }
        _ => invocation.fail(error),
    }
}

/// Runs code of the handler; a panic ends the invocation and goes on unchanged.
pub(crate) fn recording_panics<T>(
    invocation: &mut Option<Invocation>,
    work: impl FnOnce() -> T,
) -> T {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        if let Some(invocation) = invocation.take() {
            invocation.panicked(&*payload);
            invocation.end(FLUSH);
        }
        resume_unwind(payload)
    })
}
