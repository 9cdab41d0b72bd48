//! The recording script's driver for this SDK: one JSON object per line in, one per line out, and
//! documents by UDP to the daemon's address. See `tests/README.md` for the language.

use std::io::{stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    match xray_tests::script::run(stdin().lock(), stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("script: {error}");
            ExitCode::FAILURE
        }
    }
}
