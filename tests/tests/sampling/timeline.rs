//! The timeline of a reservoir through a real `xrayd`, for this SDK and for the official Python SDK side by side, and for
//! three processes that share one rule. The fast version of it, on a clock that moves when told, stands beside the code.

use std::fs;

use serde_json::json;
use xray_tests::{Child, program, python_sampler, xrayd};

/// Rounds, of a second each, that a phase may take: far more than it does.
const PATIENCE: usize = 60;

/// A process that decides, and what it told of each second.
struct Sampler {
    child: Child,
    seconds: Vec<(u64, u64)>,
}

impl Sampler {
    fn start(mut command: std::process::Command, service: &str, daemon: &str) -> Self {
        command.args([service, daemon]);
        Self { child: Child::spawn(command), seconds: Vec::new() }
    }

    /// Waits for the end of a second; returns what it sampled in it.
    fn second(&mut self) -> u64 {
        let line = self.child.line();
        let number = |key: &str| line[key].as_u64().unwrap_or_else(|| panic!("{key} in {line}"));
        // A machine that stood still for most of a second says nothing of the reservoir.
        if number("requests") >= 20 {
            self.seconds.push((number("second"), number("sampled")));
        }
        number("sampled")
    }

    fn sampled(&self) -> Vec<u64> {
        self.seconds.iter().map(|(_, sampled)| *sampled).collect()
    }
}

#[test]
fn borrows_one_takes_the_quota_and_borrows_again_when_nobody_renews_it() {
    let rule = |name: &str, reservoir: u32| json!({"RuleName": name, "ServiceName": name, "ReservoirSize": reservoir, "FixedRate": 0});
    let default = json!({"RuleName": "Default", "ReservoirSize": 0, "FixedRate": 0});
    let rules = json!([rule("rust", 3), rule("python", 3), rule("shared", 6), default]);
    let file =
        std::env::temp_dir().join(format!("xray-sampling-rules-{}.json", std::process::id()));
    fs::write(&file, rules.to_string()).expect("a folder for what is temporary");

    let mut command = xrayd();
    command.args(["--bind", "127.0.0.1:0", "--bind-tcp", "127.0.0.1:0", "--no-console"]);
    command.arg("--sampling-rules").arg(&file);
    let mut daemon = Child::spawn(command);
    let address = address(&mut daemon);

    let ours = |service| Sampler::start(program("sampler"), service, &address);
    let python = |service| Sampler::start(python_sampler(), service, &address);
    let mut alone = [ours("rust"), python("python")];
    let mut shared = [ours("shared"), ours("shared"), python("shared")];
    let mut round = || {
        let alone = alone.each_mut().map(Sampler::second);
        let shared = shared.each_mut().map(Sampler::second);
        (alone, shared.iter().sum::<u64>())
    };

    // The quotas come with the first report, after ten seconds; the shared one is dealt out anew after some more.
    let mut until = |what: &str, there: fn([u64; 2], u64) -> bool| {
        let found = (0..PATIENCE).map(|_| round()).any(|(alone, shared)| there(alone, shared));
        assert!(found, "{what}");
        // And a little more of it.
        for _ in 0..3 {
            round();
        }
    };
    until("no quotas", |alone, shared| alone == [3, 3] && shared > 3);
    drop(daemon);
    until("quotas that never end", |alone, _| alone == [1, 1]);
    fs::remove_file(&file).expect("it is still there");

    for sampler in &alone {
        assert_timeline(&sampler.sampled());
    }
    assert_shared(&shared);
}

/// Nothing until the rules are there, then 1 a second, then 3, then 1; the second in which a quota arrives may have both.
fn assert_timeline(sampled: &[u64]) {
    // A process that was held up between its look at the clock and the decision tells it of the second before.
    let mut seconds = sampled.to_vec();
    for place in 1..seconds.len() {
        let even = match seconds[place - 1..=place] {
            [2, 0] | [0, 2] => 1,
            [4, 2] | [2, 4] => 3,
            _ => continue,
        };
        seconds[place - 1..=place].fill(even);
    }
    let mut phases: Vec<(u64, usize)> = Vec::new();
    for sampled in seconds {
        match phases.last_mut() {
            Some((value, seconds)) if *value == sampled => *seconds += 1,
            _ => phases.push((sampled, 1)),
        }
    }
    let between = |&(value, seconds): &(u64, usize)| seconds == 1 && (value == 2 || value == 4);
    let mut phases: Vec<_> = phases.into_iter().filter(|phase| !between(phase)).collect();
    if phases.first().is_some_and(|(value, _)| *value == 0) {
        phases.remove(0);
    }
    let [(1, before), (3, during), (1, after)] = phases[..] else { panic!("{sampled:?}") };
    assert!(before >= 5 && during >= 5 && after >= 3, "{sampled:?}");
}

/// Never more than the reservoir of 6 and one borrowed by each of the three.
fn assert_shared(samplers: &[Sampler]) {
    let last = samplers.iter().flat_map(|sampler| &sampler.seconds).map(|(second, _)| *second);
    let (first, last) = (last.clone().min().unwrap_or(0), last.max().unwrap_or(0));
    let of = |second: u64| -> u64 {
        let all = samplers.iter().flat_map(|sampler| &sampler.seconds);
        all.filter(|(at, _)| *at == second).map(|(_, sampled)| sampled).sum()
    };
    let sums: Vec<_> = (first..=last).map(of).collect();
    assert!(sums.iter().all(|sum| *sum <= 6 + 3), "{sums:?}");
    assert!(sums.contains(&6), "the whole reservoir is never used: {sums:?}");
}

/// Where the daemon listens, as it says itself.
fn address(daemon: &mut Child) -> String {
    loop {
        let line = daemon.text();
        let after = |word: &str| {
            let (_, rest) = line.split_once(word)?;
            rest.split([' ', ')', ',']).next().map(str::to_owned)
        };
        if let (Some(udp), Some(tcp)) = (after("UDP "), after("TCP ")) {
            return format!("udp:{udp} tcp:{tcp}");
        }
    }
}
