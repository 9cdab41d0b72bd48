//! Locks, channels and threads: those of the standard library, or in the model test those of a
//! scheduler that tries one order of events after the other.

#[cfg(not(all(test, xray_model)))]
mod brief;

#[cfg(not(all(test, xray_model)))]
pub(crate) use brief::{BriefGuard, BriefMutex};
#[cfg(not(all(test, xray_model)))]
pub(crate) use std::{
    sync::{Condvar, Mutex, MutexGuard, atomic, mpsc},
    thread,
    thread::park_timeout,
};

#[cfg(all(test, xray_model))]
pub(crate) use shuttle::{
    sync::{Condvar, Mutex, MutexGuard, atomic, mpsc},
    thread,
};

/// There, time passes at once.
#[cfg(all(test, xray_model))]
pub(crate) fn park_timeout(_: std::time::Duration) {
    thread::yield_now();
}

/// The scheduler knows its own locks only.
#[cfg(all(test, xray_model))]
pub(crate) use model::{BriefGuard, BriefMutex};

#[cfg(all(test, xray_model))]
mod model {
    use std::sync::PoisonError;

    use super::{Mutex, MutexGuard};

    #[derive(Debug, Default)]
    pub(crate) struct BriefMutex<T>(Mutex<T>);

    pub(crate) type BriefGuard<'a, T> = MutexGuard<'a, T>;

    impl<T> BriefMutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> BriefGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub(crate) fn get_mut(&mut self) -> &mut T {
            self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
        }
    }
}
