//! Services that are not there, or not what they should be: nothing is added, one warning is
//! logged, and the search ends.

use std::net::TcpListener;

use xray_core::Plugin;

use crate::{
    place::{Place, plain, warnings},
    service::{Answer, Seen, Service},
};

/// Looks for EC2 and ECS where both are served so; each must add nothing and warn once.
fn neither_adds_anything(answer: fn(&str) -> Answer) {
    for plugin in [Plugin::Ec2, Plugin::Ecs] {
        // The service's own address stands in for a redirect's target.
        let service = Service::new(move |request| answer(request.header("host").unwrap()));
        assert_eq!(segment(plugin, &service.url()), plain(), "{plugin:?}");
        let warnings = warnings(&service.address);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
    }
}

fn segment(plugin: Plugin, url: &str) -> serde_json::Value {
    let place =
        Place::new().variable("IMDS_ENDPOINT", url).variable("ECS_CONTAINER_METADATA_URI_V4", url);
    place.segment([plugin])
}

#[test]
fn nobody_listens() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    for plugin in [Plugin::Ec2, Plugin::Ecs] {
        assert_eq!(segment(plugin, &format!("http://{address}")), plain());
    }
    assert_eq!(warnings(&address).len(), 2);
}

#[test]
fn refusals() {
    neither_adds_anything(|_| Answer::status(404));
    neither_adds_anything(|_| Answer::status(500));
    neither_adds_anything(|_| Answer::status(204));
    neither_adds_anything(|_| Answer::raw(""));
}

#[test]
fn garbage() {
    neither_adds_anything(|_| Answer::raw("\0\u{1}\u{2}not HTTP"));
    neither_adds_anything(|_| Answer::raw([0xff; 5_000]));
    neither_adds_anything(|_| Answer::ok("not JSON"));
    neither_adds_anything(|_| Answer::ok("[]"));
    neither_adds_anything(|_| Answer::ok("{}"));
    neither_adds_anything(|_| Answer::ok(&"[".repeat(60_000)));
    neither_adds_anything(|_| Answer::raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"));
}

#[test]
fn huge_answers() {
    neither_adds_anything(|_| Answer::ok(&format!("{{\"x\":\"{}\"}}", "x".repeat(70_000))));
    neither_adds_anything(|_| {
        Answer::raw("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n")
    });
    neither_adds_anything(|_| {
        Answer::raw("HTTP/1.1 200 OK\r\n".to_owned() + &"a: b\r\n".repeat(100))
    });
}

#[test]
fn answers_without_an_end() {
    let starts = ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nx: "];
    for start in starts {
        let endless = start.as_bytes().iter().copied().chain([b'x'; 1024]).collect::<Vec<u8>>();
        let service = Service::new(move |_| Answer::Endless(endless.clone()));
        assert_eq!(segment(Plugin::Ecs, &service.url()), plain());
        assert!(matches!(service.next(), Seen::Request(_)));
        assert_eq!(service.next(), Seen::Closed);
    }
}

#[test]
fn redirects_are_not_followed() {
    neither_adds_anything(|host| {
        Answer::raw(format!(
            "HTTP/1.1 302 Found\r\nlocation: http://{host}/elsewhere\r\ncontent-length: 0\r\n\r\n"
        ))
    });
    let service = Service::new(|_| {
        Answer::raw("HTTP/1.1 307 No\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")
    });
    assert_eq!(segment(Plugin::Ecs, &(service.url() + "/v4")), plain());
    let lines: Vec<String> = service.requests().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines, ["GET /v4"]);
}

/// The service never answers: each of its connections is closed by the client, and the search ends.
#[test]
fn silence() {
    let service = Service::new(|_| Answer::Silence);
    assert_eq!(segment(Plugin::Ec2, &service.url()), plain());
    for line in ["PUT /latest/api/token", "GET /latest/dynamic/instance-identity/document"] {
        assert!(matches!(service.next(), Seen::Request(request) if request.line == line));
        assert_eq!(service.next(), Seen::Closed);
    }
    assert_eq!(warnings(&service.address).len(), 1);

    let service = Service::new(|_| Answer::Silence);
    assert_eq!(segment(Plugin::Ecs, &service.url()), plain());
    assert!(matches!(service.next(), Seen::Request(_)));
    assert_eq!(service.next(), Seen::Closed);
    assert_eq!(warnings(&service.address).len(), 1);
}

/// No byte is late, but all of them together are.
#[test]
fn a_trickle() {
    let service = Service::new(|_| Answer::Trickle);
    assert_eq!(segment(Plugin::Ecs, &service.url()), plain());
    assert!(matches!(service.next(), Seen::Request(_)));
    assert_eq!(service.next(), Seen::Closed);
}

#[test]
fn addresses_that_make_no_sense() {
    let addresses = [
        "http://",
        "https://127.0.0.1",
        "ftp://127.0.0.1",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:x/",
        "http://user@127.0.0.1",
        "http://127.0.0.1/\r\nx-forged: header",
        "http://[::1",
        "no such host",
        "\u{202e}",
    ];
    for address in addresses {
        assert_eq!(segment(Plugin::Ec2, address), plain(), "{address}");
        assert_eq!(segment(Plugin::Ecs, address), plain(), "{address}");
    }
}
