//! Takes orders over HTTP and puts them into the queue.

mod order;

use aws_config::BehaviorVersion;
use aws_sdk_sqs::{Client, config::Builder};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use lambda_http::{Error, Request, Response, service_fn, tower::Layer};
use serde_json::json;
use xray_aws::XRayInterceptor;
use xray_lambda::{Entity, Recorder, XRayLambdaLayer, subsegment};

use crate::order::Order;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let _flush = Recorder::builder("place-order").build()?.install();
    let queue = Queue::of_environment().await?;
    let handler = service_fn(async |request| place(&queue, request).await);
    lambda_http::run(XRayLambdaLayer::new().layer(handler)).await
}

async fn place(queue: &Queue, request: Request) -> Result<Response<String>, Error> {
    let order = match checked(request.body()) {
        Ok(order) => order,
        Err(why) => return answer(400, &json!({"error": why})),
    };
    Entity::current().annotate("item", &*order.item);
    let id = queue.send(&order).await?;
    answer(202, &json!({"order": id}))
}

/// The function's own step: a subsegment, with the error where there is one.
#[subsegment(name = "check order", skip(body), err)]
fn checked(body: &[u8]) -> Result<Order, String> {
    Order::read(body)
}

fn answer(status: u16, body: &serde_json::Value) -> Result<Response<String>, Error> {
    let answer = Response::builder().status(status).header("content-type", "application/json");
    Ok(answer.body(body.to_string())?)
}

struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The one that the template names, made once for all invocations.
    async fn of_environment() -> Result<Self, Error> {
        let url = std::env::var("QUEUE_URL").map_err(|_| "QUEUE_URL has to name the queue")?;
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
        // Each call is a subsegment, and each message carries the trace to `settle-orders`.
        let config = Builder::from(&config).interceptor(XRayInterceptor::new());
        Ok(Self { client: Client::from_conf(config.build()), url })
    }

    async fn send(&self, order: &Order) -> Result<Option<String>, Error> {
        let message = serde_json::to_string(order)?;
        let sent = self.client.send_message().queue_url(&self.url).message_body(message).send();
        Ok(sent.await?.message_id)
    }
}
