//! Where the current entity goes: with futures, streams, tasks and closures that take it along, and
//! nowhere else.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::mpsc,
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use futures_util::{
    StreamExt, future,
    stream::{self, FuturesUnordered, Stream},
};
use serde_json::Value;
use tokio::{sync::oneshot, task};
use xray_core::{
    Delivery, Entered, Recorder, SegmentId, Subsegment,
    prelude::*,
    sample::LocalRules,
    testing::{MemoryEmitter, Trees},
};

const SOON: Duration = Duration::from_secs(10);

fn recorder(delivery: Delivery) -> (Recorder, MemoryEmitter) {
    let memory = MemoryEmitter::new();
    let xray = Recorder::builder("orders")
        .emitter(memory.clone())
        .delivery(delivery)
        .sampling_rules(LocalRules::everything())
        .build()
        .unwrap();
    (xray, memory)
}

fn inline() -> (Recorder, MemoryEmitter) {
    recorder(Delivery::Inline)
}

/// Records that the code ran, under whatever is current.
fn mark(name: &str) {
    Subsegment::begin(name).end();
}

fn current() -> SegmentId {
    Entity::current().id()
}

/// What was recorded, as an outline.
fn outline(memory: &MemoryEmitter) -> String {
    Trees::of(&memory.take()).to_string()
}

fn nothing_is_current() -> bool {
    current().is_noop()
}

#[test]
fn scopes_nest_and_come_back() {
    let (xray, memory) = inline();
    let (one, two) = (xray.begin_segment("one"), xray.begin_segment("two"));
    {
        let _one = one.enter();
        mark("before");
        {
            let _two = two.enter();
            mark("in two");
            one.subsegment("again").run(|again| {
                assert_eq!(current(), again.id());
                mark("inside");
            });
            assert_eq!(current(), two.id());
        }
        mark("after");
    }
    assert!(nothing_is_current());
    drop((one, two));
    assert_eq!(outline(&memory), "one\n  before\n  again\n    inside\n  after\ntwo\n  in two\n");
}

#[test]
fn guards_in_a_struct_may_go_in_any_order() {
    struct Request {
        // Fields are dropped in this order, which is not the one of leaving.
        outer: Option<Entered>,
        _inner: Option<Entered>,
    }
    let (xray, _memory) = inline();
    let (one, two) = (xray.begin_segment("one"), xray.begin_segment("two"));
    let mut request = Request { outer: Some(one.enter()), _inner: Some(two.enter()) };
    request.outer = None;
    assert_eq!(current(), two.id(), "what was entered last is current still");
    let third = one.enter();
    drop(request);
    assert_eq!(current(), one.id());
    drop(third);
    assert!(nothing_is_current());
    // In every order of three.
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut guards = [Some(one.enter()), Some(two.enter()), Some(one.enter())];
        order.into_iter().for_each(|index| guards[index] = None);
        assert!(nothing_is_current(), "{order:?}");
    }
}

#[test]
fn a_panic_in_a_scope_leaves_the_thread_as_it_was() {
    let (xray, memory) = inline();
    let outer = xray.begin_segment("outer");
    let inner = xray.begin_segment("inner");
    let _outer = outer.enter();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let work = inner.scope(async {
            let _entered = inner.subsegment("step").enter();
            panic!("a bug");
        });
        let _: Poll<()> = poll(pin!(work));
    }));
    assert!(caught.is_err());
    assert_eq!(current(), outer.id());
    let caught = catch_unwind(AssertUnwindSafe(|| {
        (|| panic!("another")).in_current_segment()();
    }));
    assert!(caught.is_err());
    assert_eq!(current(), outer.id());
    drop(inner);
    assert_eq!(outline(&memory), "inner\n  step\n");
}

#[test]
fn a_destructor_during_a_panic_is_no_fault_of_its_own() {
    struct Rollback<'a>(&'a Entity);
    impl Drop for Rollback<'_> {
        fn drop(&mut self) {
            self.0.subsegment("roll back").end();
        }
    }
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let step = segment.subsegment("step");
        let _rollback = Rollback(&step);
        panic!("no");
    }));
    assert!(caught.is_err());
    segment.end();
    assert_eq!(outline(&memory), "orders\n  step (fault)\n    roll back\n");
}

#[test]
fn threads_take_it_along_when_told() {
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    {
        let _entered = segment.enter();
        let told = || mark("told");
        thread::spawn(told.in_current_segment()).join().unwrap();
        assert!(thread::spawn(nothing_is_current).join().unwrap());
        thread::scope(|scope| {
            scope.spawn((|| mark("scoped")).in_current_segment()).join().unwrap();
        });
    }
    segment.end();
    assert_eq!(outline(&memory), "orders\n  told\n  scoped\n");
}

#[test]
fn an_entity_begun_here_may_end_there() {
    let (xray, memory) = recorder(Delivery::Background);
    let segment = xray.begin_segment("orders");
    let call = segment.subsegment("call");
    let (sender, receiver) = mpsc::channel::<Subsegment>();
    let other = thread::spawn(move || {
        let call = receiver.recv().unwrap();
        call.annotate("where", "there");
        call.end();
    });
    sender.send(call).unwrap();
    thread::spawn(move || segment.end()).join().unwrap();
    other.join().unwrap();
    let document = memory.wait(1, SOON).remove(0);
    assert_eq!(document["subsegments"][0]["annotations"]["where"], "there");
}

#[test]
fn a_thread_that_ends_inside_harms_nothing() {
    thread_local! {
        static LATE: std::cell::RefCell<Vec<Box<dyn std::any::Any>>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    struct AtTheEnd(Entity);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            let _entered = self.0.enter();
            mark("at the end of the thread");
        }
    }
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let entity = Entity::clone(&segment);
    let ended = thread::spawn(move || {
        let kept = AtTheEnd(entity.clone());
        LATE.with(|late| late.borrow_mut().push(Box::new(kept)));
        // Never left.
        Box::leak(Box::new(entity.enter()));
    });
    assert!(ended.join().is_ok());
    segment.end();
    assert_eq!(memory.take().len(), 1);
}

#[tokio::test]
async fn branches_of_join_are_siblings() {
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let branch = async |name: &str| {
        subsegment(name, async |_| {
            for _ in 0..3 {
                mark("round");
                task::yield_now().await;
            }
        })
        .await;
        mark("after");
    };
    segment.scope(async { tokio::join!(branch("one"), branch("two")) }).await;
    segment.end();
    let rounds = "    round\n".repeat(3);
    assert_eq!(
        outline(&memory),
        format!("orders\n  one\n{rounds}  two\n{rounds}  after\n  after\n")
    );
}

#[tokio::test]
async fn the_branch_that_loses_a_select_ends() {
    /// Looks around when it is dropped, as a transaction does that is rolled back.
    struct Rollback;
    impl Drop for Rollback {
        fn drop(&mut self) {
            mark("roll back");
        }
    }
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let work = async {
        tokio::select! {
            biased;
            () = subsegment("slow", async |_| {
                let _transaction = Rollback;
                future::pending::<()>().await;
            }) => unreachable!("it never ends"),
            () = subsegment("quick", async |_| {}) => {}
        }
        mark("after");
    };
    segment.scope(work).await;
    segment.end();
    let documents = memory.take();
    assert!(documents[0]["subsegments"][0].get("in_progress").is_none());
    let expected = "orders\n  slow\n    roll back\n  quick\n  after\n";
    assert_eq!(Trees::of(&documents).to_string(), expected);
}

#[test]
fn a_future_that_is_never_polled_or_never_done_still_ends() {
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let entered = segment.enter();
    drop(subsegment("never polled", async |_| {}));
    let never_done = subsegment("never done", async |_| future::pending::<()>().await);
    drop(entered);
    // Not begun before it is polled, and then under what is current there.
    let other = xray.begin_segment("other");
    let mut scoped = Box::pin(other.scope(never_done));
    assert!(poll(scoped.as_mut()).is_pending());
    drop((segment, scoped, other));
    assert_eq!(outline(&memory), "orders\nother\n  never done\n");
}

#[test]
fn what_runs_before_the_future_is_made_is_inside_too() {
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let work = segment.scope(subsegment("load", |load: Entity| {
        assert_eq!(current(), load.id());
        mark("first");
        async { mark("second") }
    }));
    assert!(poll(pin!(work)).is_ready());
    segment.end();
    assert_eq!(outline(&memory), "orders\n  load\n    first\n    second\n");
}

#[tokio::test]
async fn streams_run_inside_and_so_do_their_destructors() {
    struct Rows {
        left: u32,
    }
    impl Stream for Rows {
        type Item = u32;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u32>> {
            mark("row");
            let left = self.left.checked_sub(1);
            self.left = left.unwrap_or_default();
            Poll::Ready(left)
        }

        fn size_hint(&self) -> (usize, Option<usize>) {
            (0, Some(self.left as usize))
        }
    }
    impl Drop for Rows {
        fn drop(&mut self) {
            mark("closed");
        }
    }
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let body = {
        let _entered = segment.enter();
        Rows { left: 2 }.in_current_segment()
    };
    assert_eq!(body.size_hint(), (0, Some(2)));
    // Polled by something else, as a server polls a body after the handler has returned.
    let other = xray.begin_segment("server");
    let rows: Vec<u32> = other.scope(body.inspect(|_| mark("sent")).collect()).await;
    assert_eq!(rows, [1, 0]);
    let mut cut_off = pin!(segment.scope(Rows { left: 9 }));
    cut_off.next().await;
    cut_off.set(segment.scope(Rows { left: 0 }));
    assert_eq!(cut_off.next().await, None);
    assert_eq!(cut_off.next().await, None, "it stays at its end");
    assert_eq!(cut_off.size_hint(), (0, Some(0)));
    drop(other);
    assert_eq!(outline(&memory), "server\n  sent\n  sent\n");
    drop(segment);
    let marks = ["row", "row", "row", "closed", "row", "closed", "row", "closed"];
    let marks: String = marks.iter().map(|mark| format!("  {mark}\n")).collect();
    assert_eq!(outline(&memory), format!("orders\n{marks}"));
}

#[tokio::test]
async fn many_futures_of_one_task_keep_apart() {
    let (xray, memory) = inline();
    let segments: Vec<_> =
        (0..20).map(|index| xray.begin_segment(&format!("segment {index}"))).collect();
    let work: FuturesUnordered<_> = segments
        .iter()
        .map(|segment| {
            segment.scope(async {
                let (sender, receiver) = oneshot::channel();
                tokio::spawn(async move { sender.send(()) });
                receiver.await.unwrap();
                mark("step");
                current() == segment.id()
            })
        })
        .collect();
    assert!(work.all(future::ready).await);
    assert!(nothing_is_current());
    drop(segments);
    for document in memory.take() {
        assert_eq!(document["subsegments"].as_array().unwrap().len(), 1, "{document}");
    }
    let buffered = stream::iter(0..3).map(async |_| nothing_is_current()).buffer_unordered(2);
    assert!(buffered.all(future::ready).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_that_move_between_threads_keep_their_own() {
    let (xray, memory) = recorder(Delivery::Background);
    let tasks: Vec<_> = (0..50)
        .map(|index| {
            let segment = xray.begin_segment(&format!("segment {index}"));
            tokio::spawn(async move {
                let inner = async {
                    let own = current();
                    let mut threads = std::collections::HashSet::new();
                    for _ in 0..20 {
                        threads.insert(thread::current().id());
                        task::yield_now().await;
                        assert_eq!(current(), own);
                        mark("step");
                        let blocking = || mark("blocking");
                        task::spawn_blocking(blocking.in_current_segment()).await.unwrap();
                    }
                    task::block_in_place(|| mark("in place"));
                    threads.len()
                };
                let threads = segment.scope(inner).await;
                assert!(nothing_is_current());
                threads
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert!(xray.flush(SOON));
    let documents = memory.take();
    assert_eq!(documents.len(), 50);
    let count = |document: &Value| document["subsegments"].as_array().unwrap().len();
    assert!(documents.iter().all(|document| count(document) == 41));
}

#[test]
fn a_future_polled_here_and_then_there_keeps_its_own() {
    let (xray, memory) = inline();
    let segment = xray.begin_segment("orders");
    let (sender, receiver) = oneshot::channel::<()>();
    let work = async {
        mark("first");
        receiver.await.unwrap();
        mark("second");
        current()
    };
    let mut work = Box::pin(segment.scope(work));
    assert!(poll(work.as_mut()).is_pending());
    assert!(nothing_is_current());
    let other = xray.begin_segment("other");
    let id = segment.id();
    let ended = thread::spawn(move || {
        let _other = other.enter();
        sender.send(()).unwrap();
        let done = poll(work.as_mut());
        assert_eq!(current(), other.id());
        done
    });
    assert_eq!(ended.join().unwrap(), Poll::Ready(id));
    segment.end();
    assert_eq!(outline(&memory), "other\norders\n  first\n  second\n");
}

#[tokio::test]
async fn local_tasks_may_even_hold_a_guard() {
    let (xray, memory) = inline();
    let local = task::LocalSet::new();
    let (one, two) = (xray.begin_segment("one"), xray.begin_segment("two"));
    let task = |segment: xray_core::Segment| async move {
        let held = async {
            let step = segment.subsegment("step");
            // Not `Send`, so only a local task can.
            let guard = step.enter();
            for _ in 0..3 {
                mark("round");
                task::yield_now().await;
                assert_eq!(current(), step.id());
            }
            drop(guard);
            mark("after");
            assert_eq!(current(), segment.id());
        };
        segment.scope(held).await;
        assert!(nothing_is_current());
    };
    let tasks = (local.spawn_local(task(one)), local.spawn_local(task(two)));
    let stranger = local.spawn_local(async {
        for _ in 0..5 {
            assert!(nothing_is_current());
            task::yield_now().await;
        }
    });
    local.await;
    let ended = tokio::join!(tasks.0, tasks.1, stranger);
    assert!(ended.0.is_ok() && ended.1.is_ok() && ended.2.is_ok());
    let rounds = "    round\n".repeat(3);
    let documents = memory.take();
    assert_eq!(documents.len(), 2);
    for document in documents {
        let name = document["name"].as_str().unwrap().to_owned();
        let tree = Trees::of(&[document]).to_string();
        assert_eq!(tree, format!("{name}\n  step\n{rounds}  after\n"));
    }
}

#[test]
fn a_runtime_of_one_thread_records_and_flushes_inside() {
    let (xray, memory) = recorder(Delivery::Background);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for round in 0..100 {
            let segment = xray.begin_segment("job");
            segment.annotate("round", round);
            segment.scope(subsegment("step", async |_| task::yield_now().await)).await;
            segment.end();
            if round % 10 == 0 {
                assert!(xray.flush(SOON), "blocks the only thread, and yet ends");
            }
        }
        let guard = xray.install();
        segment("the last", async |_| {}).await;
        assert!(guard.await);
    });
    assert_eq!(memory.take().len(), 101);
    assert_eq!(xray.stats().dropped(), 0);
}

fn poll<T>(work: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
    work.poll(&mut Context::from_waker(Waker::noop()))
}
