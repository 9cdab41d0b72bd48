use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use xray_console::Console;

use crate::error::{Error, Transport};
use crate::handover::Handover;
use crate::kernel::KernelDrops;
#[cfg(feature = "relay")]
use crate::relay::{self, Relay, RelayStatus};
use crate::sampling::{
    Answers, Origin, Pace, RulesFile, SamplingRules, SamplingServer, Service, UpstreamPlace,
};
use crate::stats::Stats;
use crate::{receive, work};

/// A running daemon. It stops when it is dropped, as [`stop`](Self::stop) does.
#[must_use = "the daemon stops when it is dropped"]
pub struct Daemon {
    udp: SocketAddr,
    tcp: SocketAddr,
    handover: Arc<Handover>,
    drops: Arc<KernelDrops>,
    stop: Arc<AtomicBool>,
    receiver: Option<JoinHandle<()>>,
    worker: Option<JoinHandle<()>>,
    _sampling: SamplingServer,
    #[cfg(feature = "relay")]
    relay: Option<relay::Running>,
}

impl Daemon {
    /// A daemon with its options still open.
    pub fn builder() -> DaemonBuilder {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, DaemonBuilder::DEFAULT_PORT));
        DaemonBuilder {
            udp: address,
            tcp: address,
            console: None,
            rules: Rules::BuiltIn,
            pace: Pace::default(),
            #[cfg(feature = "relay")]
            relay: None,
        }
    }

    /// Where documents are received.
    #[must_use]
    pub fn udp_addr(&self) -> SocketAddr {
        self.udp
    }

    /// Where the sampling calls are answered.
    #[must_use]
    pub fn tcp_addr(&self) -> SocketAddr {
        self.tcp
    }

    /// The counts of this moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        #[cfg(feature = "relay")]
        let mut stats = self.handover.stats_and(|stats| {
            stats.relay = self.relay.as_ref().and_then(relay::Running::stats);
        });
        #[cfg(not(feature = "relay"))]
        let mut stats = self.handover.stats();
        stats.kernel_drops = self.drops.read();
        stats
    }

    /// Where documents go beyond this machine, or why they do not.
    #[cfg(feature = "relay")]
    #[must_use]
    pub fn relay_status(&self) -> RelayStatus {
        self.relay.as_ref().map_or_else(RelayStatus::none, relay::Running::status)
    }

    /// As [`relay_status`](Self::relay_status), once the search for credentials and a region is over; it takes seven
    /// seconds at most.
    #[cfg(feature = "relay")]
    #[must_use]
    pub fn wait_for_relay(&self) -> RelayStatus {
        self.relay.as_ref().map_or_else(RelayStatus::none, relay::Running::searched)
    }

    /// Reads what has arrived, checks it, ends the threads, and returns the last counts.
    ///
    /// It reads for at most a second more, also while documents keep arriving, and then checks what
    /// waits, at most 64 MiB. A relay goes on sending for at most ten seconds.
    #[must_use = "these are the last counts; drop the daemon if they do not matter"]
    pub fn stop(mut self) -> Stats {
        self.end();
        self.stats()
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(receiver) = self.receiver.take() {
            // Neither thread panics unless we have a bug, and then there is nothing left to wait for.
            let _ = receiver.join();
        }
        self.handover.close();
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
        #[cfg(feature = "relay")]
        if let Some(relay) = &mut self.relay {
            relay.stop();
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Daemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Daemon")
            .field("udp", &self.udp)
            .field("tcp", &self.tcp)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// Options of a [`Daemon`].
#[derive(Debug, Clone)]
#[must_use]
pub struct DaemonBuilder {
    udp: SocketAddr,
    tcp: SocketAddr,
    console: Option<Console>,
    rules: Rules,
    pace: Pace,
    #[cfg(feature = "relay")]
    relay: Option<Relay>,
}

#[derive(Debug, Clone)]
enum Rules {
    BuiltIn,
    Given(SamplingRules),
    File(PathBuf),
}

impl DaemonBuilder {
    /// The port that the SDKs use unless told otherwise, for UDP and for TCP.
    pub const DEFAULT_PORT: u16 = 2000;

    /// Where to receive documents; 127.0.0.1:2000 unless set, any free port with port 0.
    pub fn udp(mut self, address: SocketAddr) -> Self {
        self.udp = address;
        self
    }

    /// Where to answer the sampling calls; 127.0.0.1:2000 unless set, any free port with port 0.
    pub fn tcp(mut self, address: SocketAddr) -> Self {
        self.tcp = address;
        self
    }

    /// Shows the documents in this console. Without one they are checked and counted, no more.
    pub fn console(mut self, console: Console) -> Self {
        self.console = Some(console);
        self
    }

    /// Answers the sampling calls out of these rules, also where documents are relayed to X-Ray. Unless rules are
    /// given, the calls are relayed as well, and answered with `Default` alone where nothing is.
    pub fn sampling_rules(mut self, rules: SamplingRules) -> Self {
        self.rules = Rules::Given(rules);
        self
    }

    /// As [`sampling_rules`](Self::sampling_rules), out of the rules in this file, which is read again when it changes.
    ///
    /// While the file is bad or gone, the last good rules stay in force; the log and the console say why.
    pub fn sampling_rules_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.rules = Rules::File(path.into());
        self
    }

    /// How often clients are told to report; ten seconds unless set, whole seconds, at least one.
    ///
    /// A quota is valid for two seconds more than that.
    pub fn sampling_interval(mut self, interval: Duration) -> Self {
        let seconds = u32::try_from(interval.as_secs()).unwrap_or(u32::MAX);
        self.pace = Pace { interval: seconds.clamp(1, Pace::LONGEST) };
        self
    }

    /// Sends the documents on to AWS X-Ray. Unless this is called, they stay on this machine.
    #[cfg(feature = "relay")]
    pub fn relay(mut self, relay: Relay) -> Self {
        self.relay = Some(relay);
        self
    }

    /// Binds both sockets and starts to receive.
    ///
    /// # Errors
    ///
    /// An address cannot be bound, most often because another daemon holds it
    /// ([`Error::is_address_in_use`]), the file of the sampling rules cannot be used ([`Error::is_config`]), or
    /// the machine grants no more threads. With `Relay::on`, no credentials or no region were found
    /// (`Error::is_relay`).
    pub fn start(self) -> Result<Daemon, Error> {
        #[cfg(feature = "relay")]
        let built_in = matches!(self.rules, Rules::BuiltIn);
        let (rules, origin, file) = match self.rules {
            Rules::BuiltIn => (SamplingRules::default(), Origin::BuiltIn, None),
            Rules::Given(rules) => (rules, Origin::Program, None),
            Rules::File(path) => {
                let (file, rules) = RulesFile::open(path.clone())?;
                (rules, Origin::File(path), Some(file))
            }
        };
        let socket = receive::bind(self.udp)
            .map_err(|source| Error::bind(Transport::Udp, self.udp, source))?;
        let listener = TcpListener::bind(self.tcp)
            .map_err(|source| Error::bind(Transport::Tcp, self.tcp, source))?;
        let udp = socket.local_addr().map_err(Error::start)?;
        let tcp = listener.local_addr().map_err(Error::start)?;
        for (transport, address) in [(Transport::Udp, udp), (Transport::Tcp, tcp)] {
            if !address.ip().is_loopback() {
                log::warn!(
                    "{transport} {address} can be reached from other machines, and whoever reaches it is believed"
                );
            }
        }

        let handover = Arc::new(Handover::default());
        let drops = Arc::new(KernelDrops::of(&socket));
        let stop = Arc::new(AtomicBool::new(false));
        let upstream = UpstreamPlace::default();
        let answers = Arc::new(Answers::new(
            Service::new(rules, origin, self.pace),
            Arc::clone(&upstream),
            tcp.ip().is_loopback(),
        ));
        if let Some(console) = &self.console {
            console.sampling(Arc::clone(&answers) as _);
        }
        let sampling = SamplingServer::start(listener, answers, file).map_err(Error::start)?;
        #[cfg(feature = "relay")]
        let relay = {
            // Whoever gives rules wants them to hold.
            let place = if built_in { upstream } else { UpstreamPlace::default() };
            let start = |_: &Relay| relay::Running::start(self.console.clone(), place);
            self.relay.as_ref().map(start).transpose().map_err(Error::start)?
        };
        #[cfg(feature = "relay")]
        let forward = relay.as_ref().map(relay::Running::forward);
        #[cfg(not(feature = "relay"))]
        let forward = None;
        let worker = {
            let (handover, drops) = (Arc::clone(&handover), Arc::clone(&drops));
            let console = self.console.clone();
            spawn("xrayd-check", move || {
                work::run(&handover, console.as_ref(), forward.as_ref(), &drops);
            })?
        };
        let mut daemon = Daemon {
            udp,
            tcp,
            handover: Arc::clone(&handover),
            drops: Arc::clone(&drops),
            stop: Arc::clone(&stop),
            receiver: None,
            worker: Some(worker),
            _sampling: sampling,
            #[cfg(feature = "relay")]
            relay,
        };
        let console = self.console.clone();
        // Should this one fail, dropping the daemon ends the others.
        daemon.receiver = Some(spawn("xrayd-receive", move || {
            receive::run(&socket, &handover, console.as_ref(), &stop);
            // The last look, before the socket is closed.
            drops.read();
        })?);
        if let Some(console) = &self.console {
            console.listening("X-Ray segments (UDP)", udp);
            console.listening("X-Ray sampling (TCP)", tcp);
        }
        #[cfg(feature = "relay")]
        if self.relay.as_ref().is_some_and(Relay::is_required) {
            let status = daemon.wait_for_relay();
            if status.state == relay::RelayState::Off {
                return Err(Error::relay(status.reason.unwrap_or_default()));
            }
        }
        Ok(daemon)
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Error> {
    let spawned: io::Result<_> = thread::Builder::new().name(name.to_owned()).spawn(run);
    spawned.map_err(Error::start)
}
