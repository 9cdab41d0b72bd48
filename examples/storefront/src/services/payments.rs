//! `payments`: takes the money (axum). Its bank is moody on purpose, so that there is something to find.

use std::io;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use rand::random_range;
use tokio::time::sleep;
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
    let ((), risk) = tokio::join!(check_limits(&charge), score_risk());
    segment.annotate("risk", risk);
    let authorisation = subsegment("ask the bank", ask_bank).await?;
    Ok(Json(Receipt { authorisation }))
}

async fn check_limits(charge: &Charge) {
    subsegment("check limits", async |step| {
        step.metadata("charge", charge);
        pause(2..9).await;
    })
    .await;
}

async fn score_risk() -> f64 {
    subsegment("score risk", async |step| {
        pause(4..18).await;
        let risk = f64::from(random_range(1..40_u8)) / 100.0;
        step.metadata("model", serde_json::json!({ "name": "baseline", "score": risk }));
        risk
    })
    .await
}

/// Mostly quick, sometimes slow, now and then a no, and rarely nothing at all.
async fn ask_bank(bank: Entity) -> Result<String, ChargeError> {
    match random_range(0..100) {
        0..5 => {
            pause(120..250).await;
            let error = BankError(io::Error::new(io::ErrorKind::TimedOut, "the bank timed out"));
            bank.record_error(&error);
            return Err(error.into());
        }
        5..10 => {
            bank.set_error(true);
            bank.set_throttle(true);
            return Err(ChargeError::Busy);
        }
        10..16 => {
            pause(20..40).await;
            bank.set_error(true);
            return Err(ChargeError::Declined);
        }
        16..24 => pause(350..900).await,
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
