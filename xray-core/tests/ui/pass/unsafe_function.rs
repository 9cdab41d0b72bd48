//! What a function is beside its name, arguments and code stays.

#![deny(unused, missing_docs)]

use xray_core::subsegment;

/// The text stays.
#[subsegment(ret)]
#[must_use = "it says so"]
#[cold]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn xray_foreign(number: u32) -> u32 {
    #![allow(unused_variables)]
    let unused = 7;
    unsafe { step(&raw const number) }
}

#[subsegment]
unsafe fn step(number: *const u32) -> u32 {
    unsafe { *number + 1 }
}

#[subsegment]
async unsafe fn future() -> u32 {
    1
}

fn main() {
    assert_eq!(unsafe { xray_foreign(1) }, 2);
    drop(unsafe { future() });
}
