//! `remote_call`: calls by clients that no integration knows.

use std::io;

use serde_json::json;
use xray_core::{Entity, remote_call};

use crate::support::{recorded, recorded_in, recorder};

async fn get(key: &str) -> Result<u32, io::Error> {
    tokio::task::yield_now().await;
    Entity::current().annotate("inside", true);
    key.parse().map_err(io::Error::other)
}

#[test]
fn a_call_of_an_async_client() {
    let ((), recorded) = recorded_in(async {
        let call = remote_call("redis", "redis://:secret@cache.internal:6379/0");
        let got = call.run(async |call| {
            call.annotate("command", "GET");
            get("7").await
        });
        assert_eq!(got.await.unwrap(), 7);
        remote_call("redis", None).run(async |_| get("x").await).await.unwrap_err();
    });
    assert_eq!(
        recorded.outline(),
        "orders\n  redis@cache.internal (remote)\n  redis (remote, fault)\n"
    );
    assert_eq!(
        recorded.get("orders/redis@cache.internal"),
        json!({
            "name": "redis@cache.internal",
            "namespace": "remote",
            "annotations": {"command": "GET", "inside": true},
        })
    );
    assert_eq!(
        recorded.get("orders/redis"),
        json!({
            "name": "redis",
            "namespace": "remote",
            "annotations": {"inside": true},
            "fault": true,
            "cause": [
                ["std::io::error::Error", "invalid digit found in string", "calls.rs"],
            ],
        })
    );
}

#[test]
fn a_call_of_a_client_that_blocks() {
    let ((), recorded) = recorded(|| {
        let broken = |_: &Entity| Err::<(), _>(io::Error::other("no route"));
        remote_call("broker", "a.internal").run_blocking(broken).unwrap_err();
        let panic = std::panic::catch_unwind(|| {
            remote_call("broker", "b.internal").run_blocking(|_| -> io::Result<()> { panic!("b") })
        });
        panic.unwrap_err();
        let guard = remote_call("broker", "c.internal").begin();
        guard.annotate("bytes", 7);
    });
    assert_eq!(
        recorded.outline(),
        "orders\n  broker@a.internal (remote, fault)\n  broker@b.internal (remote, fault)\n  \
         broker@c.internal (remote)\n"
    );
    assert_eq!(
        recorded.get("orders/broker@a.internal")["cause"],
        json!([["std::io::error::Error", "no route", "calls.rs"]])
    );
    assert_eq!(recorded.get("orders/broker@b.internal")["cause"], json!([["panic", "b", ""]]));
}

#[test]
fn where_nothing_is_recorded_the_call_is_made_all_the_same() {
    let (xray, memory) = recorder(false);
    let segment = xray.begin_segment("orders");
    let _entered = segment.enter();
    let made = remote_call("broker", "a.internal").run_blocking(|call| {
        assert!(!call.is_sampled());
        Ok::<_, io::Error>(7)
    });
    assert_eq!(made.unwrap(), 7);
    assert!(memory.take().is_empty());
}
