//! The storefront: a small shop, recorded. Start it from the root of the repository:
//!
//! ```text
//! cargo run --release --example storefront
//! ```
//!
//! Where to look: `services/` for how requests are wrapped and functions become subsegments; `calls.rs` for
//! HTTP, `database.rs` for SQL, `queue.rs` for AWS, `services/pricing.rs` for gRPC; `logging.rs` for spans and log
//! lines; `worker.rs` for segments that no request starts; `xrayd.rs` for how a recorder is built.

mod args;
mod calls;
mod database;
mod logging;
mod queue;
mod report;
mod services;
mod shop;
mod task;
mod visitor;
mod worker;
mod xrayd;

use std::error::Error;
use std::future::pending;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tokio::sync::Notify;
use tokio::time::{interval, sleep};
use xray_tower::Recorder;

use args::Args;
use calls::Service;
use database::Database;
use queue::Queue;
use report::{LiveLine, Report, print};
use services::{orders, payments, pricing, sqs, web};
use visitor::Visitor;
use xrayd::Xrayd;

/// How long a recorder may take to send what waits.
const FLUSH: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    logging::init(Database::target());
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("storefront: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let signal = Arc::new(Notify::new());
    let notify = Arc::clone(&signal);
    ctrlc::set_handler(move || notify.notify_one())?;

    let xrayd = Xrayd::start()?;
    // One for each service, as if each were a process. A clone is the same recorder.
    let recorders = [
        xrayd.recorder("web")?,
        xrayd.recorder("orders")?,
        xrayd.recorder("payments")?,
        xrayd.recorder("pricing")?,
        xrayd.recorder("worker")?,
    ];
    let [web_xray, orders_xray, payments_xray, pricing_xray, worker_xray] = recorders.clone();

    let sqs = sqs::start().await?;
    let payments = payments::start(payments_xray).await?;
    let pricing = pricing::start(pricing_xray)?;
    let calls = orders::Calls {
        database: Database::open(Database::target()).await?,
        payments: Service::new("payments", payments.url.clone()),
        pricing: pricing::client(&pricing.url)?,
        queue: Queue::at(&sqs.url),
    };
    let worker = worker::start(worker_xray, calls.database.clone(), Queue::at(&sqs.url));
    let orders = orders::start(orders_xray, calls)?;
    let web = web::start(web_xray, Service::new("orders", orders.url.clone())).await?;
    let visitor = Visitor::start(web.url.clone());

    greet(args, &xrayd, &web.url);
    tokio::select! {
        () = signal.notified() => {}
        () = passed(args.time) => {}
        () = live(&xrayd, &recorders, &visitor), if !args.json => {}
    }

    // From the outside inwards, so that nobody loses what is still needed.
    let requests = visitor.stop().await;
    web.stop().await;
    orders.stop().await;
    worker.stop().await;
    payments.stop().await;
    pricing.stop().await;
    sqs.stop().await;
    for recorder in &recorders {
        // Blocks the thread, which is fine here: nothing else runs any more.
        if !recorder.flush(FLUSH) {
            tracing::warn!("{} did not send everything within {FLUSH:?}", recorder.service());
        }
    }
    // Reads what has just been sent, so that the figures are the last ones.
    let received = xrayd.daemon.stop();
    let report = Report::new(&xrayd.url, requests, &recorders, &received, &xrayd.console);
    if args.json {
        print(format_args!("{}\n", serde_json::to_string(&report)?));
    } else {
        print(format_args!("\n{report}, {} lost\n", report.lost));
    }
    Ok(())
}

async fn passed(time: Option<Duration>) {
    match time {
        Some(time) => sleep(time).await,
        None => pending().await,
    }
}

/// What to look at. With `--json`, stdout is kept for the object.
fn greet(args: &Args, xrayd: &Xrayd, shop: &str) {
    let Xrayd { url, moved, .. } = xrayd;
    let text = format!(
        "{moved}The storefront is open. A visitor looks around and buys; now and then a payment fails.

  console  {url}/map      the services, live
           {url}/traces   click one that failed: its queries, its exceptions
           {url}/sampling who decides which requests are recorded
  shop     {shop}         your own clicks are traces too

"
    );
    if args.json {
        eprint!("{text}");
    } else {
        print(format_args!("{text}"));
    }
}

/// Shows the live line, for ever.
async fn live(xrayd: &Xrayd, recorders: &[Recorder], visitor: &Visitor) {
    let line = LiveLine::new();
    let mut ticks = interval(line.period());
    loop {
        ticks.tick().await;
        let received = xrayd.daemon.stats();
        let requests = visitor.requests();
        line.show(&Report::new(&xrayd.url, requests, recorders, &received, &xrayd.console));
    }
}
