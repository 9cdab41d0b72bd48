//! What programs have used of the processor, by the kernel's account of them.

use std::fs;

/// The unit of that account, the same on every machine.
const TICKS: f64 = 100.0;

/// Seconds of a process so far.
pub(crate) fn seconds(process: u32) -> f64 {
    read(&process.to_string(), 11)
}

/// Nanoseconds of a process so far, of those of its threads that still run: the scheduler counts finer than the account.
pub(crate) fn nanoseconds(process: u32) -> f64 {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let times = tasks.filter_map(|task| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    });
    times.sum()
}

/// Seconds of all that have ended of what we have started, and of what that has started.
pub(crate) fn seconds_of_ended() -> f64 {
    read("self", 13)
}

/// The time of a user and of the kernel, which stand side by side, `skip` fields behind the name.
fn read(process: &str, skip: usize) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name, in parentheses, may hold anything.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks = fields.skip(skip).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS
}
