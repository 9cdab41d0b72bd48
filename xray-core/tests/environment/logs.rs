use serde_json::{Value, json};
use xray_core::Plugin;

use crate::{
    ec2::version_2,
    place::{Place, expected, only, plain},
    service::Service,
};

const AGENT: &str = "opt/aws/amazon-cloudwatch-agent/etc/log-config.json";

fn groups(place: &Place) -> Value {
    place.segment([Plugin::Ec2])["aws"]["cloudwatch_logs"].take()
}

#[test]
fn the_variable_needs_no_detection() {
    let place = Place::new().variable("AWS_LOG_GROUP", "orders");
    let (builder, memory) = place.builder();
    builder.build().unwrap().begin_segment("orders").end();
    let aws = json!({ "cloudwatch_logs": [{ "log_group": "orders" }] });
    assert_eq!(only(&memory), expected(None, &aws));
    // A failed detection leaves it.
    assert_eq!(place.segment([Plugin::Ecs]), expected(None, &aws));
}

#[test]
fn the_agent_of_an_instance() {
    let service = Service::new(version_2);
    let place = Place::new()
        .variable("IMDS_ENDPOINT", service.url())
        .variable("AWS_LOG_GROUP", "orders")
        .file(
            AGENT,
            r#"{
                "version": "1",
                "log_configs": [
                    { "log_group_name": "syslog" },
                    { "log_group_name": "orders" },
                    { "log_group_name": "" },
                    { "log_group_name": 7 },
                    { "other": "x" },
                    7,
                    { "log_group_name": "access" }
                ],
                "region": "eu-west-1"
            }"#,
        );
    let expected = json!([
        { "log_group": "orders" },
        { "log_group": "syslog" },
        { "log_group": "access" },
    ]);
    assert_eq!(groups(&place), expected);
}

#[test]
fn an_agent_that_watches_a_great_many_files() {
    let service = Service::new(version_2);
    let configs: Vec<Value> =
        (0..500).map(|n| json!({ "log_group_name": format!("group-{n}") })).collect();
    let place = Place::new()
        .variable("IMDS_ENDPOINT", service.url())
        .file(AGENT, json!({ "log_configs": configs }).to_string());
    assert_eq!(groups(&place).as_array().unwrap().len(), 20);
}

#[test]
fn an_agents_file_that_says_nothing() {
    for file in ["", "{", "{}", r#"{"log_configs": 7}"#, r#"{"log_configs": []}"#] {
        let service = Service::new(version_2);
        let place = Place::new().variable("IMDS_ENDPOINT", service.url()).file(AGENT, file);
        let segment = place.segment([Plugin::Ec2]);
        assert_eq!(segment["origin"], "AWS::EC2::Instance", "{file}");
        assert!(segment["aws"].get("cloudwatch_logs").is_none(), "{file}");
    }
}

#[test]
fn elsewhere_the_agents_file_is_not_read() {
    let file = r#"{"log_configs": [{ "log_group_name": "syslog" }]}"#;
    let place = Place::new().variable("AWS_EC2_METADATA_DISABLED", "true").file(AGENT, file);
    assert_eq!(place.segment([Plugin::Ec2]), plain());
}
