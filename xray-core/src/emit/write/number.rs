/// The times of documents as serde writes `micros as f64 / 1e6`, made of the whole number.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// The second before, and its ten digits: most times of a document are in the same one.
    second: u64,
    digits: [u8; 10],
}

/// The seconds of ten digits up to which two doubles differ by less than a microsecond: the years 2001
/// to 2242. In these the shortest text that reads as the double is the whole number's digits, since no
/// other number of six decimals lies as close to it.
const FAST: std::ops::Range<u64> = 1_000_000_000..1 << 33;

impl Times {
    /// Adds a time in seconds, that is told in microseconds.
    #[inline]
    pub(super) fn push(&mut self, buffer: &mut Vec<u8>, micros: u64) {
        let (second, rest) = (micros / 1_000_000, (micros % 1_000_000) as u32);
        if second != self.second {
            if !FAST.contains(&second) {
                return push_slowly(buffer, micros);
            }
            self.second = second;
            let (high, low) = ((second / 1_000_000) as u32, (second % 1_000_000) as u32);
            let ([_, _, a, b, c, d], [e, f, g, h, i, j]) = (six_digits(high), six_digits(low));
            self.digits = [a, b, c, d, e, f, g, h, i, j];
        }
        buffer.extend_from_slice(&self.digits);
        let [a, b, c, d, e, f] = six_digits(rest);
        buffer.extend_from_slice(&[b'.', a, b, c, d, e, f]);
        // One decimal always stays.
        let zeros = [f, e, d, c, b].iter().take_while(|&&digit| digit == b'0').count();
        buffer.truncate(buffer.len() - zeros);
    }
}

#[cold]
fn push_slowly(buffer: &mut Vec<u8>, micros: u64) {
    // A number always serialises, and writing to memory does not fail.
    let _ = serde_json::to_writer(buffer, &(micros as f64 / 1e6));
}

/// A number below a million.
#[inline]
fn six_digits(number: u32) -> [u8; 6] {
    let [a, b] = PAIRS[(number / 10_000 % 100) as usize];
    let [c, d] = PAIRS[(number / 100 % 100) as usize];
    let [e, f] = PAIRS[(number % 100) as usize];
    [a, b, c, d, e, f]
}

/// The digits of 0 to 99.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// Sixteen hex digits.
#[inline]
pub(super) fn hex(bits: u64) -> [u8; 16] {
    let mut digits = [0; 16];
    let (high, low) = digits.split_at_mut(8);
    high.copy_from_slice(&half_hex((bits >> 32) as u32));
    low.copy_from_slice(&half_hex(bits as u32));
    digits
}

/// Sixteen hex digits and the quote behind them.
#[inline]
pub(super) fn quoted_hex(bits: u64) -> [u8; 17] {
    let mut quoted = [b'"'; 17];
    quoted[..16].copy_from_slice(&hex(bits));
    quoted
}

/// Eight hex digits, all at once: each digit spread to a byte of its own, then made a character.
#[inline]
fn half_hex(bits: u32) -> [u8; 8] {
    const EACH: u64 = 0x0101_0101_0101_0101;
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
        let mut times = Times::default();
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
        let mut times = Times::default();
        for _ in 0..200_000 {
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
    fn hex_digits() {
        let mut random = StdRng::seed_from_u64(6);
        for bits in (0..1_000).map(|_| random.random()).chain([0, u64::MAX, 0x9a09_af90_fa0a_a9f9])
        {
            assert_eq!(hex(bits), *format!("{bits:016x}").as_bytes());
        }
    }
}
