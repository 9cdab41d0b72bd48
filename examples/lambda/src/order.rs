//! What both functions know of an order.

use serde::{Deserialize, Serialize};

/// The most pieces of one item.
const MOST: u32 = 100;

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) item: String,
    pub(crate) amount: u32,
}

impl Order {
    /// Reads an order and looks whether it can be one; what is wrong is told to whoever ordered.
    pub(crate) fn read(text: &[u8]) -> Result<Self, String> {
        let order: Self = serde_json::from_slice(text).map_err(|error| {
            format!("this is no order, such as {{\"item\":\"tea\",\"amount\":2}}: {error}")
        })?;
        if order.item.is_empty() || !(1..=MOST).contains(&order.amount) {
            return Err(format!("an order has an item, and an amount from 1 to {MOST}"));
        }
        Ok(order)
    }
}
