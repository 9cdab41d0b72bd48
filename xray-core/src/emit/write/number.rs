use std::ops::Range;

/// One in each byte.
const EACH: u64 = 0x0101_0101_0101_0101;

/// The seconds of ten digits up to which two doubles differ by less than a microsecond: the years 2001
/// to 2242. In these the shortest text that reads as the double is the whole number's digits, since no
/// other number of six decimals lies as close to it.
const FAST: Range<u64> = 1_000_000_000..1 << 33;

/// The times of documents as serde writes `micros as f64 / 1e6`, made of the whole number.
#[derive(Debug)]
pub(super) struct Times {
    /// The second before, and its ten digits: most times of a document are in the same one.
    second: u64,
    digits: [u8; 10],
}

impl Times {
    /// No second at all has been told.
    pub(super) const NEW: Self = Self { second: u64::MAX, digits: [0; 10] };

    /// Adds a time in seconds, that is told in microseconds.
    #[inline]
    pub(super) fn push(&mut self, buffer: &mut Vec<u8>, micros: u64) {
        let (second, rest) = (micros / 1_000_000, micros % 1_000_000);
        if second != self.second {
            if !FAST.contains(&second) {
                return push_slowly(buffer, micros);
            }
            self.second = second;
            let [high, low] = [second / 100_000_000, second % 100_000_000];
            let [.., a, b] = characters(eight_digits(high));
            let [c, d, e, f, g, h, i, j] = characters(eight_digits(low));
            self.digits = [a, b, c, d, e, f, g, h, i, j];
        }
        buffer.extend_from_slice(&self.digits);
        // Two zeros, of which the second becomes the point, and six decimals.
        let decimals = (eight_digits(rest) >> 8) + ((u64::from(b'0') * EACH) >> 8);
        buffer.extend_from_slice(&(decimals - u64::from(b'0' - b'.')).to_le_bytes());
        buffer.pop();
        if rest % 10 == 0 {
            trim(buffer);
        }
    }
}

/// Takes zeros at the end away, but leaves one decimal. Apart, and behind a branch that is foreseen, so
/// that what is written next need not wait until the digits are known.
#[cold]
fn trim(buffer: &mut Vec<u8>) {
    while buffer.ends_with(b"0") && !buffer.ends_with(b".0") {
        buffer.pop();
    }
}

#[cold]
fn push_slowly(buffer: &mut Vec<u8>, micros: u64) {
    // A number always serialises, and writing to memory does not fail.
    let _ = serde_json::to_writer(buffer, &(micros as f64 / 1e6));
}

/// The digits of a number below 10^8, one a byte and the first one lowest: all at once, by halves.
#[inline]
fn eight_digits(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((twos - tens * 10) << 8)
}

#[inline]
fn characters(digits: u64) -> [u8; 8] {
    (digits + u64::from(b'0') * EACH).to_le_bytes()
}

/// Adds a whole number.
#[inline(never)]
pub(super) fn push(buffer: &mut Vec<u8>, number: u64) {
    // A number always serialises, and writing to memory does not fail.
    let _ = serde_json::to_writer(buffer, &number);
}

/// Eight hex digits, all at once: each digit spread to a byte of its own, then made a character.
#[inline]
pub(super) fn hex(bits: u32) -> [u8; 8] {
    let spread = u64::from(bits);
    let spread = (spread | (spread << 16)) & 0x0000_ffff_0000_ffff;
    let spread = (spread | (spread << 8)) & 0x00ff_00ff_00ff_00ff;
    let spread = (spread | (spread << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    // From 10 on, 6 more reach into the upper half of the byte.
    let letters = ((spread + 6 * EACH) >> 4) & EACH;
    let gap = u64::from(b'a' - b'0' - 10);
    (spread + u64::from(b'0') * EACH + letters * gap).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    use super::*;

    #[track_caller]
    fn is_as_serde_has_it(times: &mut Times, micros: u64) {
        let mut text = Vec::new();
        times.push(&mut text, micros);
        let expected = serde_json::to_string(&(micros as f64 / 1e6)).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), expected, "{micros}");
    }

    #[test]
    fn times_at_the_edges() {
        let mut times = Times::NEW;
        for edge in [0, 1, 1_000_000, 1_000_000_000_000_000, 1 << 52, 1 << 53, 1 << 63, u64::MAX]
            .into_iter()
            .chain([30, 31, 32, 33, 34].map(|bit| (1_u64 << bit) * 1_000_000))
            .chain((0..20).map(|power| 10_u64.pow(power)))
        {
            for off in [0, 1, 2, 9, 10, 100, 999_999, 1_000_000, 123_450] {
                is_as_serde_has_it(&mut times, edge.saturating_add(off));
                is_as_serde_has_it(&mut times, edge.saturating_sub(off));
            }
        }
    }

    /// Every magnitude there is, and most of all the years in which the digits are made here.
    #[test]
    fn times_at_random() {
        let mut random = StdRng::seed_from_u64(5);
        let mut times = Times::NEW;
        for _ in 0..20_000 {
            let any = random.random::<u64>() >> random.random_range(0..64);
            is_as_serde_has_it(&mut times, any);
            let second = random.random_range(FAST);
            for _ in 0..4 {
                let scale = 10_u64.pow(random.random_range(0..6));
                let rest = random.random_range(0..1_000_000) / scale * scale;
                is_as_serde_has_it(&mut times, second * 1_000_000 + rest);
            }
        }
    }

    #[test]
    fn all_decimals() {
        for number in (0..1_000_000).chain((0..100_000_000).step_by(997)) {
            assert_eq!(characters(eight_digits(number)), *format!("{number:08}").as_bytes());
        }
    }

    #[test]
    fn hex_digits() {
        let mut random = StdRng::seed_from_u64(6);
        for bits in (0..1_000).map(|_| random.random()).chain([0, u32::MAX, 0x9a0f_a9f0]) {
            assert_eq!(hex(bits), *format!("{bits:08x}").as_bytes());
        }
    }
}
