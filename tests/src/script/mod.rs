//! The driver of the recording script: `cargo run -p xray-tests --bin script`.

mod configure;
mod driver;
mod exceptions;
mod fields;
mod line;
mod questions;
mod trace;

use std::any::Any;
use std::io::{self, BufRead, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use driver::Driver;
use line::Line;

/// What a line is answered with: fields, or why it could not be done.
type Answer = Result<Value, String>;

/// Obeys the lines of `input` and answers each on `output`, until the input ends. What is open then
/// is thrown away, and what has ended has left.
///
/// # Errors
/// Only those of reading and writing; what is wrong with a line is its answer.
pub fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut driver = Driver::new();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if !line.trim_ascii().is_empty() {
            let answer = answer(&mut driver, &line);
            writeln!(output, "{}", answer.unwrap_or_else(|error| json!({"error": error})))?;
            output.flush()?;
        }
        line.clear();
    }
    driver.finish();
    Ok(())
}

fn answer(driver: &mut Driver, line: &[u8]) -> Answer {
    // By way of an object, since an array would do for serde as well.
    let keys: Map<String, Value> =
        serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let line = Line::deserialize(Value::Object(keys)).map_err(|error| error.to_string())?;
    catch_unwind(AssertUnwindSafe(|| driver.obey(line)))
        .unwrap_or_else(|payload| Err(panic_text(&*payload)))
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("a payload that is no text"))
}
