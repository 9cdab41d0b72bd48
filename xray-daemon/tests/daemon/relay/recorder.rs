//! What our own recorder sends together, several documents by one system call, is what arrives.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use xray_core::emit::{Emitter, Record, UdpEmitter};
use xray_core::sample::LocalRules;
use xray_core::stats::Counters;
use xray_core::{Delivery, Recorder};

use super::backend::Backend;
use super::{Relaying, check_balance, count};

const SOON: Duration = Duration::from_secs(30);

/// Sends by UDP what it is given, once it is let through, and tells what should arrive.
struct Gate {
    udp: UdpEmitter,
    entered: Option<Sender<()>>,
    go_on: Receiver<()>,
    bodies: Sender<String>,
}

impl Emitter for Gate {
    fn start(&mut self, delivery: Delivery) {
        self.udp.start(delivery);
    }

    fn emit(&mut self, records: &[Record], counters: &Counters) {
        if let Some(entered) = self.entered.take() {
            entered.send(()).unwrap();
            self.go_on.recv().unwrap();
        }
        for record in records {
            record.write_json(b"", 60_000, &mut Vec::new(), |body| {
                self.bodies.send(String::from_utf8(body.to_vec()).unwrap()).unwrap();
            });
        }
        self.udp.emit(records, counters);
    }
}

#[test]
fn documents_sent_together_arrive_byte_for_byte() {
    const DOCUMENTS: usize = 500;
    let backend = Backend::start();
    let relaying = Relaying::start(&backend);
    let address: SocketAddr = relaying.sender.peer_addr().unwrap();
    let (entered, has_entered) = channel();
    let (release, go_on) = channel();
    let (told, bodies) = channel();
    let gate =
        Gate { udp: UdpEmitter::new(address.into()), entered: Some(entered), go_on, bodies: told };
    let builder = Recorder::builder("orders").emitter(gate).delivery(Delivery::Background);
    let xray = builder.sampling_rules(LocalRules::everything()).build().unwrap();
    for number in 0..DOCUMENTS {
        let segment = xray.begin_segment("orders");
        segment.annotate("number", number as i64);
        segment.metadata("texts", ["\n{\"format\":\"json\",\"version\":1}\n", "é \u{2028}"]);
        segment.metadata("load", "x".repeat(number % 7 * 150));
        segment.end();
        if number == 0 {
            has_entered.recv_timeout(SOON).unwrap();
        }
    }
    release.send(()).unwrap();
    assert!(xray.flush(SOON));
    let stats = xray.stats();
    assert_eq!((stats.sent, stats.dropped()), (DOCUMENTS as u64, 0));
    assert_eq!(stats.batched > 400, cfg!(target_os = "linux"), "{stats:?}");

    let mut taken = backend.taken(DOCUMENTS);
    let mut sent: Vec<String> = bodies.try_iter().collect();
    taken.sort();
    sent.sort();
    assert_eq!(taken, sent);
    let (balance, _) = relaying.stop();
    assert!(balance.starts_with("received 500 = accepted 500 + rejected 0 "), "{balance}");
    assert_eq!(count(&balance, "sent"), DOCUMENTS as u64, "{balance}");
    check_balance(&balance);
}
