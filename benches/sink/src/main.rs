//! Receives what contenders send and counts it, in a process of its own: X-Ray documents over UDP, OTLP
//! over HTTP and over gRPC. It reads none of it, so that it takes little of the machine.
//!
//! Its first line says where it listens. After that it answers each line of standard input with what it
//! has received so far, and it ends with its input.

mod otlp;
mod udp;

use std::{
    io::{self, BufRead, Write},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) documents: AtomicU64,
    pub(crate) document_bytes: AtomicU64,
    pub(crate) exports: AtomicU64,
    pub(crate) export_bytes: AtomicU64,
}

impl Counts {
    fn json(&self) -> Value {
        json!({
            "documents": self.documents.load(Ordering::Relaxed),
            "document_bytes": self.document_bytes.load(Ordering::Relaxed),
            "exports": self.exports.load(Ordering::Relaxed),
            "export_bytes": self.export_bytes.load(Ordering::Relaxed),
        })
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench-sink: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let counts: Arc<Counts> = Arc::default();
    let (udp, buffer) = udp::listen(&counts)?;
    let (http, grpc) = otlp::listen(&counts)?;
    say(&json!({"udp": udp, "udp_buffer": buffer, "http": http, "grpc": grpc}))?;
    for line in io::stdin().lock().lines() {
        line?;
        say(&counts.json())?;
    }
    Ok(())
}

fn say(answer: &Value) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{answer}")?;
    output.flush()
}
