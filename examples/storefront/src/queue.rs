//! Orders on their way to the worker: a queue of Amazon SQS, called with the AWS SDK. The interceptor makes
//! a subsegment of each call and gives each message the trace that it belongs to.

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use aws_sdk_sqs::{Client, Config, Error};
use serde_json::json;
use xray_aws::XRayInterceptor;

use crate::shop::Order;

/// What the queue would be called in AWS, which is what it is called in the trace.
const URL: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/orders";

/// One side's access to the queue.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    client: Client,
    /// Asking for messages again and again belongs to no request, so it is not recorded.
    polling: Client,
}

impl Queue {
    /// With calls going to the stand-in, whatever the address of the queue.
    pub(crate) fn at(endpoint: &str) -> Self {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-central-1"))
            .endpoint_url(endpoint)
            // A key that exists nowhere: what leaves this machine could do nothing.
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "none", None, None, "storefront"))
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        let recorded = config.clone().interceptor(XRayInterceptor::new());
        Self {
            client: Client::from_conf(recorded.build()),
            polling: Client::from_conf(config.build()),
        }
    }

    pub(crate) async fn send(&self, order: &Order) -> Result<(), Error> {
        let message = json!(order).to_string();
        self.client.send_message().queue_url(URL).message_body(message).send().await?;
        Ok(())
    }

    /// What is there, or what comes within a second.
    pub(crate) async fn receive(&self) -> Result<Vec<Message>, Error> {
        let received = self
            .polling
            .receive_message()
            .queue_url(URL)
            .max_number_of_messages(10)
            .wait_time_seconds(1)
            // SQS keeps it to itself unless it is asked.
            .message_system_attribute_names(MessageSystemAttributeName::AwsTraceHeader)
            .send()
            .await?;
        Ok(received.messages.unwrap_or_default())
    }

    pub(crate) async fn delete(&self, message: &Message) -> Result<(), Error> {
        let receipt = message.receipt_handle().unwrap_or_default();
        let delete = self.client.delete_message().queue_url(URL).receipt_handle(receipt);
        delete.send().await?;
        Ok(())
    }
}
