//! Functions of all shapes.

use std::{
    borrow::Cow,
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures_util::FutureExt;
use serde_json::json;
use xray_core::{Entity, subsegment};

use crate::support::{recorded, recorded_in};

#[subsegment]
fn price(items: u32, customer: &str) -> u32 {
    items * 3 + customer.len() as u32
}

#[test]
fn a_function_with_its_arguments() {
    let (total, recorded) = recorded(|| price(2, "anna"));
    assert_eq!(total, 10);
    assert_eq!(recorded.outline(), "orders\n  price\n");
    assert_eq!(
        recorded.get("orders/price"),
        json!({
            "name": "price",
            "metadata": {"default": {"arguments": {"items": 2, "customer": "anna"}}},
        })
    );
}

#[subsegment(name = "load cart")]
async fn load(id: u64) -> Vec<u64> {
    tokio::task::yield_now().await;
    let _ = step(id).await;
    Entity::current().annotate("found", true);
    vec![id]
}

#[subsegment(skip_all)]
async fn step(id: u64) -> u64 {
    tokio::task::yield_now().await;
    price(id as u32, "");
    id
}

#[test]
fn an_async_function_with_what_it_calls() {
    let (loaded, recorded) = recorded_in(async { (load(7).await, step(8).await) });
    assert_eq!(loaded, (vec![7], 8));
    assert_eq!(
        recorded.outline(),
        "orders\n  load cart\n    step\n      price\n  step\n    price\n"
    );
    assert_eq!(
        recorded.get("orders/load cart"),
        json!({
            "name": "load cart",
            "annotations": {"found": true},
            "metadata": {"default": {"arguments": {"id": 7}}},
        })
    );
}

struct Cart {
    items: Vec<u32>,
}

impl Cart {
    #[subsegment]
    fn add(&mut self, item: u32) -> &mut u32 {
        self.items.push(item);
        self.items.last_mut().unwrap()
    }

    #[subsegment(err)]
    fn first(&mut self) -> Result<&mut u32, &'static str> {
        self.items.first_mut().ok_or("the cart is empty")
    }

    #[subsegment(skip(self), fields(self.items = ?self.items))]
    async fn total(&self) -> u32 {
        tokio::task::yield_now().await;
        self.items.iter().sum()
    }

    #[subsegment]
    fn into_items(self) -> Vec<u32> {
        self.items
    }
}

#[test]
fn methods_with_all_that_self_can_be() {
    let ((), recorded) = recorded_in(async {
        let mut cart = Cart { items: Vec::new() };
        assert_eq!(cart.first(), Err("the cart is empty"));
        *cart.add(3) += 1;
        *cart.first().unwrap() += 1;
        assert_eq!(cart.total().await, 5);
        assert_eq!(cart.into_items(), [5]);
    });
    assert_eq!(
        recorded.outline(),
        "orders\n  first (fault)\n  add\n  first\n  total\n  into_items\n"
    );
    assert_eq!(
        recorded.get("orders/first"),
        json!({
            "name": "first",
            "fault": true,
            "cause": [["&str", "the cart is empty", "functions.rs"]],
        })
    );
    assert_eq!(
        recorded.get("orders/total"),
        json!({"name": "total", "annotations": {"self_items": "[5]"}})
    );
}

trait Shop {
    const NAME: &'static str = "a shop";

    fn open(&self) -> bool;

    #[subsegment(name = Self::NAME)]
    fn greet<'a>(&self, guest: &'a str) -> Cow<'a, str>
    where
        Self: Sized,
    {
        if self.open() { guest.into() } else { "closed".into() }
    }

    #[subsegment]
    fn visit(&self, guests: impl IntoIterator<Item = u32> + Debug) -> impl Iterator<Item = u32> {
        guests.into_iter().map(|guest| guest + 1)
    }

    #[subsegment]
    #[allow(async_fn_in_trait)]
    async fn close(&self, _code: u32) -> impl Debug {
        "closed"
    }
}

struct Kiosk;

impl Shop for Kiosk {
    fn open(&self) -> bool {
        true
    }
}

#[test]
fn methods_that_a_trait_brings() {
    let ((), recorded) = recorded_in(async {
        assert_eq!(Kiosk.greet("anna"), "anna");
        assert_eq!(Kiosk.visit([1, 2]).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(format!("{:?}", Kiosk.close(7).await), "\"closed\"");
    });
    assert_eq!(recorded.outline(), "orders\n  a shop\n  visit\n  close\n");
    assert_eq!(
        recorded.get("orders/visit"),
        json!({"name": "visit", "metadata": {"default": {"arguments": {"guests": "[1, 2]"}}}})
    );
    assert_eq!(recorded.get("orders/close"), json!({"name": "close"}));
}

#[subsegment]
fn generic<'a, T: Debug + Clone + 'a, const N: usize>(
    mut values: [T; N],
    first: &'a T,
    (left, right): (u8, &str),
    _: u64,
    r#type: Option<bool>,
) -> Vec<T>
where
    Vec<T>: Clone,
{
    if values.is_empty() {
        return Vec::new();
    }
    values[0] = first.clone();
    values.to_vec()
}

#[test]
fn generics_patterns_and_early_returns() {
    let (values, recorded) = recorded(|| {
        assert!(generic([], &'a', (1, "x"), 0, None).is_empty());
        generic(['a', 'b'], &'c', (1, "x"), 0, Some(true))
    });
    assert_eq!(values, ['c', 'b']);
    assert_eq!(recorded.outline(), "orders\n  generic\n  generic\n");
    assert_eq!(
        recorded.get("orders/generic"),
        json!({
            "name": "generic",
            "metadata": {"default": {"arguments": {
                "values": "[]", "first": "'a'", "left": 1, "right": "x", "type": null,
            }}},
        })
    );
}

#[subsegment]
fn sum(numbers: &[u32]) -> u32 {
    match numbers {
        [] => 0,
        [first, rest @ ..] => first + sum(rest),
    }
}

#[subsegment]
async fn countdown(from: u32) -> u32 {
    if from == 0 { 0 } else { Box::pin(countdown(from - 1)).await + 1 }
}

#[test]
fn recursion_nests() {
    let (counted, recorded) = recorded_in(async { (sum(&[1, 2]), countdown(1).await) });
    assert_eq!(counted, (3, 1));
    assert_eq!(
        recorded.outline(),
        "orders\n  sum\n    sum\n      sum\n  countdown\n    countdown\n"
    );
}

#[subsegment]
fn never_returns(reason: &str) -> ! {
    panic!("because {reason}")
}

#[test]
fn functions_that_do_not_return() {
    let (panic, recorded) = recorded(|| catch_unwind(|| never_returns("of this")));
    assert_eq!(*panic.unwrap_err().downcast::<String>().unwrap(), "because of this");
    assert_eq!(
        recorded.get("orders/never_returns"),
        json!({
            "name": "never_returns",
            "fault": true,
            "cause": [["panic", "because of this", ""]],
            "metadata": {"default": {"arguments": {"reason": "of this"}}},
        })
    );
}

#[subsegment]
async fn breaks() -> u32 {
    tokio::task::yield_now().await;
    panic!("in the midst")
}

#[test]
fn a_panic_of_a_future_goes_on_unchanged() {
    let (panic, recorded) = recorded_in(AssertUnwindSafe(breaks()).catch_unwind());
    assert_eq!(*panic.unwrap_err().downcast::<&str>().unwrap(), "in the midst");
    assert_eq!(
        recorded.get("orders/breaks"),
        json!({"name": "breaks", "fault": true, "cause": [["panic", "in the midst", ""]]})
    );
}
