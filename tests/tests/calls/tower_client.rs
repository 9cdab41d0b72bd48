use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{Client as Hyper, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_http::follow_redirect::FollowRedirectLayer;
use xray_core::Entity;
use xray_tower::{XRayClientLayer, client::XRayClientMiddleware};

use crate::{Answer, Ask, Client, Read, cases::Setup, set_up};

pub(crate) type Inner = Hyper<HttpConnector, Empty<bytes::Bytes>>;

pub(crate) fn hyper() -> Inner {
    Hyper::builder(TokioExecutor::new()).build_http()
}

pub(crate) fn block_on<T>(inside: Option<Entity>, work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    match inside {
        Some(entity) => runtime.block_on(entity.scope(work)),
        None => runtime.block_on(work),
    }
}

pub(crate) struct TowerClient;

impl Client for TowerClient {
    const COLUMN: usize = 0;

    fn call(setup: Setup, ask: Ask, inside: Option<Entity>) -> Answer {
        let layer = set_up!(XRayClientLayer::new(), setup);
        block_on(inside, async {
            let client: XRayClientMiddleware<Inner> =
                ServiceBuilder::new().layer(layer).service(hyper());
            let mut client =
                ServiceBuilder::new().layer(FollowRedirectLayer::new()).service(client);
            let mut request = http::Request::builder().method(ask.method).uri(&ask.url);
            for (name, value) in ask.headers {
                request = request.header(*name, *value);
            }
            let request = request.body(Empty::new()).expect("a valid request");
            let answer = client.ready().await.expect("it is ready").call(request);
            let answer = match ask.read {
                Read::GiveUp => tokio::select! {
                    _ = answer => return "not silent".into(),
                    () = ask.arrived.notified() => return "gone".into(),
                },
                _ => answer.await,
            };
            let Ok(response) = answer else { return "error".into() };
            let status = response.status().as_u16();
            if ask.read == Read::Head {
                return status.to_string();
            }
            match response.into_body().collect().await {
                Ok(body) => format!("{status} {}", String::from_utf8_lossy(&body.to_bytes())),
                Err(_) => format!("{status} error"),
            }
        })
    }
}
