//! What the services tell each other.

use serde::{Deserialize, Serialize};

/// An article on the shelf.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) price_cents: i64,
    pub(crate) stock: i64,
}

/// What a customer wants to buy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Cart {
    pub(crate) customer: String,
    pub(crate) product: i64,
    pub(crate) quantity: i64,
}

/// What a customer has bought.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) product: String,
    pub(crate) quantity: i64,
    pub(crate) total_cents: i64,
}

/// Money to be taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) customer: String,
    pub(crate) amount_cents: i64,
}

/// Money that was taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) authorisation: String,
}
