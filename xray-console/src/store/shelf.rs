use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use super::Store;
use crate::document::Document;

/// What may queue while the pages read.
const INBOX_BYTES: usize = 16 << 20;

/// The store behind its lock, and the inbox that keeps receivers from ever waiting for that lock.
///
/// A receiver puts its document into the inbox and, if the store is free, moves the inbox into it. If a reader
/// holds the store, the document waits: every reader empties the inbox before it reads.
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
        let bytes = document.bytes();
        let mut inbox = self.inbox();
        if inbox.bytes.saturating_add(bytes) > INBOX_BYTES {
            return false;
        }
        inbox.bytes += bytes;
        inbox.documents.push(document);
        drop(inbox);
        let store = match self.store.try_lock() {
            Ok(store) => store,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return true,
        };
        drop(self.empty_inbox(store));
        true
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
