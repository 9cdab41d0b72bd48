//! Running one script through one driver: its answers, and the documents that arrived by UDP.

use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};
use socket2::SockRef;

/// What came of a script.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) answers: Vec<Value>,
    pub(crate) documents: Vec<Value>,
    /// Bytes of the longest datagram.
    pub(crate) longest: usize,
    pub(crate) log: String,
}

/// The driver of this SDK.
pub(crate) fn ours() -> Command {
    xray_tests::clean(env!("CARGO_BIN_EXE_script").as_ref())
}

/// The driver of the official Python SDK.
pub(crate) fn python() -> Command {
    xray_tests::python_script()
}

/// Runs a script with a listener in the daemon's place.
pub(crate) fn run(mut driver: Command, script: &[u8], variables: &[(String, String)]) -> Outcome {
    let inbox = Inbox::open();
    driver
        .env("AWS_XRAY_DAEMON_ADDRESS", inbox.address().to_string())
        .envs(variables.iter().map(|(name, value)| (name, value)));
    let (answers, log) = drive(driver, script);
    let (documents, longest) = inbox.close();
    Outcome { answers, documents, longest, log }
}

/// Gives a driver its lines; returns its answers and what it logged.
pub(crate) fn drive(mut driver: Command, script: &[u8]) -> (Vec<Value>, String) {
    driver
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = driver.spawn().expect("the driver starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let script = script.to_vec();
    // Written beside the reading: a long script would fill both pipes.
    let writer = thread::spawn(move || stdin.write_all(&script));
    let output = child.wait_with_output().expect("the driver ends");
    let written = writer.join().expect("the writer does not panic");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && written.is_ok(), "{:?}\n{log}", output.status);
    let answers = String::from_utf8(output.stdout).expect("UTF-8");
    let answers = answers.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (answers, log)
}

/// A listener that only receives, on a thread of its own, so that the socket's buffer does not fill.
pub(crate) struct Inbox {
    address: SocketAddr,
    receiver: JoinHandle<Vec<Vec<u8>>>,
}

/// Says that all datagrams before it have come: loopback keeps their order.
const LAST: &[u8] = b"last";

/// As much as the kernel gives.
const BUFFER: usize = 8 * 1024 * 1024;

impl Inbox {
    pub(crate) fn open() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        SockRef::from(&socket).set_recv_buffer_size(BUFFER).expect("a socket of ours");
        let address = socket.local_addr().expect("bound");
        let receiver = thread::spawn(move || {
            let mut datagrams = Vec::new();
            let mut buffer = vec![0; 65_536];
            loop {
                let length = socket.recv(&mut buffer).expect("loopback");
                if &buffer[..length] == LAST {
                    return datagrams;
                }
                datagrams.push(buffer[..length].to_vec());
            }
        });
        Self { address, receiver }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The documents that came, and the bytes of the longest datagram.
    pub(crate) fn close(self) -> (Vec<Value>, usize) {
        let sender = UdpSocket::bind("127.0.0.1:0").expect("loopback");
        sender.send_to(LAST, self.address).expect("loopback");
        let datagrams = self.receiver.join().expect("the receiver does not panic");
        let longest = datagrams.iter().map(Vec::len).max().unwrap_or_default();
        (datagrams.iter().map(|datagram| document(datagram)).collect(), longest)
    }
}

/// The document of a datagram; what is no JSON is shown as such, since a peer may send it.
fn document(datagram: &[u8]) -> Value {
    let text = String::from_utf8_lossy(datagram);
    // Spaces may follow the header where documents left together.
    let body = text.split_once('\n').filter(|(header, _)| {
        header.trim_end_matches(' ') == "{\"format\":\"json\",\"version\":1}"
    });
    let (_, body) = body.unwrap_or_else(|| panic!("no header line: {text}"));
    serde_json::from_str(body).unwrap_or_else(|error| json!({"invalid": error.to_string()}))
}
