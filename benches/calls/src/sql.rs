//! Queries whose rows are there at once.

use std::{hint::black_box, io, time::Duration};

use futures_util::FutureExt;
use tracing::{Dispatch, Level, dispatcher::with_default, event};
use tracing_subscriber::{layer::SubscriberExt, registry};
use xray_core::{SqlTarget, sql_subsegment};
use xray_tracing::SqlxLayer;

use crate::{Call, Run, repeat};

const QUERY: &str = "SELECT * FROM orders WHERE id = $1";

pub(crate) const CALLS: [Call; 3] = [
    Call {
        name: "`SqlTarget::run`",
        plain: || repeat(|| rows(black_box(QUERY))),
        traced: || {
            let shop = shop();
            repeat(move || shop.run(black_box(QUERY), |_| rows(QUERY)))
        },
    },
    Call {
        name: "`sql_subsegment`",
        plain: || repeat(|| async { rows(black_box(QUERY)) }.now_or_never()),
        traced: || {
            let shop = shop();
            repeat(move || {
                let query = sql_subsegment(&shop, black_box(QUERY), async |_| rows(QUERY));
                query.now_or_never()
            })
        },
    },
    Call {
        name: "`SqlxLayer`, one event",
        plain: || events(registry().into()),
        traced: || events(registry().with(SqlxLayer::new(shop())).into()),
    },
];

fn shop() -> SqlTarget {
    SqlTarget::from_url("postgres://app:secret@db.internal/shop").expect("the URL is in order")
}

#[inline(never)]
fn rows(query: &str) -> io::Result<u64> {
    Ok(black_box(query).len() as u64)
}

/// As sqlx has it when a query is over.
fn events(subscriber: Dispatch) -> Run {
    Box::new(move |times| {
        with_default(&subscriber, || {
            for _ in 0..times {
                event!(
                    target: "sqlx::query", Level::DEBUG,
                    summary = black_box("SELECT * FROM orders …"),
                    db.statement = black_box("\n\nSELECT * FROM orders WHERE id = $1\n"),
                    rows_affected = 0_u64, rows_returned = 1_u64,
                    elapsed = ?Duration::from_micros(300), elapsed_secs = black_box(0.000_3)
                );
            }
        });
    })
}
