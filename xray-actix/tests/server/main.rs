//! The middleware from outside: real servers, real connections, whole documents.

#[macro_use]
mod support;
mod context;
mod documents;
mod ends;
mod errors;
mod headers;
mod installed;
