//! What bugs and strangers may do to a recorder: whatever it is, a valid document leaves or a drop is
//! counted, and the code that records neither panics nor waits.

mod check;
mod clock;
mod code;
mod names;
mod pressure;
mod reentry;
mod support;
mod values;
mod volume;
