//! Names as services write them, and as X-Ray shows them.

/// An API name in X-Ray's spelling: `QueueOwnerAWSAccountId` is `queue_owner_aws_account_id`.
pub(crate) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 8);
    for (index, &char) in chars.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| chars[index]);
        let after = chars.get(index + 1);
        let begins_word = before.is_some_and(|before| {
            before.is_lowercase()
                || before.is_ascii_digit()
                // The last capital of several begins the next word, unless an `s` makes them plural.
                || before.is_uppercase()
                    && after.is_some_and(|after| after.is_lowercase())
                    && !is_plural(&chars[index + 1..])
        });
        if char.is_uppercase() && begins_word {
            snake.push('_');
        }
        snake.extend(char.to_lowercase());
    }
    snake
}

fn is_plural(rest: &[char]) -> bool {
    rest[0] == 's' && rest.get(1).is_none_or(|next| next.is_uppercase())
}

/// A service's id as whitelists know it: in lower case, without spaces, by the name that older SDKs
/// gave it.
pub(crate) fn service_key(id: &str) -> String {
    let key: String = id.chars().filter(|c| *c != ' ').flat_map(char::to_lowercase).collect();
    if key == "sagemakerruntime" { "runtime.sagemaker".to_owned() } else { key }
}

/// An operation's name; the official Node SDK begins it with a small letter.
pub(super) fn operation_key(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::{operation_key, service_key, snake_case};

    #[test]
    fn knows_acronyms() {
        for (name, snake) in [
            ("TableName", "table_name"),
            ("QueueOwnerAWSAccountId", "queue_owner_aws_account_id"),
            ("IPAddress", "ip_address"),
            ("VPC", "vpc"),
            ("TopicARNs", "topic_arns"),
            ("SSEKMSKeyId", "ssekms_key_id"),
            ("S3Key", "s3_key"),
            ("key", "key"),
            ("", ""),
            ("Ärger", "ärger"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn finds_services_and_operations_by_any_spelling() {
        assert_eq!(service_key("DynamoDB"), "dynamodb");
        assert_eq!(service_key("SageMaker Runtime"), "runtime.sagemaker");
        assert_eq!(operation_key("getItem"), "GetItem");
        assert_eq!(operation_key(""), "");
    }
}
