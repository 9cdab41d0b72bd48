//! A child process that speaks in lines and cannot outlive the test.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};

use serde_json::Value;

use crate::wait::DEADLINE;

/// A running child process. Dropping it closes its standard input, kills it (SIGKILL) and waits for its end.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    name: String,
}

impl Child {
    /// Starts the command. Its standard error goes to the test's own.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn spawn(mut command: Command) -> Self {
        let name = format!("{command:?}");
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let stdin = process.stdin.take();
        let stdout = process.stdout.take().expect("stdout is piped");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { process, stdin, lines, name }
    }

    /// Its id among the system's processes.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Gives the child a line.
    ///
    /// # Panics
    /// When it does not read any more.
    pub fn say(&mut self, line: &Value) {
        let stdin = self.stdin.as_mut().expect("open until the drop");
        writeln!(stdin, "{line}").unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// Waits for the child's next line.
    ///
    /// # Panics
    /// When the child ends, or says nothing within the deadline.
    pub fn text(&mut self) -> String {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("{} says nothing", self.name),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.process.wait();
                panic!("{} ended: {status:?}", self.name)
            }
        }
    }

    /// Waits for the child's next line of JSON. What is no JSON is chatter, such as a framework's banner.
    ///
    /// # Panics
    /// As [`text`](Self::text).
    pub fn line(&mut self) -> Value {
        loop {
            let text = self.text();
            match serde_json::from_str(&text) {
                Ok(value) => return value,
                Err(_) => eprintln!("{text}"),
            }
        }
    }

    /// Waits for the line that tells the port the child listens on.
    ///
    /// # Panics
    /// As [`line`](Self::line), and when the line names no port.
    pub fn port(&mut self) -> u16 {
        let line = self.line();
        line["port"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or_else(|| panic!("{} told no port: {line}", self.name))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // It may have ended by itself, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
