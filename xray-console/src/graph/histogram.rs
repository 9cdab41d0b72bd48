//! Durations in classes of 3 %: 32 for each doubling, as HDR histograms have them.

/// Sub-classes per doubling, as a power of two.
const BITS: u32 = 5;

/// A sparse histogram of microseconds, from which counts can be taken away again.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    /// By class, ascending.
    counts: Vec<(u16, u64)>,
}

impl Histogram {
    pub(super) fn add(&mut self, micros: u64) {
        self.add_class(class_of(micros), 1);
    }

    pub(super) fn remove(&mut self, micros: u64) {
        let class = class_of(micros);
        if let Ok(index) = self.counts.binary_search_by_key(&class, |&(class, _)| class) {
            self.counts[index].1 -= 1;
            if self.counts[index].1 == 0 {
                self.counts.remove(index);
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for &(class, count) in &other.counts {
            self.add_class(class, count);
        }
    }

    fn add_class(&mut self, class: u16, count: u64) {
        match self.counts.binary_search_by_key(&class, |&(class, _)| class) {
            Ok(index) => self.counts[index].1 += count,
            Err(index) => self.counts.insert(index, (class, count)),
        }
    }

    /// Seconds below which the share of all lies; 0 when empty.
    pub(super) fn percentile(&self, share: f64) -> f64 {
        let total: u64 = self.counts.iter().map(|&(_, count)| count).sum();
        let wanted = ((total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for &(class, count) in &self.counts {
            seen += count;
            if seen >= wanted {
                return middle_of(class);
            }
        }
        0.0
    }

    /// Middle of each class in seconds, and its count, ascending.
    pub(super) fn entries(&self) -> impl Iterator<Item = (f64, u64)> {
        self.counts.iter().map(|&(class, count)| (middle_of(class), count))
    }
}

fn class_of(micros: u64) -> u16 {
    let size = 1_u64 << BITS;
    if micros < size {
        return micros as u16;
    }
    let doublings = micros.ilog2() - BITS;
    // At most 60 doublings of 32 classes: far below the limit of an u16.
    (u64::from(doublings + 1) * size + ((micros >> doublings) - size)) as u16
}

fn middle_of(class: u16) -> f64 {
    let size = 1_u64 << BITS;
    let class = u64::from(class);
    if class < size {
        return class as f64 / 1e6;
    }
    let doublings = class / size - 1;
    let low = (size + class % size) as f64;
    let width = (1_u64 << doublings) as f64;
    (low + 0.5) * width / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_holds_its_own_middle() {
        for micros in [0, 1, 31, 32, 33, 1_000, 123_456, 60_000_000, u64::MAX / 4] {
            let middle = middle_of(class_of(micros)) * 1e6;
            assert!(
                (middle - micros as f64).abs() <= micros as f64 * 0.02 + 0.5,
                "{micros} -> {middle}"
            );
        }
    }

    #[test]
    fn what_is_removed_leaves_no_mark() {
        let mut histogram = Histogram::default();
        histogram.add(500);
        histogram.add(70_000);
        histogram.remove(500);
        assert_eq!(histogram.entries().map(|(_, count)| count).collect::<Vec<_>>(), [1]);
        assert!((histogram.percentile(0.5) - 0.07).abs() < 0.002);
        histogram.remove(70_000);
        assert_eq!(histogram.percentile(0.99), 0.0);
    }
}
