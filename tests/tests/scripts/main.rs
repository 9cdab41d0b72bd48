//! The scripts of `tests/scripts`: each against what is expected of this SDK, and against the
//! official Python SDK; and the conformance tests of the recording specification.

mod conformance;
mod corpus;
mod differential;
mod drivers;
mod hostile;
mod named;
mod normal;
mod slow;
