//! What is not recorded costs nothing and changes nothing.

use std::{
    fmt,
    sync::atomic::{AtomicU32, Ordering},
};

use xray_core::{Entity, subsegment};

use crate::support::{block_on, recorder};

static SHOWN: AtomicU32 = AtomicU32::new(0);

struct Counts;

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SHOWN.fetch_add(1, Ordering::Relaxed);
        f.write_str("shown")
    }
}

fn evaluated() -> u32 {
    SHOWN.fetch_add(1, Ordering::Relaxed);
    1
}

#[subsegment(fields(?field, evaluated = evaluated()), err(Debug))]
fn plain(field: &Counts, argument: Counts) -> Result<(), Counts> {
    Err(argument)
}

#[subsegment(fields(?field, evaluated = evaluated()), err(Debug), ret)]
async fn awaited(field: &Counts, argument: Counts) -> Result<Counts, Counts> {
    tokio::task::yield_now().await;
    assert!(!Entity::current().is_sampled());
    Err(argument)
}

#[test]
fn nothing_is_formatted_or_evaluated() {
    let run = || {
        plain(&Counts, Counts).unwrap_err();
        block_on(awaited(&Counts, Counts)).unwrap_err();
    };
    let (xray, memory) = recorder(false);
    let segment = xray.begin_segment("orders");
    {
        let _entered = segment.enter();
        run();
        assert_eq!(Entity::current().trace_id(), segment.trace_id());
    }
    segment.end();
    // And without a segment.
    run();
    assert!(memory.take().is_empty());
    assert_eq!(SHOWN.load(Ordering::Relaxed), 0);
}
