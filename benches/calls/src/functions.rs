//! Functions of one's own, and calls of clients that no integration knows.

use std::{hint::black_box, io};

use futures_util::FutureExt;
use xray_core::{remote_call, subsegment};

use crate::{Call, repeat};

const ITEMS: u64 = 3;

pub(crate) const CALLS: [Call; 3] = [
    Call {
        name: "`#[subsegment(skip_all)]`",
        plain: || repeat(|| total(black_box(ITEMS))),
        traced: || repeat(|| total_traced(black_box(ITEMS))),
    },
    Call {
        name: "`#[subsegment]`, one field",
        plain: || repeat(|| total(black_box(ITEMS))),
        traced: || repeat(|| total_with_field(black_box(ITEMS))),
    },
    Call {
        name: "`remote_call(..).run`",
        plain: || repeat(|| answer().now_or_never()),
        traced: || {
            repeat(|| {
                let call =
                    remote_call(black_box("shop"), "mongo.internal").run(async |_| answer().await);
                call.now_or_never()
            })
        },
    },
];

#[inline(never)]
fn total(items: u64) -> Option<u64> {
    black_box(items).checked_mul(3)
}

#[inline(never)]
#[subsegment(skip_all)]
fn total_traced(items: u64) -> Option<u64> {
    black_box(items).checked_mul(3)
}

#[inline(never)]
#[subsegment]
fn total_with_field(items: u64) -> Option<u64> {
    black_box(items).checked_mul(3)
}

async fn answer() -> io::Result<u64> {
    black_box(Ok(ITEMS))
}
