//! The gRPC service `shop.Pricing`, its server and its client: what `tonic-build` writes, here by hand, so that
//! nobody needs `protoc`.
//!
//! ```text
//! service Pricing { rpc Quote(Basket) returns (Price); }
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{Request, Response};
use tonic::client::{self, GrpcService};
use tonic::server::{self, NamedService};
use tonic::{Status, body::Body};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Basket {
    #[prost(int64, tag = "1")]
    pub(crate) price_cents: i64,
    #[prost(int64, tag = "2")]
    pub(crate) quantity: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Price {
    #[prost(int64, tag = "1")]
    pub(crate) total_cents: i64,
}

const QUOTE: &str = "/shop.Pricing/Quote";

/// Serves the method with a function.
#[derive(Clone, Debug)]
pub(crate) struct PricingServer<F>(pub(crate) F);

impl<F> NamedService for PricingServer<F> {
    const NAME: &'static str = "shop.Pricing";
}

impl<F, A> Service<Request<Body>> for PricingServer<F>
where
    F: Fn(Basket) -> A + Clone + Send + 'static,
    A: Future<Output = Result<Price, Status>> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let quote = self.0.clone();
        Box::pin(async move {
            if request.uri().path() != QUOTE {
                return Ok(Status::unimplemented("there is no such method").into_http());
            }
            let unary = service_fn(move |basket: tonic::Request<Basket>| {
                let price = quote(basket.into_inner());
                async { price.await.map(tonic::Response::new) }
            });
            Ok(server::Grpc::new(ProstCodec::<Price, Basket>::default())
                .unary(unary, request)
                .await)
        })
    }
}

/// Calls the method.
#[derive(Clone, Debug)]
pub(crate) struct PricingClient<C>(client::Grpc<C>);

impl<C> PricingClient<C>
where
    C: GrpcService<Body> + Clone,
    C::ResponseBody: axum::body::HttpBody<Data = axum::body::Bytes> + Send + 'static,
    <C::ResponseBody as axum::body::HttpBody>::Error: Into<Box<dyn Error + Send + Sync>>,
{
    pub(crate) fn with_origin(channel: C, origin: Uri) -> Self {
        Self(client::Grpc::with_origin(channel, origin))
    }

    pub(crate) async fn quote(&self, basket: Basket) -> Result<Price, Status> {
        let mut grpc = self.0.clone();
        grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let path = PathAndQuery::from_static(QUOTE);
        let codec = ProstCodec::<Basket, Price>::default();
        Ok(grpc.unary(tonic::Request::new(basket), path, codec).await?.into_inner())
    }
}
