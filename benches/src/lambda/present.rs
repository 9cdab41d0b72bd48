use serde_json::{Value, json};

use crate::{
    Section,
    machine::{stamp, versions_in},
    spread::Rounds,
    table::{number, row, table},
    targets::target,
};

use super::{
    BURST, BURSTS, WARM_UP,
    line::{COUNTED, Line, THREADS, Warm, of_a_round},
};

const LOCK: &str = include_str!("../../lambda/Cargo.lock");

/// Milliseconds by which a cold start may be longer.
const COLD_START: f64 = 1.0;

/// All tables and targets; the first line is what the others add to, the second one ours.
pub(super) fn section(lines: &[Line], cold: usize, warm: usize) -> Section {
    let packages =
        ["lambda_runtime", "tokio", "opentelemetry_sdk", "opentelemetry-aws", "xray-lite"];
    let text = format!(
        "{} {}.\n{cold} rounds of cold starts, {warm} of {BURSTS} bursts of {BURST} invocations, medians.\n\n{}\n{}\n{}\n{}",
        stamp(),
        versions_in(LOCK, &packages),
        of_cold_starts(lines),
        of_invocations(lines),
        of_what_stays(lines),
        notes(),
    );
    let json = json!({
        "functions": lines.iter().map(|line| line.json(&lines[0])).collect::<Vec<_>>(),
        "targets": targets(&lines[0], &lines[1]),
    });
    Section { title: "Lambda".to_owned(), text, json }
}

fn notes() -> String {
    format!(
        "\
- Functions of `benches/lambda`, in the words of each library's own documentation: a handler that does nothing. Each is built
  alone with `cargo build --release` and its defaults, so without link-time optimisation, and stripped. It has one core, the
  Lambda Runtime API is on loopback, and the daemon only receives.
- All use tokio's `current_thread`. With the default flavour the client of `lambda_runtime` opens a second connection for some
  invocations, by chance, which takes more than any tracing does.
- *asks* is from the start of the process until it asks for its first invocation; *responds* until the first response is there.
  CPU is that of the process until then. All have the start of `taskset` in them. What is added is the median of the
  differences, round by round. Every function has been started before, so none is read from the disk.
- Warm is from the event until the response, and until the function asks for the next one, which is what Lambda bills; CPU of
  the whole process. Each invocation has a trace header of its own, sampled or not.
- The simple processor exports where the span ends; the layer of `lambda_runtime` flushes a batch processor after the response, and
  its handler makes the span part of Lambda's trace, which the layer does not. xray-lite sends each subsegment twice, at its
  begin and at its end, and sends what is not sampled, too.
- Threads after {THREADS} invocations. Memory is resident, after {WARM_UP} invocations and by how much more after {round} others, half of
  them sampled. The heap is counted in the handler of a program with an allocator that counts: *of the first* is held in
  invocation {WARM_UP} and was not yet in the first one, such as pools and buffers; *grew by* is what is held after {COUNTED} more.
",
        round = of_a_round(),
    )
}

impl Line {
    fn is_plain(&self) -> bool {
        self.name == "plain"
    }

    fn added(&self, plain: &Self, figure: fn(&Self) -> &Rounds) -> f64 {
        figure(self).above(figure(plain)).median()
    }

    /// Of the plain function nothing is shown.
    fn shown(&self, added: f64) -> String {
        if self.is_plain() { "-".to_owned() } else { signed(added) }
    }

    fn json(&self, plain: &Self) -> Value {
        json!({
            "name": self.name,
            "bytes": self.bytes,
            "bytes_added": self.bytes - plain.bytes,
            "init_ms": self.init.json(),
            "init_added_ms": self.init.above(&plain.init).json(),
            "first_response_ms": self.first.json(),
            "first_response_added_ms": self.first.above(&plain.first).json(),
            "first_cpu_added_ms": self.first_cpu.above(&plain.first_cpu).json(),
            "sampled": self.sampled.json(),
            "unsampled": self.unsampled.json(),
            "threads": self.threads.json(),
            "memory_kb": self.memory.json(),
            "memory_growth_kb": self.growth.json(),
            "blocks_of_first": self.heap.first[0].json(),
            "bytes_of_first": self.heap.first[1].json(),
            "blocks_growth": self.heap.grown[0].json(),
            "bytes_growth": self.heap.grown[1].json(),
            "allocations": self.heap.each.json(),
        })
    }
}

impl Warm {
    fn json(&self) -> Value {
        json!({
            "response_us": self.response.json(),
            "next_us": self.next.json(),
            "cpu_us": self.cpu.json(),
            "datagrams": self.datagrams(),
        })
    }
}

fn of_cold_starts(lines: &[Line]) -> String {
    let plain = &lines[0];
    let head = [
        "cold start",
        "asks, ms",
        "added",
        "responds, ms",
        "added",
        "CPU, ms",
        "added",
        "KB",
        "added",
    ];
    let mut rows = vec![row(head)];
    rows.extend(lines.iter().map(|line| {
        let mut cells = vec![line.what.to_owned()];
        let figures: [fn(&Line) -> &Rounds; 3] =
            [|line| &line.init, |line| &line.first, |line| &line.first_cpu];
        for figure in figures {
            cells.push(number(figure(line).median()));
            cells.push(line.shown(line.added(plain, figure)));
        }
        cells.push(number((line.bytes / 1e3).round()));
        cells.push(line.shown(((line.bytes - plain.bytes) / 1e3).round()));
        cells
    }));
    table(1, &rows)
}

fn of_invocations(lines: &[Line]) -> String {
    let plain = &lines[0];
    let head =
        ["warm", "", "response, us", "added", "next, us", "added", "CPU, us", "added", "datagrams"];
    let mut rows = vec![row(head)];
    for (way, warm) in [("sampled", sampled as fn(&Line) -> &Warm), ("not sampled", unsampled)] {
        rows.extend(lines.iter().map(|line| {
            let (this, of) = (warm(line), warm(plain));
            let mut cells = vec![line.what.to_owned(), way.to_owned()];
            for (this, of) in
                [(&this.response, &of.response), (&this.next, &of.next), (&this.cpu, &of.cpu)]
            {
                cells.push(number(this.median()));
                cells.push(line.shown(this.above(of).median()));
            }
            cells.push(number(this.datagrams()));
            cells
        }));
    }
    table(2, &rows)
}

fn sampled(line: &Line) -> &Warm {
    &line.sampled
}

fn unsampled(line: &Line) -> &Warm {
    &line.unsampled
}

fn of_what_stays(lines: &[Line]) -> String {
    let plain = &lines[0];
    let head = [
        "what stays",
        "threads",
        "memory, KB",
        "added",
        "grew by, KB",
        "heap of the first, blocks",
        "bytes",
        "heap grew by, blocks",
        "bytes",
        "allocations each",
        "added",
    ];
    let mut rows = vec![row(head)];
    rows.extend(lines.iter().map(|line| {
        let [first, grown] = [&line.heap.first, &line.heap.grown];
        let mut cells = vec![line.what.to_owned()];
        cells.push(number(line.threads.median()));
        cells.push(number(line.memory.median()));
        cells.push(line.shown(line.added(plain, |line| &line.memory)));
        cells.push(number(line.growth.median()));
        cells.extend(first.iter().chain(grown).map(|rounds| number(rounds.median())));
        cells.push(number(line.heap.each.median()));
        cells.push(line.shown(line.added(plain, |line| &line.heap.each)));
        cells
    }));
    table(1, &rows)
}

fn targets(plain: &Line, ours: &Line) -> Vec<Value> {
    let cold = ours.added(plain, |line| &line.first);
    let threads = ours.added(plain, |line| &line.threads);
    let of = "than plain";
    vec![
        target("lambda: cold start, to the first response", false, COLD_START, cold, "ms more"),
        target("lambda: threads", false, 0.0, threads, of),
        target(
            "lambda: heap blocks kept by 1,000 invocations",
            false,
            0.0,
            ours.heap.grown[0].median(),
            "",
        ),
    ]
}

fn signed(value: f64) -> String {
    let text = number(value);
    if value > 0.0 { format!("+{text}") } else { text }
}
