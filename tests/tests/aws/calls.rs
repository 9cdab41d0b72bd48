//! What is recorded of a call, and what is sent with it.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use serde_json::json;

use crate::stand::{Stand, plain};

/// Makes a table with the key `id`.
pub(crate) async fn create_table(dynamodb: &aws_sdk_dynamodb::Client, name: &str) {
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash);
    let id = AttributeDefinition::builder()
        .attribute_name("id")
        .attribute_type(ScalarAttributeType::S);
    dynamodb
        .create_table()
        .table_name(name)
        .key_schema(key.build().expect("complete"))
        .attribute_definitions(id.build().expect("complete"))
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await
        .expect("a table");
}

#[tokio::test]
async fn a_call_is_a_subsegment_and_carries_its_id() {
    let stand = Stand::start().await;
    let dynamodb = stand.dynamodb();
    let (_, table) = stand.call(async || create_table(&dynamodb, "orders").await).await;
    assert_eq!(table["aws"]["table_name"], "orders");
    stand.proxy.take();

    let (_, document) = stand
        .call(async || {
            let item = dynamodb.put_item().table_name("orders");
            item.item("id", AttributeValue::S("7".into())).send().await.expect("it is put");
        })
        .await;
    let request = stand.proxy.take_one();
    let id = document["id"].as_str().expect("an id");
    let header = request.header("x-amzn-trace-id").expect("a header");
    assert!(header.ends_with(&format!(";Parent={id};Sampled=1")), "{header}");
    let traceparent = request.header("traceparent").expect("a header");
    assert!(traceparent.ends_with(&format!("-{id}-01")), "{traceparent}");
    let length = &document["http"]["response"]["content_length"];
    let request_id = &document["aws"]["request_id"];
    assert!(length.is_u64() && request_id.is_string(), "{document}");
    assert_eq!(
        plain(&document),
        json!({
            "name": "DynamoDB",
            "namespace": "aws",
            "http": {"response": {"status": 200, "content_length": length}},
            "aws": {
                "operation": "PutItem",
                "region": "eu-west-1",
                "request_id": request_id,
                "retries": 0,
                "table_name": "orders",
                "resource_names": ["orders"],
            },
        })
    );
}
