use std::sync::atomic::{AtomicU64, Ordering};

/// So many per second of the wall clock, without a lock.
#[derive(Debug, Default)]
pub(crate) struct Reservoir {
    /// The second in the upper half, what was taken in it in the lower.
    state: AtomicU64,
}

impl Reservoir {
    /// Takes one of the `limit` that this second has; `false` if they are used up. Another second than the
    /// last one's begins anew, an earlier one too: the clock may have been set back.
    pub(crate) fn take(&self, second: u64, limit: u32) -> bool {
        if limit == 0 {
            return false;
        }
        let second = second as u32;
        let taken = self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| {
            let (current, used) = ((state >> 32) as u32, state as u32);
            if current == second.wrapping_add(1) {
                // A thread that read the clock, and was late. To begin its second anew would give the
                // current one twice.
                None
            } else if current != second {
                Some((u64::from(second) << 32) | 1)
            } else if used < limit {
                Some(state + 1)
            } else {
                None
            }
        });
        taken.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Reservoir;

    #[test]
    fn gives_the_limit_each_second() {
        let reservoir = Reservoir::default();
        let taken = |second| (0..10).filter(|_| reservoir.take(second, 3)).count();
        assert_eq!((taken(7), taken(8), taken(8)), (3, 3, 0));
        assert!(!Reservoir::default().take(1, 0));
        // Late by a second, and then again on time.
        assert_eq!((taken(9), taken(8), taken(9)), (3, 0, 0));
        // A clock that was set back.
        assert_eq!((taken(5), taken(5)), (3, 0));
    }

    #[test]
    fn gives_the_limit_to_all_threads_together() {
        let reservoir = Reservoir::default();
        let taken: usize = std::thread::scope(|scope| {
            let count = || (0..1000).filter(|_| reservoir.take(1, 500)).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(taken, 500);
    }
}
