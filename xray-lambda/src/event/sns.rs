use aws_lambda_events::event::sns::{SnsRecord, SnsRecordObj};

use super::{Record, record::name_of};

/// A notification of SNS, whose trace is the invocation's.
impl Record for SnsRecord {
    fn name(&self) -> &str {
        name_of(&self.sns.topic_arn)
    }

    fn id(&self) -> Option<&str> {
        Some(&self.sns.message_id)
    }
}

/// A notification of SNS, whose trace is the invocation's.
impl<T: serde::Serialize + serde::de::DeserializeOwned> Record for SnsRecordObj<T> {
    fn name(&self) -> &str {
        name_of(&self.sns.topic_arn)
    }

    fn id(&self) -> Option<&str> {
        Some(&self.sns.message_id)
    }
}
