use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value;

/// A program that answers each line with a line, such as a contender or the sink; ended on drop.
pub(crate) struct Program {
    name: String,
    child: Child,
    /// Taken at the end: the program ends with its input.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Program {
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self, String> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {name}, {command:?}: {error}"))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("a program has no output")?;
        Ok(Self { name: name.to_owned(), child, input, output: BufReader::new(output) })
    }

    /// Of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) => Err(format!("{} ended early; what it says is above", self.name)),
            Ok(_) => Ok(line.trim_end_matches('\n').to_owned()),
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }

    pub(crate) fn ask(&mut self, question: &str) -> Result<Value, String> {
        let input = self.input.as_mut().ok_or("a program was asked after its end")?;
        writeln!(input, "{question}").map_err(|error| format!("{}: {error}", self.name))?;
        let line = self.line()?;
        let answer: Value = serde_json::from_str(&line)
            .map_err(|error| format!("{} says {line:?}: {error}", self.name))?;
        match answer.get("error") {
            Some(error) => Err(format!("{}: {error}", self.name)),
            None => Ok(answer),
        }
    }

    /// Waits until it has ended by itself.
    pub(crate) fn end(mut self) -> Result<(), String> {
        drop(self.input.take());
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", self.name)) }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It ends with its input; one that hangs must not outlive us.
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
