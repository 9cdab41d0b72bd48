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
            upstream: UpstreamPlace::default(),
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
        let mut stats = self.handover.stats();
        stats.kernel_drops = self.drops.read();
        stats
    }

    /// Reads what has arrived, checks it, ends the threads, and returns the last counts.
    ///
    /// It reads for at most a second more, also while documents keep arriving, and then checks what
    /// waits, at most 64 MiB.
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
    upstream: UpstreamPlace,
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

    /// Answers the sampling calls out of these rules; with `Default` alone unless set.
    pub fn sampling_rules(mut self, rules: SamplingRules) -> Self {
        self.rules = Rules::Given(rules);
        self
    }

    /// Answers the sampling calls out of the rules in this file, and reads it again when it changes.
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

    /// The place for somebody who answers sampling calls instead, at whatever time they appear.
    #[expect(dead_code, reason = "the relay brings it to life")]
    pub(crate) fn upstream(&self) -> UpstreamPlace {
        Arc::clone(&self.upstream)
    }

    /// Binds both sockets and starts to receive.
    ///
    /// # Errors
    ///
    /// An address cannot be bound, most often because another daemon holds it
    /// ([`Error::is_address_in_use`]), the file of the sampling rules cannot be used ([`Error::is_config`]), or
    /// the machine grants no more threads.
    pub fn start(self) -> Result<Daemon, Error> {
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
        let answers = Arc::new(Answers::new(
            Service::new(rules, origin, self.pace),
            self.upstream,
            tcp.ip().is_loopback(),
        ));
        if let Some(console) = &self.console {
            console.sampling(Arc::clone(&answers) as _);
        }
        let sampling = SamplingServer::start(listener, answers, file).map_err(Error::start)?;
        let worker = {
            let (handover, drops) = (Arc::clone(&handover), Arc::clone(&drops));
            let console = self.console.clone();
            spawn("xrayd-check", move || work::run(&handover, console.as_ref(), &drops))?
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
