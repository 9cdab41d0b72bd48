//! The current segment on actix's workers, of which each runs many requests on one thread.

use std::thread;

use actix_web::{App, HttpServer, rt, web};
use serde_json::{Value, json};
use xray_actix::{
    XRayMiddleware,
    xray_core::{prelude::*, sample::LocalRules},
};

use crate::support::{DEADLINE, Serving, recorder};

const CLIENTS: u32 = 8;
const REQUESTS: u32 = 10;

/// Works here, in another task and on the threads for blocking work, and says for whom.
async fn work(id: web::Path<String>) -> String {
    let mark = {
        let id = id.clone();
        move |place: &str| Subsegment::begin(place).annotate("id", &id)
    };
    subsegment("step", async |_| {
        for _ in 0..5 {
            rt::task::yield_now().await;
            mark("round");
        }
    })
    .await;
    let spawned = {
        let mark = mark.clone();
        async move {
            rt::task::yield_now().await;
            mark("spawned");
        }
    };
    rt::spawn(spawned.in_current_segment()).await.unwrap();
    let stranger = rt::spawn(async { Entity::current().is_sampled() });
    assert!(!stranger.await.unwrap(), "what nobody takes along is nobody's");
    let blocking = move || mark("blocking");
    web::block(blocking.in_current_segment()).await.unwrap();
    Entity::current().annotate("id", id.as_str());
    id.into_inner()
}

#[test]
fn requests_keep_apart_on_all_workers() {
    let (xray, memory) = recorder(LocalRules::everything());
    let layer = XRayMiddleware::with(xray.clone());
    let server = Serving::start(move |listener| {
        HttpServer::new(move || App::new().wrap(layer.clone()).route("/{id}", web::get().to(work)))
            .workers(3)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run()
    });
    thread::scope(|scope| {
        for client in 0..CLIENTS {
            let server = &server;
            scope.spawn(move || {
                for request in 0..REQUESTS {
                    let id = format!("{client}-{request}");
                    assert_eq!(server.get(&format!("/{id}")).body(), id);
                }
            });
        }
    });
    let documents = memory.wait((CLIENTS * REQUESTS) as usize, DEADLINE);
    assert_eq!(documents.len(), (CLIENTS * REQUESTS) as usize);
    for document in documents {
        let id = &document["annotations"]["id"];
        assert_eq!(document["http"]["request"]["url"], format!("http://shop.example/{}", text(id)));
        let [step, spawned, blocking] = &children(&document)[..] else { panic!("{document:#}") };
        assert_eq!(children(step).len(), 5);
        for mark in children(step).iter().chain([spawned, blocking]) {
            assert_eq!(mark["annotations"], json!({ "id": id }));
        }
        let names = [step, spawned, blocking].map(|child| text(&child["name"]));
        assert_eq!(names, ["step", "spawned", "blocking"]);
    }
    assert_eq!(xray.stats().dropped(), 0);
}

fn children(of: &Value) -> &Vec<Value> {
    of["subsegments"].as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
