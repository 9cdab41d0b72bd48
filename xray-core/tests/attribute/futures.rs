//! Functions that return futures without being `async`.

use std::{
    fmt::Debug,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use async_trait::async_trait;
use futures_util::future::{self, BoxFuture};
use serde_json::json;
use xray_core::{CallInCurrentSegment as _, Entity, InCurrentSegment as _, subsegment};

use crate::support::{Recorded, recorded_in, recorder};

#[async_trait]
trait Store: Send + Sync {
    async fn get(&self, key: &str) -> Result<u32, String>;

    #[subsegment(err)]
    async fn get_twice(&self, key: &str, (_left, right): (u8, u8)) -> Result<u32, String> {
        let first = self.get(key).await?;
        if right == 0 {
            return Err("twice of nothing".into());
        }
        Ok(first + self.get(key).await?)
    }
}

struct Memory {
    size: u32,
}

#[async_trait]
impl Store for Memory {
    #[subsegment(name = "memory", skip(self), fields(size = self.size), err)]
    async fn get(&self, key: &str) -> Result<u32, String> {
        tokio::task::yield_now().await;
        key.parse().map_err(|_| format!("no {key}"))
    }
}

#[test]
fn async_trait_methods() {
    let store: Box<dyn Store> = Box::new(Memory { size: 3 });
    let ((), recorded) = recorded_in(async {
        assert_eq!(store.get_twice("4", (0, 1)).await, Ok(8));
        assert_eq!(store.get("x").await, Err("no x".into()));
    });
    assert_eq!(
        recorded.outline(),
        "orders\n  get_twice\n    memory\n    memory\n  memory (fault)\n"
    );
    assert_eq!(
        recorded.get("orders/get_twice"),
        json!({"name": "get_twice", "metadata": {"default": {"arguments": {"key": "4"}}}})
    );
    assert_eq!(
        recorded.get("orders/memory"),
        json!({
            "name": "memory",
            "fault": true,
            "annotations": {"size": 3},
            "cause": [["alloc::string::String", "no x", "futures.rs"]],
            "metadata": {"default": {"arguments": {"key": "x"}}},
        })
    );
}

#[subsegment(err)]
#[expect(clippy::manual_async_fn, reason = "that is what is tested")]
fn block(from: &str) -> impl Future<Output = Result<u32, Box<dyn std::error::Error>>> {
    async move {
        tokio::task::yield_now().await;
        if from.is_empty() {
            return Err("there is nothing".into());
        }
        Ok(from.parse()?)
    }
}

/// What it needs of its argument it takes before the future is made.
#[subsegment(err(Display))]
fn made(from: &str) -> impl Future<Output = Result<u32, std::num::ParseIntError>> + Send + use<> {
    Entity::current().annotate("made", true);
    let from = from.to_owned();
    async move {
        Entity::current().annotate("run", true);
        tokio::task::yield_now().await;
        from.parse()
    }
}

#[subsegment]
fn handed_on(now: bool) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    if now {
        return Box::pin(future::ready(1));
    }
    Box::pin(async { 2 })
}

#[subsegment]
fn alias<'a>(of: &'a str) -> BoxFuture<'a, usize> {
    let length = of.len();
    Box::pin(async move { length })
}

#[subsegment]
fn boxed_block(of: &str) -> Pin<Box<dyn Future<Output = Box<dyn Debug>> + '_>> {
    Box::pin(async move { Box::new(of.len()) })
}

#[test]
fn functions_that_return_futures() {
    let ((), recorded) = recorded_in(async {
        block("").await.unwrap_err();
        made("x").await.unwrap_err();
        assert_eq!(handed_on(true).await + handed_on(false).await, 3);
        assert_eq!(alias("abc").await, 3);
        assert_eq!(format!("{:?}", boxed_block("abc").await), "3");
    });
    assert_eq!(
        recorded.outline(),
        "orders\n  block (fault)\n  made (fault)\n  handed_on\n  handed_on\n  alias\n  boxed_block\n"
    );
    assert_eq!(
        recorded.get("orders/made"),
        json!({
            "name": "made",
            "fault": true,
            "annotations": {"made": true, "run": true},
            "cause": [[
                "core::num::error::ParseIntError", "invalid digit found in string", "futures.rs",
            ]],
            "metadata": {"default": {"arguments": {"from": "x"}}},
        })
    );
    let cause = json!([["Error", "there is nothing", "futures.rs"]]);
    assert_eq!(recorded.get("orders/block")["cause"], cause);
}

#[subsegment]
async fn spawns() {
    let handed_over = tokio::spawn(sends("abc".into()).in_current_segment());
    // Begun where it is first polled, which is in no segment.
    let lost = tokio::spawn(sends("abcd".into()));
    let blocking = || handed_on(true);
    let blocking = tokio::task::spawn_blocking(blocking.in_current_segment());
    assert_eq!(handed_over.await.unwrap() + lost.await.unwrap(), 7);
    assert_eq!(blocking.await.unwrap().await, 1);
}

#[test]
fn spawned_work_belongs_where_it_is_handed_over() {
    let ((), recorded) = recorded_in(spawns());
    assert_eq!(recorded.outline(), "orders\n  spawns\n    sends\n    handed_on\n");
}

#[test]
fn futures_that_take_turns_keep_apart() {
    async fn all() {
        let (one, two) = future::join(sends("a".into()), block("1")).await;
        assert_eq!(one + two.unwrap() as usize, 2);
        // The one that loses is dropped.
        let name = Arc::default();
        let lost = Box::pin(given_up(Dropped(Arc::clone(&name))));
        future::select(lost, Box::pin(sends("b".into()))).await;
        assert_eq!(name.lock().unwrap().as_deref(), Some("given_up"));
    }
    let ((), recorded) = recorded_in(all());
    assert_eq!(recorded.outline(), "orders\n  sends\n  block\n  given_up\n  sends\n");
}

/// Says what is current when it is dropped.
struct Dropped(Arc<Mutex<Option<String>>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = Entity::current().name();
    }
}

#[subsegment(skip_all)]
async fn given_up(what: Dropped) {
    future::pending::<()>().await;
    drop(what);
}

#[test]
fn a_future_that_is_given_up_ends_its_subsegment_and_is_dropped_in_it() {
    let (xray, memory) = recorder(true);
    let segment = xray.begin_segment("orders");
    let name = Arc::default();
    let mut work = Box::pin(segment.scope(given_up(Dropped(Arc::clone(&name)))));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(work.as_mut().poll(&mut cx).is_pending());
    drop(work);
    segment.end();
    assert_eq!(Recorded::of(&memory).outline(), "orders\n  given_up\n");
    assert_eq!(name.lock().unwrap().as_deref(), Some("given_up"));
}

#[test]
fn a_future_that_is_never_polled_is_not_recorded() {
    let ((), recorded) = recorded_in(async { drop(block("1")) });
    assert_eq!(recorded.outline(), "orders\n");
}

fn needs_send<T: Send + 'static>(work: T) -> T {
    work
}

#[subsegment]
async fn sends(cell: Arc<str>) -> usize {
    tokio::task::yield_now().await;
    cell.len()
}

#[test]
fn futures_stay_send_and_static() {
    let (length, recorded) = recorded_in(needs_send(sends("abc".into())));
    assert_eq!(length, 3);
    let (length, _) = recorded_in(needs_send(made("3")));
    assert_eq!(length, Ok(3));
    assert_eq!(recorded.outline(), "orders\n  sends\n");
}
