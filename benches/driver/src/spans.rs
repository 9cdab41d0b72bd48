//! The calls of a request as spans of `tracing`, the same for whoever listens.

use tracing::{field::Empty, info_span};

use crate::Item;

/// Opens, enters and closes a span for each call, one after the other.
#[inline]
pub fn calls(item: &Item) {
    let call = info_span!(
        "payments.example.com",
        otel.kind = "client",
        http.request.method = "POST",
        url.full = &*item.remote_url,
        customer = &*item.customer,
        attempt = item.attempt,
        http.response.status_code = Empty,
    );
    call.in_scope(|| call.record("http.response.status_code", 201));
    drop(call);

    let query = info_span!(
        "orders@db.internal",
        otel.kind = "client",
        db.system.name = "postgresql",
        server.address = &*item.database_url,
        db.user = "orders",
        db.query.text = "SELECT id, state, total FROM orders WHERE id = $1",
        shard = &*item.shard,
        rows = item.rows,
    );
    query.in_scope(|| {});
    drop(query);

    let render = info_span!("render", template = &*item.template, cached = item.cached);
    render.in_scope(|| {});
    drop(render);
}
