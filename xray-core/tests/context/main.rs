//! Where the current entity goes: with futures, streams, tasks and closures that take it along, and
//! nowhere else.

mod bridge;
mod futures;
mod scopes;
mod support;
mod tasks;
