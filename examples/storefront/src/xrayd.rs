//! xrayd and its console inside this process, so that the demo needs no second terminal.

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use xray_console::{Console, ConsoleServer};
use xray_daemon::{Daemon, DaemonBuilder};
use xray_tower::Recorder;
use xray_tower::xray_core::environment::VARIABLES;
use xray_tower::xray_core::sample::{CentralizedSampling, LocalRules};

const CONSOLE_PORT: u16 = 2001;
/// What the daemon answers where AWS would. All rates are 1, so that no trace is missing from the pages; a
/// real service records one request a second and 5 % of the rest unless its rules say otherwise.
const SAMPLING_RULES: &str = include_str!("../sampling-rules.json");

/// The running daemon and its pages. It keeps documents on this machine.
#[derive(Debug)]
pub(crate) struct Xrayd {
    pub(crate) console: Console,
    pub(crate) daemon: Daemon,
    /// Where the console is.
    pub(crate) url: String,
    /// A line for each usual port that was taken.
    pub(crate) moved: String,
    _pages: ConsoleServer,
}

impl Xrayd {
    /// Starts both on their usual ports, or on free ones where those are taken.
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        refuse_environment()?;
        let console = Console::builder().build();
        let rules = SAMPLING_RULES.parse()?;
        let builder = Daemon::builder().console(console.clone()).sampling_rules(rules);
        let daemon = match builder.clone().start() {
            Err(error) if error.is_address_in_use() => {
                builder.udp(loopback(0)).tcp(loopback(0)).start()?
            }
            outcome => outcome?,
        };
        let listener = match TcpListener::bind(loopback(CONSOLE_PORT)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                TcpListener::bind(loopback(0))?
            }
            outcome => outcome?,
        };
        let pages = console.serve(listener)?;
        let moved = moved(daemon.udp_addr(), pages.address());
        Ok(Self { console, daemon, url: pages.url(), moved, _pages: pages })
    }

    /// A recorder for one service. In a process of its own, a service ends here with
    /// `let _flush = xray.install();` and gives the middleware no recorder.
    pub(crate) fn recorder(&self, service: &str) -> Result<Recorder, xray_tower::xray_core::Error> {
        let (udp, tcp) = (self.daemon.udp_addr(), self.daemon.tcp_addr());
        let recorder = Recorder::builder(service)
            .version(env!("CARGO_PKG_VERSION"))
            .daemon(format_args!("udp:{udp} tcp:{tcp}"))
            // The daemon's rules come a moment after the first request.
            .centralized_sampling(CentralizedSampling::new().fallback(LocalRules::everything()))
            // Their text without values; who may read traces may read it.
            .collect_sql_queries(true)
            .build()?;
        let shown = recorder.clone();
        self.console.recorder(service, move || shown.sampling_status());
        Ok(recorder)
    }
}

fn moved(udp: SocketAddr, console: SocketAddr) -> String {
    let mut lines = String::new();
    if udp.port() != DaemonBuilder::DEFAULT_PORT {
        let usual = loopback(DaemonBuilder::DEFAULT_PORT);
        lines += &format!("{usual} is in use: segments are received on UDP {udp} instead\n");
    }
    if console.port() != CONSOLE_PORT {
        let usual = loopback(CONSOLE_PORT);
        lines += &format!("{usual} is in use: the console is on {console} instead\n");
    }
    lines
}

/// The environment comes before the code, so it would lead the segments elsewhere. What it says of the machine,
/// which nothing here looks for, does no harm.
fn refuse_environment() -> Result<(), String> {
    let leads_astray = |name: &&str| {
        name.starts_with("AWS_XRAY_") || ["LAMBDA_TASK_ROOT", "OTEL_PROPAGATORS"].contains(name)
    };
    let set: Vec<_> = VARIABLES
        .iter()
        .map(|variable| variable.name)
        .filter(leads_astray)
        .filter(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
        .collect();
    if set.is_empty() {
        return Ok(());
    }
    Err(format!("the demo brings its own daemon: unset {} and start again", set.join(", ")))
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
