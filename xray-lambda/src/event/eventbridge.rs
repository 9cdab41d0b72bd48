use aws_lambda_events::event::{cloudwatch_events::CloudWatchEvent, eventbridge::EventBridgeEvent};
use serde::{Serialize, de::DeserializeOwned};

use super::Record;

/// An event of EventBridge, whose trace is the invocation's.
impl<T: Serialize + DeserializeOwned> Record for EventBridgeEvent<T> {
    fn name(&self) -> &str {
        &self.detail_type
    }

    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

/// An event of EventBridge under its former name.
impl<T: Serialize + DeserializeOwned> Record for CloudWatchEvent<T> {
    fn name(&self) -> &str {
        self.detail_type.as_deref().unwrap_or("event")
    }

    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}
