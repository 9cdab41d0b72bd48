use std::{
    any::type_name,
    fmt::Display,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;
use xray_core::{Entity, Scope, Subsegment, document::Exception};

/// Records a phase of a connection as a subsegment of the call that needs it: around a resolver
/// [`dns`](Self::dns), around a connector of TCP [`dial`](Self::dial), around one of TLS
/// [`connect`](Self::connect), which holds the others. A call that finds a connection has no phases.
///
/// ```
/// use hyper_util::client::legacy::connect::{HttpConnector, dns::GaiResolver};
/// use hyper_util::{client::legacy::Client, rt::TokioExecutor};
/// use xray_tower::client::Phase;
///
/// let http = HttpConnector::new_with_resolver(Phase::dns(GaiResolver::new()));
/// let client = Client::builder(TokioExecutor::new()).build(Phase::connect(http));
/// # let client: Client<_, http_body_util::Empty<bytes::Bytes>> = client;
/// ```
#[derive(Clone, Debug)]
pub struct Phase<S> {
    name: &'static str,
    inner: S,
}

impl<S> Phase<S> {
    /// The whole of it: `connect`.
    pub fn connect(connector: S) -> Self {
        Self { name: "connect", inner: connector }
    }

    /// The connection below TLS: `dial`.
    pub fn dial(connector: S) -> Self {
        Self { name: "dial", inner: connector }
    }

    /// The look-up of the host: `dns`.
    pub fn dns(resolver: S) -> Self {
        Self { name: "dns", inner: resolver }
    }
}

impl<S, T> Service<T> for Phase<S>
where
    S: Service<T>,
    S::Error: Display,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = PhaseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, target: T) -> Self::Future {
        let current = Entity::current();
        if !current.is_sampled() {
            return PhaseFuture { work: Work::Passing { future: self.inner.call(target) } };
        }
        let phase = current.subsegment(self.name);
        let future = {
            let _entered = phase.enter();
            self.inner.call(target)
        };
        PhaseFuture { work: Work::Recorded { future: phase.scope(future), phase: Some(phase) } }
    }
}

pin_project! {
    /// What a phase comes to. Dropped before, as when another connection is free first, the phase ends.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct PhaseFuture<F> {
        #[pin]
        work: Work<F>,
    }
}

pin_project! {
    #[project = WorkProjection]
    #[derive(Debug)]
    enum Work<F> {
        Passing { #[pin] future: F },
        Recorded { #[pin] future: Scope<F>, phase: Option<Subsegment> },
    }
}

impl<F, T, E> Future for PhaseFuture<F>
where
    F: Future<Output = Result<T, E>>,
    E: Display,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().work.project() {
            WorkProjection::Passing { future } => future.poll(cx),
            WorkProjection::Recorded { future, phase } => {
                let result = ready!(future.poll(cx));
                if let (Some(phase), Err(error)) = (phase.take(), &result) {
                    // The call tells the causes, which this type may hide.
                    let failure = Exception::new(type_name::<E>(), error.to_string());
                    phase.record_exceptions(&[failure]);
                }
                Poll::Ready(result)
            }
        }
    }
}
