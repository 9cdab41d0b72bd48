//! A stand-in for Amazon SQS, so that the demo needs no account: one queue, in memory, and the three
//! operations that the shop calls. A message that was received is gone.

use std::io;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::Running;

/// As many as SQS gives at once.
const MOST_AT_ONCE: usize = 10;

#[derive(Debug, Default)]
struct Messages {
    waiting: Mutex<Vec<Value>>,
    arrived: Notify,
    requests: AtomicU64,
}

pub(crate) async fn start() -> io::Result<Running> {
    let app = Router::new().route("/", post(answer)).with_state(Arc::new(Messages::default()));
    Running::axum(app).await
}

async fn answer(State(queue): State<Arc<Messages>>, headers: HeaderMap, body: Bytes) -> Response {
    let number = queue.requests.fetch_add(1, Ordering::Relaxed);
    let target = headers.get("X-Amz-Target").and_then(|target| target.to_str().ok());
    let (status, answer) = match (target, serde_json::from_slice(&body)) {
        (Some("AmazonSQS.SendMessage"), Ok(input)) => (StatusCode::OK, queue.push(number, &input)),
        (Some("AmazonSQS.ReceiveMessage"), Ok(input)) => {
            (StatusCode::OK, json!({ "Messages": queue.wait(&input).await }))
        }
        (Some("AmazonSQS.DeleteMessage"), Ok(_)) => (StatusCode::OK, json!({})),
        _ => {
            let refusal = json!({ "__type": "com.amazonaws.sqs#UnsupportedOperation" });
            (StatusCode::BAD_REQUEST, refusal)
        }
    };
    let id = format!("00000000-0000-4000-8000-{number:012}");
    (status, [("x-amzn-requestid", id)], Json(answer)).into_response()
}

impl Messages {
    fn push(&self, number: u64, input: &Value) -> Value {
        let id = format!("message-{number}");
        let message = json!({
            "MessageId": id,
            "ReceiptHandle": id,
            "Body": input["MessageBody"],
            // The trace, which the interceptor has put there.
            "Attributes": {
                "AWSTraceHeader": input["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"],
            },
        });
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        self.arrived.notify_one();
        json!({ "MessageId": id })
    }

    async fn wait(&self, input: &Value) -> Vec<Value> {
        let patience = Duration::from_secs(input["WaitTimeSeconds"].as_u64().unwrap_or(0));
        let messages = async {
            loop {
                let messages = self.take();
                if !messages.is_empty() {
                    return messages;
                }
                self.arrived.notified().await;
            }
        };
        timeout(patience, messages).await.unwrap_or_default()
    }

    fn take(&self) -> Vec<Value> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = waiting.len().min(MOST_AT_ONCE);
        let rest = waiting.split_off(taken);
        mem::replace(&mut *waiting, rest)
    }
}
