use std::alloc::System;

use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Blocks and bytes that are held now, and blocks that were ever asked for. Texts of one length, so that the answer of one
/// invocation takes as much as that of any other.
pub(crate) fn answer() -> Value {
    let stats = HEAP.stats();
    let blocks = stats.allocations - stats.deallocations;
    let bytes = stats.bytes_allocated as isize - stats.bytes_deallocated as isize;
    let asked = stats.allocations + stats.reallocations;
    json!({
        "blocks": format!("{blocks:012}"),
        "bytes": format!("{bytes:012}"),
        "asked": format!("{asked:012}"),
    })
}
