//! A lock for what is mostly free and is held for some tens of nanoseconds.

use std::{hint, thread, time::Duration};

/// Looks at a lock that is taken before its thread sleeps: longer than anything that is noted takes.
const LOOKS: u32 = 200;

/// A lock whose release is a plain store, as it leaves nobody to be woken: whoever finds it taken looks
/// again, and sleeps between looks if it takes long. The standard library's exchanges a word to release, which costs
/// as much as to take it, and looks at both ends whether the thread panics.
#[derive(Debug, Default)]
pub(crate) struct BriefMutex<T>(spin::mutex::SpinMutex<T>);

pub(crate) type BriefGuard<'a, T> = spin::mutex::SpinMutexGuard<'a, T>;

impl<T> BriefMutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(spin::mutex::SpinMutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> BriefGuard<'_, T> {
        match self.0.try_lock() {
            Some(guard) => guard,
            None => self.wait(),
        }
    }

    #[cold]
    fn wait(&self) -> BriefGuard<'_, T> {
        for _ in 0..LOOKS {
            hint::spin_loop();
            if let Some(guard) = self.0.try_lock() {
                return guard;
            }
        }
        // Who has it may have lost the processor to this thread, whose priority may be higher: that it yields
        // would not help then.
        loop {
            thread::sleep(Duration::from_micros(20));
            if let Some(guard) = self.0.try_lock() {
                return guard;
            }
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}
