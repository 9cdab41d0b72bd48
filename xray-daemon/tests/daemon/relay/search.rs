//! When documents are relayed, and how the first line says so.

use std::net::UdpSocket;
use std::process::Stdio;

use super::backend::Backend;
use super::{Relaying, free_port, numbered, relaying};
use crate::running::{Running, xrayd};
use crate::support::{FREE, datagram};

const FREE_PORTS: [&str; 5] = ["-b", "127.0.0.1:0", "-t", "127.0.0.1:0", "--no-console"];

#[test]
fn the_first_line_says_where_documents_go() {
    let backend = Backend::start();
    let relaying = Relaying::start(&backend);
    let end = format!(
        "and relays them to X-Ray in eu-west-1, account 123456789012, at {}",
        backend.url()
    );
    assert!(relaying.first.ends_with(&end), "{}", relaying.first);
}

#[test]
fn an_address_for_x_ray_alone_is_named_too() {
    let (backend, sts) = (Backend::start(), Backend::start());
    let mut command = relaying(&sts, &["-b", "127.0.0.1:0"]);
    command.env("AWS_ENDPOINT_URL_XRAY", format!("http://user:hush@{}", &backend.url()[7..]));
    let relaying = Relaying::spawn(&mut command);
    let end = format!("account 123456789012, at {}", backend.url());
    assert!(relaying.first.ends_with(&end), "{}", relaying.first);
}

#[test]
fn an_account_that_cannot_be_told_is_no_obstacle() {
    let backend = Backend::start();
    backend.no_account();
    let relaying = Relaying::start(&backend);
    assert!(relaying.first.contains("eu-west-1, account unknown, at"), "{}", relaying.first);
    relaying.send(&numbered(1));
    assert_eq!(backend.taken(1), [numbered(1)]);
    let (_, log) = relaying.stop();
    assert!(log.contains("the AWS account cannot be told"), "{log}");
}

#[test]
fn what_arrives_during_the_search_is_not_lost() {
    let backend = Backend::start();
    backend.hold_account(true);
    let udp = free_port();
    let mut running = Running::spawn(&mut relaying(&backend, &["-b", &udp.to_string()]));
    backend.wait_for_search();
    let sender = UdpSocket::bind(FREE).unwrap();
    for number in 0..3 {
        sender.send_to(&datagram(&numbered(number)), udp).unwrap();
    }
    backend.hold_account(false);
    assert!(running.line().contains("relays them to X-Ray"));
    assert_eq!(backend.taken(3), (0..3).map(numbered).collect::<Vec<_>>());
}

#[test]
fn without_credentials_or_a_region_documents_stay_here() {
    let backend = Backend::start();
    let cases = [
        (vec!["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "(no AWS credentials found)"),
        (vec!["AWS_REGION"], "(no AWS region found)"),
    ];
    for (absent, why) in cases {
        let mut command = relaying(&backend, &["-b", "127.0.0.1:0"]);
        for name in &absent {
            command.env_remove(name);
        }
        let relaying = Relaying::spawn(&mut command);
        let end = format!("and keeps them on this machine {why}");
        assert!(relaying.first.ends_with(&end), "{}", relaying.first);
        relaying.send(&numbered(1));
        let (balance, _) = relaying.stop();
        assert!(balance.ends_with("; dropped by the kernel 0"), "no relay, no counts: {balance}");

        let mut command = super::relaying(&backend, &["-b", "127.0.0.1:0", "--relay", "on"]);
        for name in &absent {
            command.env_remove(name);
        }
        let output = command.stdout(Stdio::piped()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{told}");
        let why = why.trim_matches(['(', ')']);
        let last = format!(
            "xrayd: cannot relay documents to X-Ray: {why}; set them, or choose --relay off\n"
        );
        assert!(told.ends_with(&last), "{told}");
    }
    assert_eq!(backend.connections(), 0, "nobody was asked");
}

#[test]
fn off_asks_nobody() {
    let backend = Backend::start();
    let mut command = relaying(&backend, &["-b", "127.0.0.1:0", "--relay", "off"]);
    let relaying = Relaying::spawn(&mut command);
    assert!(relaying.first.ends_with(" and keeps them on this machine"), "{}", relaying.first);
    relaying.send(&numbered(1));
    relaying.stop();
    assert_eq!(backend.connections(), 0);
}

#[test]
fn on_relays() {
    let backend = Backend::start();
    let mut command = relaying(&backend, &["-b", "127.0.0.1:0", "--relay", "on"]);
    let relaying = Relaying::spawn(&mut command);
    relaying.send(&numbered(1));
    assert_eq!(backend.taken(1), [numbered(1)]);
    let wrong = xrayd(&[&FREE_PORTS[..], &["--relay", "maybe"]].concat()).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}
