//! What `#[subsegment]` makes of a function is written in terms of these. No part of the promised API.

mod call;
mod failed;
mod given;

pub use call::{Call, Followed, never};
pub use failed::{
    AsDisplay, AsError, AsHolder, ByDisplay, ByError, ByHolder, Failed, Fallible, Told,
    failed_debug, failed_display, outcome,
};
pub use given::{
    Annotate, AsDebug, AsValue, ByDebug, ByValue, Given, Shown, annotate, annotate_debug,
    annotate_display, arguments, debug, display, returned,
};
