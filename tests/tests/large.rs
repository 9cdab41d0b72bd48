//! Segments that no datagram holds arrive whole, or say what they lack.

use std::time::Duration;

use serde_json::Value;
use xray_core::{Recorder, sample::LocalRules};
use xray_tests::{Xrayd, until_async};

const SOON: Duration = Duration::from_secs(10);

fn recorder(xrayd: &Xrayd) -> Recorder {
    let builder = Recorder::builder("orders").daemon(xrayd.address());
    builder.sampling_rules(LocalRules::everything()).build().expect("the recorder builds")
}

/// The rows of the trace once there are `count`.
async fn rows(xrayd: &Xrayd, trace: &str, count: usize) -> Value {
    until_async("the rows of the trace", async || {
        let known = xrayd.stats().accepted > 0;
        let rows =
            if known { xrayd.get(&format!("/api/traces/{trace}")).await } else { Value::Null };
        (rows["key"].as_array().is_some_and(|keys| keys.len() == count)).then_some(rows)
    })
    .await
}

#[tokio::test]
async fn four_hundred_children_arrive_as_one_tree() {
    let xrayd = Xrayd::start();
    let xray = recorder(&xrayd);
    let segment = xray.begin_segment("orders");
    let trace = segment.trace_id().to_string();
    for child in 0..400 {
        segment.subsegment(&format!("child {child}")).metadata("load", "x".repeat(250));
    }
    segment.end();
    assert!(xray.flush(SOON));

    let rows = rows(&xrayd, &trace, 401).await;
    let names = rows["names"].as_array().expect("names");
    let mut children: Vec<&str> = Vec::new();
    for (row, name) in rows["name"].as_array().expect("rows").iter().enumerate() {
        let name = names[name.as_u64().expect("a place") as usize].as_str().expect("a name");
        if row == 0 {
            assert_eq!((name, &rows["parent"][row]), ("orders", &(-1).into()));
        } else {
            assert_eq!(rows["parent"][row], 0, "{name} hangs under the segment");
            children.push(name);
        }
    }
    children.sort_unstable();
    let mut expected: Vec<String> = (0..400).map(|child| format!("child {child}")).collect();
    expected.sort_unstable();
    assert_eq!(children, expected);
    let (sent, received) = (xray.stats(), xrayd.stats());
    assert_eq!((sent.dropped(), sent.trimmed, received.rejected_total()), (0, 0, 0));
    assert_eq!(sent.sent, received.accepted);
    assert!(sent.streamed > 0);
}

#[tokio::test]
async fn a_segment_with_too_much_metadata_is_trimmed_and_says_so() {
    let xrayd = Xrayd::start();
    let xray = recorder(&xrayd);
    let segment = xray.begin_segment("orders");
    let trace = segment.trace_id().to_string();
    segment.metadata("small", "kept");
    segment.metadata("large", "x".repeat(100_000));
    segment.subsegment("child").end();
    segment.end();
    assert!(xray.flush(SOON));

    rows(&xrayd, &trace, 2).await;
    let document = xrayd.segments(&trace).await.remove(0);
    assert_eq!(document["metadata"]["default"]["large"], "[truncated]");
    assert_eq!(document["metadata"]["default"]["small"], "kept");
    let stats = xray.stats();
    assert_eq!((stats.trimmed, stats.dropped()), (1, 0));
}
