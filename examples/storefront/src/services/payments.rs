//! `payments`: takes the money (axum). Its bank is moody on purpose, so that there is something to find.

use std::io;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use rand::{random_bool, random_range};
use tokio::time::sleep;
use tracing::{Span, instrument};
use xray_tower::{CurrentSegment, Entity, Recorder, XRayLayer, subsegment};

use super::Running;
use crate::shop::{Charge, Receipt};

/// Why no money was taken.
#[derive(Debug, thiserror::Error)]
enum ChargeError {
    #[error("the card was declined")]
    Declined,
    #[error("too many charges at once; try again")]
    Busy,
    #[error("the charge could not be authorised")]
    Bank(#[from] BankError),
}

#[derive(Debug, thiserror::Error)]
#[error("no answer from the card network")]
struct BankError(#[from] io::Error);

pub(crate) async fn start(xray: Recorder) -> io::Result<Running> {
    let app = Router::new().route("/charges", post(charge)).layer(XRayLayer::with(xray));
    Running::axum(app).await
}

async fn charge(
    segment: CurrentSegment,
    Json(charge): Json<Charge>,
) -> Result<Json<Receipt>, ChargeError> {
    segment.user(&charge.customer);
    segment.annotate("currency", "EUR");
    segment.annotate("amount", charge.amount_cents as f64 / 100.0);
    // Neither needs the other, so they run at once.
    let ((), risk) = tokio::join!(check_limits(charge.amount_cents), score_risk());
    segment.annotate("risk", risk);
    let ask = async |bank| ask_bank(bank, &charge.customer).await;
    let authorisation = subsegment("ask the bank", ask).await?;
    tracing::info!("{} has paid", charge.customer);
    Ok(Json(Receipt { authorisation }))
}

// Code that has spans of `tracing` is recorded as it is: `logging.rs` installs the layer.
#[instrument(name = "check limits")]
async fn check_limits(amount_cents: i64) {
    pause(2..9).await;
}

#[instrument(name = "score risk", fields(model = "baseline", score))]
async fn score_risk() -> f64 {
    pause(4..18).await;
    let risk = f64::from(random_range(1..40_u8)) / 100.0;
    Span::current().record("score", risk);
    risk
}

/// As with the test cards of a real bank, the customer's number says how it goes: mostly quick, sometimes slow,
/// now and then a no, and rarely nothing at all.
async fn ask_bank(bank: Entity, customer: &str) -> Result<String, ChargeError> {
    let number = customer.get(customer.len().saturating_sub(2)..);
    match number.and_then(|number| number.parse().ok()) {
        Some(30..=31_u8) => {
            pause(120..250).await;
            let error = BankError(io::Error::new(io::ErrorKind::TimedOut, "the bank timed out"));
            bank.record_error(&error);
            return Err(error.into());
        }
        // A second try may help.
        Some(32..=33) if random_bool(0.7) => {
            bank.set_error(true);
            bank.set_throttle(true);
            return Err(ChargeError::Busy);
        }
        Some(34..=36) => {
            pause(20..40).await;
            bank.set_error(true);
            return Err(ChargeError::Declined);
        }
        Some(37..=39) => pause(350..900).await,
        _ => pause(15..60).await,
    }
    Ok(format!("A{:06}", random_range(0..1_000_000)))
}

async fn pause(milliseconds: std::ops::Range<u64>) {
    sleep(Duration::from_millis(random_range(milliseconds))).await;
}

impl IntoResponse for ChargeError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Declined => StatusCode::PAYMENT_REQUIRED,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Bank(_) => {
                // On the segment too, so that the chain of causes shows on the request itself.
                Entity::current().record_error(&self);
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        (status, self.to_string()).into_response()
    }
}
