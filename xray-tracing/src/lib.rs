//! `xray-tracing` brings code along that is already instrumented with `tracing`: the queries of sqlx,
//! and of SeaORM on top of it, become subsegments.
//!
//! See [`SqlxLayer`].

mod sqlx;

pub use sqlx::{SqlxLayer, sqlx_span};

pub use xray_core;
