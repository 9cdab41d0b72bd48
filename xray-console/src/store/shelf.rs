use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::Store;
use crate::document::Document;

/// What may queue while the pages read.
const INBOX_BYTES: usize = 16 << 20;

/// The store behind its lock, and the inbox that keeps receivers from ever waiting for that lock.
///
/// A receiver that finds the store free empties the inbox into it and adds its document. If a reader holds the
/// store, the document waits in the inbox, which everyone empties who gets the store next.
#[derive(Debug)]
pub(crate) struct Shelf {
    store: Mutex<Store>,
    inbox: Mutex<Inbox>,
}

#[derive(Debug, Default)]
struct Inbox {
    documents: Vec<Document>,
    bytes: usize,
}

impl Shelf {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { store: Mutex::new(Store::new(max_bytes)), inbox: Mutex::default() }
    }

    /// Says whether there was room.
    pub(crate) fn put(&self, document: Document) -> bool {
        let store = match self.store.try_lock() {
            Ok(store) => store,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return self.queue(document),
        };
        self.empty_inbox(store).insert(document);
        true
    }

    fn queue(&self, document: Document) -> bool {
        let bytes = document.bytes();
        let mut inbox = self.inbox();
        let room = inbox.bytes.saturating_add(bytes) <= INBOX_BYTES;
        if room {
            inbox.bytes += bytes;
            inbox.documents.push(document);
        }
        room
    }

    /// Reads the store with everything received so far in place.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&mut Store) -> R) -> R {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let mut store = self.empty_inbox(store);
        store.settle();
        read(&mut store)
    }

    fn empty_inbox<'s>(&self, mut store: MutexGuard<'s, Store>) -> MutexGuard<'s, Store> {
        let waiting = std::mem::take(&mut *self.inbox());
        for document in waiting.documents {
            store.insert(document);
        }
        store
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(filler: usize) -> Document {
        let body = format!(
            "{{\"name\":\"{}\",\"id\":\"0000000000000001\",\
             \"trace_id\":\"1-5759e988-bd862e3fe1be46a994272793\",\"start_time\":1,\"end_time\":2}}",
            "n".repeat(filler),
        );
        Document::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn receivers_do_not_wait_for_a_reader() {
        let shelf = Shelf::new(1 << 20);
        // Were the store's lock waited for, this would never end.
        assert!(shelf.read(|store| (shelf.put(document(1)), store.len())) == (true, 0));
        assert_eq!(shelf.read(|store| store.len()), 1);
    }

    #[test]
    fn what_queues_behind_a_reader_is_bounded() {
        let shelf = Shelf::new(64 << 20);
        let taken = shelf.read(|_| (0..100).take_while(|_| shelf.put(document(500_000))).count());
        assert!((5..100).contains(&taken), "{taken} documents");
        assert!(shelf.put(document(500_000)), "there is room again once the reader has gone");
    }
}
