use std::time::{SystemTime, UNIX_EPOCH};

/// Requests that are ready before anything is measured.
pub const POOL: usize = 256;

/// What one request brings along. Texts differ from request to request, so a contender is lent them and
/// keeps what it needs; names, keys and methods are the same always, and are literals in its code.
#[derive(Debug)]
pub struct Item {
    /// The caller's trace, with the time in front as X-Ray wants it, and the caller's id.
    pub trace: u128,
    pub parent: u64,
    pub url: String,
    pub user_agent: String,
    pub remote_url: String,
    pub database_url: String,
    /// An annotation of each subsegment.
    pub customer: String,
    pub shard: String,
    pub template: String,
    /// The other one of each.
    pub attempt: i64,
    pub rows: i64,
    pub cached: bool,
}

/// The requests that are measured, in turn.
#[must_use]
pub fn pool() -> Vec<Item> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    (0..POOL as u64).map(|number| item(now, number)).collect()
}

fn item(now: u64, number: u64) -> Item {
    // Any spread will do.
    let spread = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let unique = u128::from(spread) << 32 | u128::from(number);
    Item {
        trace: u128::from(now) << 96 | unique & ((1 << 96) - 1),
        parent: spread | 1,
        url: format!("https://shop.example.com/orders/{number:05}/items/{:04}", spread % 10_000),
        user_agent: format!(
            "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/{}",
            20_100_101 + number
        ),
        remote_url: format!("https://payments.example.com/v1/charges/{spread:016x}"),
        database_url: format!("postgresql://db-{:02}.internal:5432/orders", number % 64),
        customer: format!("customer-{:06}", spread % 1_000_000),
        shard: format!("shard-{:03}", spread % 1_000),
        template: format!("order-{number:04}"),
        attempt: (number % 3) as i64,
        rows: (spread % 100) as i64,
        cached: number.is_multiple_of(2),
    }
}
