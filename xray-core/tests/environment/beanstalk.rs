use serde_json::json;
use xray_core::Plugin;

use crate::place::{Place, expected, plain};

pub(crate) const FILE: &str = "var/elasticbeanstalk/xray/environment.conf";

#[test]
fn an_environment() {
    let place = Place::new().file(
        FILE,
        r#"{
            "deployment_id": 32,
            "version_label": "app-5a56-170119_190650-stage-170119_190650",
            "environment_name": "scorekeep",
            "environment_id": "e-abcdefghij"
        }"#,
    );
    let aws = json!({
        "elastic_beanstalk": {
            "environment_name": "scorekeep",
            "version_label": "app-5a56-170119_190650-stage-170119_190650",
            "deployment_id": 32,
        }
    });
    let origin = Some("AWS::ElasticBeanstalk::Environment");
    assert_eq!(place.segment([Plugin::ElasticBeanstalk]), expected(origin, &aws));
}

#[test]
fn files_that_say_nothing() {
    let huge = format!(r#"{{"environment_name": "a", "x": "{}"}}"#, "x".repeat(70_000));
    let deep = "[".repeat(50_000);
    let files = ["", "{", "[]", "null", "{}", r#"{"environment_name": 7}"#, &huge, &deep, "\u{0}"];
    for file in files {
        let place = Place::new().file(FILE, file);
        assert_eq!(place.segment([Plugin::ElasticBeanstalk]), plain(), "{file:.50}");
    }
    // A folder in the file's place.
    let place = Place::new().file(&format!("{FILE}/x"), "");
    assert_eq!(place.segment([Plugin::ElasticBeanstalk]), plain());
    assert_eq!(Place::new().segment([Plugin::ElasticBeanstalk]), plain());
}
