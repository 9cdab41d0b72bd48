//! What stands around a client, and how: retries, redirects, panics, errors in boxes, many calls at once.

use std::{
    future,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use reqwest_middleware::{ClientBuilder, Middleware, Next};
use serde_json::{Value, json};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, retry, service_fn};
use xray_actix::client::XRayClientMiddleware;
use xray_core::{Delivery, Entity, Recorder, Subsegment, testing::MemoryEmitter};
use xray_reqwest::XRayMiddleware;
use xray_tower::XRayClientLayer;

use crate::{
    server::Server,
    tower_client::{block_on, hyper},
};

/// Runs `work` in a segment and gives the segment's subsegments.
fn recorded<T>(work: impl FnOnce(Option<Entity>) -> T) -> (T, Vec<Value>) {
    let memory = MemoryEmitter::new();
    let builder = Recorder::builder("shop").emitter(memory.clone()).delivery(Delivery::Inline);
    let recorder = builder.build().expect("the recorder builds");
    let segment = recorder.segment("shop").sampled(true).begin();
    let result = work(Some(Entity::clone(&segment)));
    drop(segment);
    recorder.flush(Duration::from_secs(5));
    let [mut document] = <[Value; 1]>::try_from(memory.take()).expect("one document");
    let calls = document["subsegments"].as_array_mut().map(std::mem::take).unwrap_or_default();
    (result, calls)
}

fn url(server: &Server, path: &str) -> String {
    format!("http://{}{path}", server.address())
}

fn get(server: &Server, path: &str) -> Request<Empty<Bytes>> {
    Request::get(url(server, path)).body(Empty::new()).expect("a valid request")
}

/// The statuses of calls, in their order.
fn statuses(calls: &[Value]) -> Vec<&Value> {
    calls.iter().map(|call| &call["http"]["response"]["status"]).collect()
}

/// The `Parent` that each request named.
fn parents(server: &Server) -> Vec<String> {
    let parent = |line: &String| {
        let (_, rest) = line.split_once("Parent=").expect("a parent");
        rest[..16].to_owned()
    };
    server.seen().iter().map(parent).collect()
}

fn ids(calls: &[Value]) -> Vec<String> {
    calls.iter().map(|call| call["id"].as_str().expect("an id").to_owned()).collect()
}

/// Tries a 503 twice more.
#[derive(Clone)]
struct Tries(u32);

impl<B, R, E> retry::Policy<Request<B>, Response<R>, E> for Tries
where
    Request<B>: Clone,
{
    type Future = future::Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<B>,
        answer: &mut Result<Response<R>, E>,
    ) -> Option<Self::Future> {
        let broken = answer.as_ref().is_ok_and(|response| response.status() == 503);
        self.0 = self.0.checked_sub(1).filter(|_| broken)?;
        Some(future::ready(()))
    }

    fn clone_request(&mut self, request: &Request<B>) -> Option<Request<B>> {
        Some(request.clone())
    }
}

#[test]
fn tries_above_tower_are_a_subsegment_each() {
    let server = Server::start();
    let client =
        ServiceBuilder::new().retry(Tries(2)).layer(XRayClientLayer::new()).service(hyper());
    let (_, calls) =
        recorded(|inside| block_on(inside, client.oneshot(get(&server, "/broken"))).map(drop));
    assert_eq!(statuses(&calls), [503, 503, 503]);
    assert_eq!(parents(&server), ids(&calls));
}

#[test]
fn tries_beneath_tower_are_one_subsegment() {
    let server = Server::start();
    let client =
        ServiceBuilder::new().layer(XRayClientLayer::new()).retry(Tries(2)).service(hyper());
    let (_, calls) =
        recorded(|inside| block_on(inside, client.oneshot(get(&server, "/broken"))).map(drop));
    assert_eq!(statuses(&calls), [503]);
    assert_eq!(parents(&server), vec![ids(&calls).remove(0); 3]);
}

struct TwoMore;

#[async_trait::async_trait]
impl Middleware for TwoMore {
    async fn handle(
        &self,
        request: reqwest::Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<reqwest::Response> {
        for _ in 0..2 {
            let request = request.try_clone().expect("it has no body");
            next.clone().run(request, extensions).await?;
        }
        next.run(request, extensions).await
    }
}

#[test]
fn tries_above_reqwest_are_a_subsegment_each_and_beneath_it_one() {
    for (above, expected) in [(true, 3), (false, 1)] {
        let server = Server::start();
        let client = ClientBuilder::new(reqwest::Client::new());
        let client = if above {
            client.with(TwoMore).with(XRayMiddleware::new())
        } else {
            client.with(XRayMiddleware::new()).with(TwoMore)
        };
        let call = client.build().get(url(&server, "/broken")).send();
        let (_, calls) = recorded(|inside| block_on(inside, call).map(drop));
        assert_eq!(statuses(&calls), vec![&json!(503); expected]);
        let ids = ids(&calls);
        let named: Vec<&String> = (0..3).map(|hop| &ids[hop.min(ids.len() - 1)]).collect();
        assert_eq!(parents(&server).iter().collect::<Vec<_>>(), named);
    }
}

#[test]
fn reqwest_without_redirects_has_a_subsegment_for_each_hop() {
    let server = Server::start();
    let inner = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = ClientBuilder::new(inner.build().unwrap()).with(XRayMiddleware::new()).build();
    let (_, calls) = recorded(|inside| {
        block_on(inside, async {
            let first = client.get(url(&server, "/redirect")).send().await.unwrap();
            let next = first.headers()["location"].to_str().unwrap();
            client.get(url(&server, next)).send().await.unwrap();
        });
    });
    assert_eq!(statuses(&calls), [302, 200]);
    assert_eq!(parents(&server), ids(&calls));
}

#[test]
fn a_response_whose_end_is_waited_for_is_the_same() {
    let server = Server::start();
    let client = reqwest::Client::new();
    let recording = XRayMiddleware::new().until_body_end();
    let recording = ClientBuilder::new(client.clone()).with(recording).build();
    let ((), calls) = recorded(|inside| {
        block_on(inside, async {
            let plain = client.get(url(&server, "/redirect")).send().await.unwrap();
            let watched = recording.get(url(&server, "/redirect")).send().await.unwrap();
            assert_eq!(watched.url(), plain.url());
            assert_eq!(watched.status(), plain.status());
            assert_eq!(watched.version(), plain.version());
            assert_eq!(watched.headers(), plain.headers());
            assert_eq!(watched.content_length(), plain.content_length());
            assert_eq!(watched.remote_addr(), plain.remote_addr());
            assert_eq!(watched.bytes().await.unwrap(), plain.bytes().await.unwrap());
        });
    });
    assert_eq!(statuses(&calls), [200]);
}

#[test]
fn too_many_redirects_are_a_fault_by_that_name() {
    let server = Server::start();
    let limited = reqwest::redirect::Policy::limited(0);
    let client = reqwest::Client::builder().redirect(limited).build().unwrap();
    let client = ClientBuilder::new(client).with(XRayMiddleware::new()).build();
    let call = client.get(url(&server, "/redirect?token=secret")).send();
    let (answer, calls) = recorded(|inside| block_on(inside, call));
    assert!(answer.unwrap_err().is_redirect());
    assert_eq!(calls[0]["fault"], true);
    assert_eq!(calls[0]["cause"]["exceptions"][0]["type"], "reqwest::Error::Redirect");
    assert!(!calls[0].to_string().contains("secret"), "{:#}", calls[0]);
}

#[test]
fn a_panic_passes_through_and_is_a_fault() {
    async fn panics(_: Request<()>) -> Result<Response<String>, std::io::Error> {
        panic!("kaboom")
    }
    let client = ServiceBuilder::new().layer(XRayClientLayer::new()).service_fn(panics);
    let request = Request::get("http://payments/").body(()).unwrap();
    let (panic, calls) = recorded(|inside| {
        let call = AssertUnwindSafe(|| block_on(inside, client.oneshot(request)));
        catch_unwind(call).expect_err("it panics")
    });
    assert_eq!(panic.downcast_ref(), Some(&"kaboom"));
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["fault"], true);
    let exceptions = calls[0]["cause"]["exceptions"].as_array().unwrap();
    assert_eq!(exceptions.len(), 1);
    assert_eq!(
        (&exceptions[0]["type"], &exceptions[0]["message"]),
        (&json!("panic"), &json!("kaboom"))
    );
}

#[test]
fn an_error_in_a_box_is_recorded_with_its_cause() {
    #[derive(Debug)]
    struct Refused(std::io::Error);
    impl std::fmt::Display for Refused {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("at https://bob:secret@payments/?token=secret")
        }
    }
    impl std::error::Error for Refused {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let client = service_fn(async |_: Request<()>| {
        Err::<Response<String>, BoxError>(Refused(std::io::Error::other("no route")).into())
    });
    let layer = XRayClientLayer::new().name("payments").boxed_errors();
    let client = ServiceBuilder::new().layer(layer).service(client);
    let request = Request::get("/charge?card=secret").body(()).unwrap();
    let (answer, calls) = recorded(|inside| block_on(inside, client.oneshot(request)));
    assert!(answer.unwrap_err().is::<Refused>(), "the error is what it was");
    let said = |exception: &Value| json!([exception["type"], exception["message"]]);
    let exceptions = calls[0]["cause"]["exceptions"].as_array().unwrap();
    let said: Vec<Value> = exceptions.iter().map(said).collect();
    assert_eq!(
        said,
        [json!(["Refused", "at https://payments/"]), json!(["std::io::Error", "no route"])]
    );
    assert_eq!(calls[0]["http"]["request"]["url"], "/charge");
}

#[test]
fn a_call_of_no_known_host_says_so() {
    let client =
        service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(String::new())));
    let mut client = ServiceBuilder::new().layer(XRayClientLayer::new()).service(client);
    let ((), calls) = recorded(|inside| {
        block_on(inside, async {
            client.call(Request::get("/a").body(()).unwrap()).await.unwrap();
            let hosted = Request::get("/b").header("host", "payments:80").body(()).unwrap();
            client.call(hosted).await.unwrap();
        });
    });
    let shown = |call: &Value| json!([call["name"], call["http"]["request"]["url"]]);
    let shown: Vec<Value> = calls.iter().map(shown).collect();
    assert_eq!(shown, [json!(["UNKNOWN HOST", "/a"]), json!(["payments", "http://payments:80/b"])]);
}

#[test]
fn what_runs_in_a_call_lies_under_it() {
    let client = service_fn(async |_: Request<()>| {
        Subsegment::begin("connect").end();
        Ok::<_, std::io::Error>(Response::new(String::new()))
    });
    let client = ServiceBuilder::new().layer(XRayClientLayer::new()).service(client);
    let request = Request::get("http://payments/").body(()).unwrap();
    let (_, calls) = recorded(|inside| block_on(inside, client.oneshot(request)).map(drop));
    assert_eq!(calls[0]["subsegments"][0]["name"], "connect");
}

#[test]
fn calls_of_one_client_at_once_are_siblings() {
    const CALLS: usize = 20;
    let server = Arc::new(Server::start());
    let client = ClientBuilder::new(reqwest::Client::new()).with(XRayMiddleware::new()).build();
    let (_, calls) = recorded(|inside| {
        block_on(inside, async {
            let call = |number| {
                let call = client.get(url(&server, &format!("/{number}"))).send();
                async { call.await.unwrap().status() }
            };
            futures_util::future::join_all((0..CALLS).map(call)).await
        })
    });
    assert_eq!(statuses(&calls), vec![&json!(404); CALLS]);
    // Each request names the subsegment that has its URL.
    for line in server.seen() {
        let target = line.split(' ').nth(1).unwrap();
        let of = |call: &&Value| call["http"]["request"]["url"].as_str().unwrap().ends_with(target);
        let call = calls.iter().find(of).expect("a call of this URL");
        assert!(line.contains(call["id"].as_str().unwrap()), "{line}");
    }
}

#[test]
fn each_call_of_a_frozen_request_names_its_own_subsegment() {
    let server = Server::start();
    let (_, calls) = recorded(|inside| {
        actix_web::rt::System::new().block_on(inside.unwrap().scope(async {
            let client = awc::Client::builder().wrap(XRayClientMiddleware::new()).finish();
            let frozen = client.get(url(&server, "/plain")).insert_header(("tracestate", "old=1"));
            let frozen = frozen.insert_header(("color", "red"));
            let frozen = frozen.freeze().unwrap();
            frozen.send().await.unwrap();
            let again = frozen.extra_header(("x-amzn-trace-id", "stale"));
            again.extra_header(("color", "blue")).send().await.unwrap();
        }));
    });
    assert_eq!(statuses(&calls), [200, 200]);
    assert_eq!(parents(&server), ids(&calls));
    assert_eq!(server.colors(), ["red", "blue"]);
    for line in server.seen() {
        assert!(!line.contains("stale") && !line.contains("old=1"), "{line}");
    }
}

#[test]
fn an_upgraded_connection_ends_its_call_at_the_head() {
    let server = Server::start();
    let ((), calls) = recorded(|inside| {
        actix_web::rt::System::new().block_on(inside.unwrap().scope(async {
            let xray = XRayClientMiddleware::new().until_body_end();
            let client = awc::Client::builder().wrap(xray).finish();
            let (head, socket) = client.ws(url(&server, "/socket")).connect().await.unwrap();
            assert_eq!(head.status().as_u16(), 101);
            drop(socket);
        }));
    });
    assert_eq!(statuses(&calls), [101]);
    assert_eq!(parents(&server), ids(&calls));
    assert!(calls[0].get("error").is_none());
}
