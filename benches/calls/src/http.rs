//! Clients whose answer is there at once.

use std::{convert::Infallible, hint::black_box};

use async_trait::async_trait;
use futures_util::FutureExt;
use http::{Extensions, Method, Request, Response, Uri, header};
use http_body_util::Empty;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use tower::{Layer, Service, service_fn};
use xray_reqwest::XRayMiddleware;
use xray_tower::XRayClientLayer;

use crate::{Call, Run, repeat};

pub(crate) const CALLS: [Call; 3] = [
    Call {
        name: "`XRayClientLayer`",
        plain: || called(service_fn(json), JSON),
        traced: || called(XRayClientLayer::new().layer(service_fn(json)), JSON),
    },
    Call {
        name: "`XRayClientLayer`, gRPC",
        plain: || called(service_fn(grpc), GRPC),
        traced: || called(XRayClientLayer::new().layer(service_fn(grpc)), GRPC),
    },
    Call {
        name: "`XRayMiddleware` of reqwest",
        plain: || sent(reqwest_client().with(Answers).build()),
        traced: || sent(reqwest_client().with(XRayMiddleware::new()).with(Answers).build()),
    },
];

const JSON: &str = "application/json";
const GRPC: &str = "application/grpc";
const ADDRESS: &str = "http://payments.internal/orders.Payments/Charge";

type Body = Empty<&'static [u8]>;

/// `Service`s are asked without `poll_ready`, which all of these pass on or answer at once.
fn called<S>(mut service: S, content: &'static str) -> Run
where
    S: Service<Request<Body>> + 'static,
{
    let uri = Uri::from_static(ADDRESS);
    repeat(move || {
        let request = Request::post(black_box(&uri).clone()).header(header::CONTENT_TYPE, content);
        let request = request.body(Body::new()).expect("the request is in order");
        service.call(request).now_or_never()
    })
}

async fn json(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    drop(black_box(request));
    let response = Response::builder().header(header::CONTENT_TYPE, JSON);
    Ok(response.header(header::CONTENT_LENGTH, 0).body(Body::new()).expect("it is in order"))
}

/// As a server answers that has nothing to say but the status.
async fn grpc(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    drop(black_box(request));
    let response = Response::builder().header(header::CONTENT_TYPE, GRPC);
    Ok(response.header("grpc-status", "0").body(Body::new()).expect("it is in order"))
}

fn reqwest_client() -> ClientBuilder {
    ClientBuilder::new(reqwest::Client::new())
}

fn sent(client: ClientWithMiddleware) -> Run {
    let url: reqwest::Url = ADDRESS.parse().expect("the address is in order");
    repeat(move || {
        let mut request = reqwest::Request::new(Method::POST, black_box(&url).clone());
        request.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(JSON));
        client.execute(request).now_or_never()
    })
}

/// The last of a chain: nothing is sent.
struct Answers;

#[async_trait]
impl Middleware for Answers {
    async fn handle(
        &self,
        request: reqwest::Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        drop(black_box(request));
        let response = Response::builder().header(header::CONTENT_TYPE, JSON);
        Ok(response.body("").expect("it is in order").into())
    }
}
