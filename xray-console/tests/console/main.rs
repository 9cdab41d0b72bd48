//! The console from outside: documents in, figures and pages out.

mod assembly;
mod documents;
mod graph;
mod pages;
mod sampling;
mod support;
