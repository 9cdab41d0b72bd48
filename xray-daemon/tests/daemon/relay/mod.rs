//! The relay from outside: real datagrams in, a stand-in of X-Ray behind it.

mod backend;
mod delivery;
mod faults;
mod recorder;
mod sampling;
mod search;

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;

use crate::running::{Running, address, xrayd};
use crate::support::{FREE, datagram};
use backend::Backend;

/// The program with keys, a region, and the stand-in for the whole of AWS.
fn relaying(backend: &Backend, arguments: &[&str]) -> Command {
    let mut command = xrayd(arguments);
    command.args(["-t", "127.0.0.1:0", "--no-console"]);
    command.env("AWS_ENDPOINT_URL", backend.url()).env("AWS_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "hush-hush");
    command
}

/// A running program and a socket that sends to it.
struct Relaying {
    running: Running,
    first: String,
    /// Where sampling rules come from.
    rules: String,
    sender: UdpSocket,
}

impl Relaying {
    fn start(backend: &Backend) -> Self {
        Self::spawn(&mut relaying(backend, &["-b", "127.0.0.1:0"]))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut running = Running::spawn(command);
        let first = running.line();
        assert!(running.line().starts_with("no console"));
        let rules = running.line();
        let sender = UdpSocket::bind(FREE).unwrap();
        sender.connect(address(&first, "UDP")).unwrap();
        Self { running, first, rules, sender }
    }

    fn send(&self, body: &str) {
        self.sender.send(&datagram(body)).unwrap();
    }

    /// Stops it; returns the line of the balance and the log.
    fn stop(mut self) -> (String, String) {
        self.running.signal("TERM");
        let balance = self.running.line();
        let (code, log) = self.running.end();
        assert_eq!(code, Some(0), "{log}");
        (balance, log)
    }
}

/// A number out of the balance.
fn count(balance: &str, name: &str) -> u64 {
    let (_, relayed) = balance.split_once("relayed ").unwrap();
    if name == "taken" {
        return relayed.split(' ').next().unwrap().parse().unwrap();
    }
    let (_, rest) = relayed.split_once(&format!("{name} ")).unwrap();
    rest.split([' ', ';']).next().unwrap().parse().unwrap()
}

/// Whatever happened, nothing may be missing.
fn check_balance(balance: &str) {
    let fates = ["sent", "unprocessed", "rejected", "expired", "dropped", "waiting"];
    let fates: u64 = fates.iter().map(|fate| count(balance, fate)).sum();
    assert_eq!(count(balance, "taken"), fates, "{balance}");
}

/// A document of its own.
fn numbered(number: usize) -> String {
    crate::support::document("orders").replace("70de5b6f19ff9a0a", &format!("{number:016x}"))
}

fn free_port() -> SocketAddr {
    UdpSocket::bind(FREE).unwrap().local_addr().unwrap()
}
