//! Events as AWS publishes them, worked on beneath an invocation.

mod partial;
mod records;
mod stand;
