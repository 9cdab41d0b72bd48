//! What leaves while a script waits for it.

use serde_json::{Value, json};
use xray_tests::{Child, UdpListener};

use crate::drivers::ours;

/// Gives a line and returns the answer.
fn ask(driver: &mut Child, line: &Value) -> Value {
    driver.say(line);
    driver.line()
}

#[test]
fn a_long_segment_is_shown_and_its_straggler_follows() {
    let mut daemon = UdpListener::bind();
    let mut driver = Child::spawn(ours());
    let configure = json!({
        "op": "configure", "service": "orders", "daemon": daemon.address().to_string(),
        "sampling": false, "in_progress_after": 0.02, "grace": 0.02,
    });
    ask(&mut driver, &configure);
    let segment = ask(&mut driver, &json!({"op": "begin_segment"}));
    let running = daemon.collect_until(|documents| documents.len() == 1)[0].clone();
    assert_eq!((&running["id"], &running["in_progress"]), (&segment["id"], &json!(true)));
    assert!(running.get("end_time").is_none());

    let slow = ask(&mut driver, &json!({"op": "begin_subsegment", "name": "slow"}));
    ask(&mut driver, &json!({"op": "end_segment"}));
    let ended = daemon.collect_until(|documents| documents.len() == 2)[1].clone();
    assert_eq!(ended["id"], segment["id"]);
    assert!(ended["end_time"].is_number() && ended.get("in_progress").is_none());
    assert_eq!(ended["subsegments"][0]["in_progress"], true);

    ask(&mut driver, &json!({"op": "end_subsegment"}));
    let straggler = &daemon.collect_until(|documents| documents.len() == 3)[2];
    assert_eq!([&straggler["id"], &straggler["parent_id"]], [&slow["id"], &segment["id"]]);
    assert!(straggler["end_time"].is_number());
}
