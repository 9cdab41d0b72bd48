//! What is switched on is asked of all subscribers of the process, so this test is alone in its own.

use tracing::{Level, enabled, subscriber::with_default};
use tracing_subscriber::{layer::SubscriberExt as _, registry};
use xray_core::SqlTarget;
use xray_tracing::SqlxLayer;

#[test]
fn queries_and_nothing_else() {
    with_default(registry().with(SqlxLayer::new(SqlTarget::named("shop"))), || {
        assert!(enabled!(target: "sqlx::query", Level::DEBUG));
        assert!(!enabled!(target: "sqlx::query", Level::TRACE));
        assert!(!enabled!(target: "sqlx", Level::ERROR));
        assert!(!enabled!(Level::ERROR));
    });
}
