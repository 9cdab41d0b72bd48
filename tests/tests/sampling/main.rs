//! Centralized sampling from outside: real calls, real processes, and the official Python SDK beside them.

mod processes;
mod service;
mod stand_in;
mod timeline;
