//! Copies of one process, as restores from a snapshot make them.

use serde_json::json;

use crate::{
    api::{Api, Invoke},
    function::Function,
    headers::filled,
};

#[tokio::test]
async fn copies_of_a_process_give_different_ids() {
    let header = filled("Root=<root>;Parent=<parent>;Sampled=1");
    let invokes = ["r-1", "r-2"].map(|id| Invoke::new(id, json!({})).trace(&header));
    let mut api = Api::serve(invokes).await;
    let restored = [("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")];
    let _function = Function::start_with("copies", &api, &restored);
    let [one, two] = [api.answer().await.json(), api.answer().await.json()];
    assert_eq!(one["drawn"], two["drawn"], "these are copies");
    assert_ne!(one["id"], two["id"]);
}
