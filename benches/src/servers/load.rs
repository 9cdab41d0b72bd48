use std::process::Command;

use crate::machine::{Core, pinned};

/// Connections, on one thread.
pub(crate) const CONNECTIONS: u32 = 32;

/// What `wrk` says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    pub(crate) requests: f64,
    pub(crate) per_second: f64,
    /// Microseconds.
    pub(crate) half: f64,
    pub(crate) most: f64,
}

impl Load {
    /// For so many seconds, from the core that the server is not on.
    pub(crate) fn put(address: &str, seconds: u32) -> Result<Self, String> {
        let mut wrk = Command::new("wrk");
        wrk.args(["--threads=1", "--latency"]);
        wrk.arg(format!("--connections={CONNECTIONS}")).arg(format!("--duration={seconds}s"));
        wrk.arg(format!("http://{address}/"));
        let output = pinned(&wrk, Core::First).output();
        let output = output.map_err(|error| {
            format!("cannot start wrk: {error}; on Debian, `apt-get install wrk`")
        })?;
        let said = String::from_utf8_lossy(&output.stdout);
        Self::read(&said).ok_or_else(|| {
            format!("wrk says {said:?} and {:?}", String::from_utf8_lossy(&output.stderr))
        })
    }

    /// None if a request failed, too.
    fn read(text: &str) -> Option<Self> {
        if text.contains("Non-2xx") || text.contains("Socket errors") {
            return None;
        }
        let line = |word: &str| text.lines().map(str::trim).find(|line| line.starts_with(word));
        let last = |word: &str| line(word)?.split_whitespace().next_back();
        let requests = text.lines().find_map(|line| line.trim().split_once(" requests in "))?;
        Some(Self {
            requests: requests.0.parse().ok()?,
            per_second: last("Requests/sec:")?.parse().ok()?,
            half: microseconds(last("50%")?)?,
            most: microseconds(last("99%")?)?,
        })
    }
}

fn microseconds(text: &str) -> Option<f64> {
    let unit = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let factor = match unit {
        "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

/// What the report says of the load generator.
pub(crate) fn version() -> String {
    // It says so on standard output, and calls it a failure.
    let output = Command::new("wrk").arg("--version").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let said = said.unwrap_or_default();
    let words: Vec<_> = said.split_whitespace().take(2).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Running 1s test @ http://127.0.0.1:8080/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   203.11us   93.65us   4.15ms   92.97%
    Req/Sec   155.90k     5.68k  164.69k    72.73%
  Latency Distribution
     50%  193.00us
     75%  217.00us
     90%  251.00us
     99%    1.02ms
  170543 requests in 1.10s, 21.14MB read
Requests/sec: 155062.66
Transfer/sec:     19.22MB
";

    #[test]
    fn what_wrk_says_is_read() {
        let load = Load { requests: 170_543.0, per_second: 155_062.66, half: 193.0, most: 1_020.0 };
        assert_eq!(Load::read(TEXT), Some(load));
        let failed = format!("{TEXT}  Non-2xx or 3xx responses: 3\n");
        assert_eq!(Load::read(&failed), None);
        assert_eq!(Load::read("wrk: no such host"), None);
    }
}
