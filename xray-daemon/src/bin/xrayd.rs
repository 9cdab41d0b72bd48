//! `xrayd` receives X-Ray documents on this machine and shows them in a local console.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;

use clap::{ArgAction, Parser, ValueEnum};
use log::LevelFilter;
use xray_console::{Console, ConsoleBuilder, ConsoleServer};
use xray_daemon::{Daemon, Transport};
#[cfg(feature = "relay")]
use xray_daemon::{Relay, RelayState};

/// In MiB.
const DEFAULT_MEMORY: u32 = (ConsoleBuilder::DEFAULT_BYTES >> 20) as u32;

/// Receives AWS X-Ray documents and shows them in a local console.
///
#[cfg_attr(
    feature = "relay",
    doc = "Documents go to AWS X-Ray as well when AWS credentials and a region are found, and so do the SDKs' calls for \
           centralized sampling; otherwise documents stay on this machine, and the calls are answered as the X-Ray \
           service would. The first line says which, and --relay decides it."
)]
#[cfg_attr(
    not(feature = "relay"),
    doc = "Documents stay on this machine: this build has no relay. The SDKs' calls for centralized sampling are \
           answered as the X-Ray service would."
)]
#[derive(Debug, Parser)]
#[command(name = "xrayd", version, disable_version_flag = true)]
struct Options {
    /// Where to receive documents (UDP)
    #[arg(short, long, value_name = "IP:PORT", default_value = "127.0.0.1:2000")]
    bind: SocketAddr,

    /// Where to answer the SDKs' sampling calls (TCP)
    #[arg(short = 't', long, value_name = "IP:PORT", default_value = "127.0.0.1:2000")]
    bind_tcp: SocketAddr,

    /// Sampling rules to answer with: what `aws xray get-sampling-rules` prints, an array of rules, or the rules
    /// of an SDK. Read again when the file changes
    #[arg(long, value_name = "FILE")]
    sampling_rules: Option<PathBuf>,

    /// Where to show the console; a loopback address
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:2001")]
    console: SocketAddr,

    /// Only receive, check and count: no console
    #[arg(long, conflicts_with_all = ["console", "max_memory"])]
    no_console: bool,

    /// What the traces of the console may hold, in MiB; the oldest leave first. The memory of the process may
    /// reach about twice that
    #[arg(long, value_name = "MIB", default_value_t = DEFAULT_MEMORY, value_parser = clap::value_parser!(u32).range(1..))]
    max_memory: u32,

    /// Whether documents go on to AWS X-Ray
    #[cfg(feature = "relay")]
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    relay: When,

    /// How much to log, on stderr
    #[arg(short, long, value_enum, default_value_t = Level::Prod)]
    log_level: Level,

    /// Print the version
    #[arg(short = 'v', long, action = ArgAction::Version)]
    version: Option<bool>,
}

#[cfg(feature = "relay")]
#[derive(Debug, Clone, Copy, ValueEnum)]
enum When {
    /// If AWS credentials and a region are found
    Auto,
    /// Always: without credentials or a region, do not start
    On,
    /// Never: documents stay on this machine
    Off,
}

/// The words of the original daemon.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Level {
    /// Everything
    Dev,
    Debug,
    Info,
    Warn,
    Error,
    /// The same as info
    Prod,
}

impl Level {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Dev => LevelFilter::Trace,
            Self::Debug => LevelFilter::Debug,
            Self::Info | Self::Prod => LevelFilter::Info,
            Self::Warn => LevelFilter::Warn,
            Self::Error => LevelFilter::Error,
        }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    env_logger::Builder::new().filter_level(options.log_level.filter()).init();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(io::stderr(), "xrayd: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    let (signal, signals) = mpsc::channel();
    ctrlc::set_handler(move || {
        // The receiver is gone once the end has begun.
        let _ = signal.send(());
    })
    .map_err(|error| format!("cannot watch for signals: {error}"))?;

    // Where a pointer is too small for it, there is no more memory than that either.
    let most = usize::try_from(u64::from(options.max_memory) << 20).unwrap_or(usize::MAX);
    let console = (!options.no_console).then(|| Console::builder().max_bytes(most).build());
    let mut builder = Daemon::builder().udp(options.bind).tcp(options.bind_tcp);
    if let Some(console) = &console {
        builder = builder.console(console.clone());
    }
    if let Some(file) = &options.sampling_rules {
        builder = builder.sampling_rules_file(file);
    }
    #[cfg(feature = "relay")]
    match options.relay {
        When::Auto => builder = builder.relay(Relay::auto()),
        When::On => builder = builder.relay(Relay::on()),
        When::Off => {}
    }
    let daemon = builder.start().map_err(|error| explain(&error))?;
    let pages = console.map(|console| serve(&console, options.console)).transpose()?;

    say(format_args!(
        "xrayd {} receives X-Ray documents on UDP {} (sampling calls on TCP {}) and {}",
        env!("CARGO_PKG_VERSION"),
        daemon.udp_addr(),
        daemon.tcp_addr(),
        beyond(&daemon)
    ));
    match &pages {
        Some(server) => say(format_args!("console {}", server.url())),
        None => say(format_args!("no console: documents are checked and counted")),
    }
    match &options.sampling_rules {
        Some(file) => say(format_args!("sampling rules of {}", file.display())),
        None if relays(&daemon) => say(format_args!("sampling rules of X-Ray")),
        None => say(format_args!(
            "sampling rule Default: one request a second, and 5 % of the rest; \
             give others with --sampling-rules FILE"
        )),
    }
    // The sender lives in the signal handler, for as long as the process.
    let _ = signals.recv();
    let stats = daemon.stop();
    drop(pages);
    say(format_args!("{stats}"));
    Ok(())
}

/// What becomes of documents beyond this machine.
#[cfg(feature = "relay")]
fn beyond(daemon: &Daemon) -> String {
    daemon.wait_for_relay().to_string()
}

#[cfg(not(feature = "relay"))]
fn beyond(_: &Daemon) -> String {
    "keeps them on this machine".to_owned()
}

#[cfg(feature = "relay")]
fn relays(daemon: &Daemon) -> bool {
    daemon.relay_status().state != RelayState::Off
}

#[cfg(not(feature = "relay"))]
fn relays(_: &Daemon) -> bool {
    false
}

fn serve(console: &Console, address: SocketAddr) -> Result<ConsoleServer, String> {
    let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "TCP {address} is in use, probably by the console of another xrayd: stop it, \
             or choose another address with --console"
        ),
        _ => format!("cannot bind TCP {address} for the console: {error}"),
    })?;
    console.serve(listener).map_err(|error| format!("cannot serve the console: {error}"))
}

/// The error, its cause, and the flag that helps.
fn explain(error: &xray_daemon::Error) -> String {
    let flag = match error.transport() {
        Some(Transport::Udp) => "--bind",
        Some(Transport::Tcp) => "--bind-tcp",
        _ => "",
    };
    if error.is_address_in_use() && !flag.is_empty() {
        return format!("{error}: stop it, or choose another address with {flag}");
    }
    match std::error::Error::source(error) {
        #[cfg(feature = "relay")]
        Some(cause) if error.is_relay() => {
            format!("{error}: {cause}; set them, or choose --relay off")
        }
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// A line on stdout; a closed pipe is no reason to end.
fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stdout(), "{line}");
}
