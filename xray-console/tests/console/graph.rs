//! The figures of the service graph hold whatever comes in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::{node, receive, segment, subsegment};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use xray_console::{Console, Stats, Window};

fn holds(stats: &Stats) {
    assert_eq!(stats.total, stats.ok + stats.error + stats.throttle + stats.fault);
    assert_eq!(stats.total, stats.histogram.iter().map(|(_, count)| count).sum::<u64>());
    assert!(stats.p50 <= stats.p95 && stats.p95 <= stats.p99);
    assert!(stats.mean.is_finite() && stats.per_minute.is_finite());
}

/// Random documents of few ids and hostile times, read at random moments and evicted all the while.
#[test]
fn totals_are_the_sum_of_the_classes() {
    for seed in 0..20 {
        let mut random = SmallRng::seed_from_u64(seed);
        let console = Console::builder().max_bytes(60_000).build();
        for _ in 0..400 {
            let id = random.random_range(1..40_u64);
            let start = [0.0, 1e9, -1e308, 1e308, f64::MAX, now()][random.random_range(0..6_usize)];
            let open = random.random_bool(0.2);
            let status = [200, 404, 429, 500][random.random_range(0..4_usize)];
            let with = json!({
                "trace_id": format!("1-5759e988-{:024x}", random.random_range(0..12_u32)),
                "start_time": start,
                "end_time": if open { json!(null) } else { json!(start + f64::from(random.random_range(0..3_u32))) },
                "in_progress": open,
                "parent_id": format!("{:016x}", random.random_range(0..40_u64)),
                "http": {"response": {"status": status}},
                "error": random.random_bool(0.2), "throttle": random.random_bool(0.1), "fault": random.random_bool(0.1),
                "subsegments": [subsegment(id + 100, "db", json!({"namespace": "remote", "sql": {}, "start_time": start}))],
            });
            if start + 2.0 >= start {
                receive(&console, &[segment(id, ["a", "b", "c"][id as usize % 3], with)]);
            }
            if random.random_bool(0.1) {
                let _ = console.graph(Window::Last(Duration::from_secs(60)));
            }
        }
        for window in
            [Window::All, Window::Last(Duration::from_secs(60)), Window::Last(Duration::MAX)]
        {
            let graph = console.graph(window);
            graph.nodes.iter().for_each(|node| holds(&node.stats));
            graph.edges.iter().for_each(|edge| holds(&edge.stats));
        }
    }
}

#[test]
fn the_worst_of_flags_and_status_decides() {
    let console = Console::builder().build();
    let status =
        |id, status: u16| segment(id, "web", json!({"http": {"response": {"status": status}}}));
    receive(
        &console,
        &[
            status(1, 200),
            status(2, 404),
            status(3, 429),
            status(4, 500),
            segment(5, "web", json!({"fault": true})),
        ],
    );
    let graph = console.graph(Window::All);
    let stats = &node(&graph, "web", None).unwrap().stats;
    assert_eq!((stats.ok, stats.error, stats.throttle, stats.fault), (1, 1, 1, 2));
}

#[test]
fn a_window_holds_what_ended_in_it() {
    let console = Console::builder().build();
    let ended = |id, ago: f64| {
        segment(id, "web", json!({"start_time": now() - ago - 1.0, "end_time": now() - ago}))
    };
    receive(&console, &[ended(1, 1.0), ended(2, 120.0), ended(3, 7_200.0), ended(4, -1e9)]);
    let total =
        |window| node(&console.graph(window), "web", None).map_or(0, |node| node.stats.total);
    assert_eq!(total(Window::Last(Duration::from_secs(60))), 1);
    assert_eq!(total(Window::Last(Duration::from_secs(300))), 2);
    assert_eq!(total(Window::Last(Duration::MAX)), 2, "at most a quarter of an hour");
    assert_eq!(total(Window::All), 4);
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}
