//! The visitor: looks around and buys, steadily, so that the map lives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::random_range;
use reqwest::{Client, RequestBuilder};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::shop::Cart;
use crate::task::{Stop, Task};

/// Between two requests, in milliseconds: about 18 a second.
const PAUSE: std::ops::Range<u64> = 30..80;
/// A shop that is slow gets no more than this at once.
const MOST_AT_ONCE: usize = 24;
const TIMEOUT: Duration = Duration::from_secs(5);
const BROWSERS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
];

/// Keeps the shop busy until it is stopped.
#[derive(Debug)]
pub(crate) struct Visitor {
    task: Task,
    requests: Arc<AtomicU64>,
}

impl Visitor {
    pub(crate) fn start(shop: String) -> Self {
        let requests = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&requests);
        Self { task: Task::spawn(|stop| wander(shop, count, stop)), requests }
    }

    /// Requests that were answered so far, with whatever status.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Waits for the answers that are on their way. Gives the number of all.
    pub(crate) async fn stop(self) -> u64 {
        self.task.stop().await;
        self.requests.load(Ordering::Relaxed)
    }
}

async fn wander(shop: String, count: Arc<AtomicU64>, mut stop: Stop) {
    let client = Client::new();
    let mut visits = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            () = sleep(Duration::from_millis(random_range(PAUSE))) => {}
        }
        while visits.try_join_next().is_some() {}
        if visits.len() < MOST_AT_ONCE {
            visits.spawn(visit(request(&client, &shop), Arc::clone(&count)));
        }
    }
    visits.join_all().await;
}

async fn visit(request: RequestBuilder, count: Arc<AtomicU64>) {
    // Read to the end: a visitor that leaves early is a client error.
    let page = async { request.send().await?.bytes().await };
    match page.await {
        Ok(_) => drop(count.fetch_add(1, Ordering::Relaxed)),
        Err(error) => tracing::warn!("the visitor got no page: {error}"),
    }
}

fn request(client: &Client, shop: &str) -> RequestBuilder {
    let request = match random_range(0..100) {
        0..30 => client.get(shop),
        30..58 => client.get(format!("{shop}/products/{}", random_range(1..10))),
        // A link that is out of date.
        58..61 => client.get(format!("{shop}/products/{}", random_range(100..120))),
        61..68 => client.get(format!("{shop}/orders/{}", random_range(1..10))),
        _ => client.post(format!("{shop}/checkout")).form(&Cart {
            customer: format!("customer-{}", random_range(1001..1040)),
            product: random_range(1..10),
            quantity: random_range(1..5),
        }),
    };
    request
        .timeout(TIMEOUT)
        .header("User-Agent", BROWSERS[random_range(0..BROWSERS.len())])
        // As a load balancer says whom it forwards; the addresses are those set aside for examples.
        .header("X-Forwarded-For", format!("203.0.113.{}", random_range(1..255)))
}
