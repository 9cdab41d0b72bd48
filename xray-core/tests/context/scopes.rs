//! One thread after the other.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::mpsc,
    task::Poll,
    thread,
};

use tokio::sync::oneshot;
use xray_core::{Delivery, Entered, Subsegment, prelude::*};

use crate::support::{SOON, current, inline, mark, nothing_is_current, outline, poll, recorder};

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
