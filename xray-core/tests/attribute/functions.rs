use serde_json::json;
use xray_core::subsegment;

use crate::support::{recorded, recorded_in};

#[subsegment]
fn price(items: u32, customer: &str) -> u32 {
    items * 3 + customer.len() as u32
}

#[subsegment(name = "load cart", skip(token), fields(cart_id = id, ?state), err)]
async fn load(id: u64, token: &str, state: Option<u8>) -> Result<String, std::num::ParseIntError> {
    tokio::task::yield_now().await;
    let number: u32 = token.parse()?;
    Ok(format!("{id} {number}"))
}

#[test]
fn a_function() {
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

#[test]
fn an_async_function() {
    let (loaded, recorded) = recorded_in(|| load(7, "x", None));
    loaded.unwrap_err();
    assert_eq!(recorded.outline(), "orders\n  load cart (fault)\n");
    assert_eq!(recorded.get("orders/load cart"), json!({}));
}
