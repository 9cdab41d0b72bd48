use serde_json::json;
use xray_core::Plugin;

use crate::{
    place::{Place, expected, plain, warnings},
    service::{Answer, Request, Service},
};

const IDENTITY: &str = r#"{
    "accountId": "123456789012",
    "architecture": "arm64",
    "availabilityZone": "eu-west-1b",
    "billingProducts": null,
    "imageId": "ami-5fb8c835",
    "instanceId": "i-1234567890abcdef0",
    "instanceType": "m7g.large",
    "region": "eu-west-1"
}"#;

const TOKEN: &str = "PUT /latest/api/token";
const DOCUMENT: &str = "GET /latest/dynamic/instance-identity/document";

fn block() -> serde_json::Value {
    json!({
        "ec2": {
            "instance_id": "i-1234567890abcdef0",
            "availability_zone": "eu-west-1b",
            "instance_size": "m7g.large",
            "ami_id": "ami-5fb8c835",
        }
    })
}

/// An instance that wants a token for its document.
pub(crate) fn version_2(request: &Request) -> Answer {
    let lifetime = request.header("x-aws-ec2-metadata-token-ttl-seconds");
    let token = request.header("x-aws-ec2-metadata-token");
    match (request.line.as_str(), lifetime, token) {
        (TOKEN, Some("60"), None) => Answer::ok("AQAEAO-token=="),
        (DOCUMENT, None, Some("AQAEAO-token==")) => Answer::ok(IDENTITY),
        _ => Answer::status(401),
    }
}

/// An instance where asking for a token ends so.
fn version_1(token: fn() -> Answer) -> Service {
    Service::new(move |request| match request.line.as_str() {
        TOKEN => token(),
        DOCUMENT if request.header("x-aws-ec2-metadata-token").is_none() => Answer::ok(IDENTITY),
        _ => Answer::status(404),
    })
}

#[test]
fn an_instance_with_a_token() {
    let service = Service::new(version_2);
    let place = Place::new().variable("IMDS_ENDPOINT", service.url());
    let segment = place.segment([Plugin::Ec2]);
    assert_eq!(segment, expected(Some("AWS::EC2::Instance"), &block()));
    assert_eq!(warnings(&service.address), [""; 0]);

    let asked = service.requests();
    let common = [
        ("accept", "application/json"),
        ("connection", "close"),
        ("host", service.address.as_str()),
        ("user-agent", concat!("xray-core/", env!("CARGO_PKG_VERSION"))),
    ];
    let request = |line: &str, more: &[(&str, &str)]| {
        let headers = common.iter().chain(more);
        let mut headers: Vec<_> =
            headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        headers.sort();
        Request { line: line.to_owned(), headers }
    };
    let expected = [
        request(TOKEN, &[("content-length", "0"), ("x-aws-ec2-metadata-token-ttl-seconds", "60")]),
        request(DOCUMENT, &[("x-aws-ec2-metadata-token", "AQAEAO-token==")]),
    ];
    assert_eq!(asked, expected);
}

#[test]
fn a_host_without_a_scheme_as_the_official_sdks_take_it() {
    let service = Service::new(version_2);
    let place = Place::new().variable("IMDS_ENDPOINT", &service.address);
    let segment = place.segment([Plugin::Ec2]);
    assert_eq!(segment, expected(Some("AWS::EC2::Instance"), &block()));
}

#[test]
fn an_instance_without_tokens() {
    let ways: [fn() -> Answer; 6] = [
        || Answer::status(403),
        || Answer::status(404),
        || Answer::raw(""),
        || Answer::ok(""),
        || Answer::ok("a token\r\nx-forged: header"),
        || Answer::Silence,
    ];
    for way in ways {
        let service = version_1(way);
        let place = Place::new().variable("IMDS_ENDPOINT", service.url());
        let segment = place.segment([Plugin::Ec2]);
        assert_eq!(segment, expected(Some("AWS::EC2::Instance"), &block()));
        let lines: Vec<String> = service.requests().into_iter().map(|asked| asked.line).collect();
        assert_eq!(lines, [TOKEN, DOCUMENT]);
        assert_eq!(warnings(&service.address), [""; 0]);
    }
}

#[test]
fn an_instance_whose_document_says_little() {
    let service = Service::new(|request| match request.line.as_str() {
        TOKEN => Answer::ok("token"),
        _ => Answer::ok(r#"{"instanceId": "i-1", "imageId": null, "instanceType": 7}"#),
    });
    let place = Place::new().variable("IMDS_ENDPOINT", service.url());
    let aws = json!({ "ec2": { "instance_id": "i-1" } });
    assert_eq!(place.segment([Plugin::Ec2]), expected(Some("AWS::EC2::Instance"), &aws));
}

#[test]
fn texts_that_are_no_names_are_left_out() {
    let long = "x".repeat(10_000);
    let document = json!({ "instanceId": "i-1", "imageId": long, "availabilityZone": "a\u{7}b" });
    let document = document.to_string();
    let service = Service::new(move |request| match request.line.as_str() {
        TOKEN => Answer::ok("token"),
        _ => Answer::ok(&document),
    });
    let place = Place::new().variable("IMDS_ENDPOINT", service.url());
    let aws = json!({ "ec2": { "instance_id": "i-1" } });
    assert_eq!(place.segment([Plugin::Ec2]), expected(Some("AWS::EC2::Instance"), &aws));
}

#[test]
fn metadata_switched_off_is_not_asked_for() {
    let service = Service::new(version_2);
    let place = Place::new()
        .variable("IMDS_ENDPOINT", service.url())
        .variable("AWS_EC2_METADATA_DISABLED", "True");
    assert_eq!(place.segment([Plugin::Ec2]), plain());
    assert_eq!(service.seen(), []);
}
