//! Settles the orders of the queue. One that cannot be settled comes again, alone.

mod order;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_runtime::{Error, LambdaEvent, service_fn, tower::Layer};
use xray_lambda::{Entity, Recorder, XRayLambdaLayer, event::partial_batch, subsegment};

use crate::order::Order;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let _flush = Recorder::builder("settle-orders").build()?.install();
    lambda_runtime::run(XRayLambdaLayer::new().layer(service_fn(handler))).await
}

async fn handler(event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    // Each message goes on with the trace of the request that ordered.
    Ok(partial_batch(&event.payload.records, settle).await)
}

async fn settle(message: &SqsMessage, entity: Entity) -> Result<(), String> {
    let order = Order::read(message.body.as_deref().unwrap_or_default().as_bytes())?;
    entity.annotate("item", &*order.item);
    charge(&order).await
}

#[subsegment(err)]
async fn charge(order: &Order) -> Result<(), String> {
    match &*order.item {
        "moon" => Err("the moon is not for sale".to_owned()),
        _ => Ok(()),
    }
}
