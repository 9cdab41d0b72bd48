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
fn a_profile_is_as_good_as_variables() {
    let backend = Backend::start();
    let config = std::env::temp_dir().join(format!("xrayd-config-{}", std::process::id()));
    let keys = r#"{"Version":1,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"hush-hush"}"#;
    let text = format!("[profile dev]\nregion = us-east-2\ncredential_process = echo '{keys}'\n");
    std::fs::write(&config, text).unwrap();
    let mut command = relaying(&backend, &["-b", "127.0.0.1:0"]);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
        command.env_remove(name);
    }
    let relaying =
        Relaying::spawn(command.env("AWS_CONFIG_FILE", &config).env("AWS_PROFILE", "dev"));
    std::fs::remove_file(&config).unwrap();
    assert!(
        relaying.first.contains("X-Ray in us-east-2, account 123456789012"),
        "{}",
        relaying.first
    );
    relaying.send(&numbered(1));
    assert_eq!(backend.taken(1), [numbered(1)]);
}

#[test]
fn broken_credentials_are_told_from_none() {
    let backend = Backend::start();
    let mut command = relaying(&backend, &["-b", "127.0.0.1:0"]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    // The container's endpoint is there, and answers nonsense.
    command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/credentials", backend.url()));
    let relaying = Relaying::spawn(&mut command);
    let told = "keeps them on this machine (AWS credentials cannot be loaded: ";
    assert!(relaying.first.contains(told), "{}", relaying.first);
}

#[test]
fn a_metadata_service_that_hangs_does_not_hold_up_the_start_for_long() {
    let backend = Backend::start();
    // Connections are made, and nobody answers.
    let silent = std::net::TcpListener::bind(FREE).unwrap();
    for absent in ["AWS_ACCESS_KEY_ID", "AWS_REGION"] {
        let mut command = relaying(&backend, &["-b", "127.0.0.1:0"]);
        command.env_remove(absent).env_remove("AWS_EC2_METADATA_DISABLED");
        let endpoint = format!("http://{}", silent.local_addr().unwrap());
        command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint);
        let relaying = Relaying::spawn(&mut command);
        assert!(
            relaying.first.contains("keeps them on this machine (no AWS "),
            "{}",
            relaying.first
        );
    }
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
