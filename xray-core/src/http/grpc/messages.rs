/// Bytes before each message: whether it is compressed, and four of its length.
const PREFIX: u8 = 5;

/// Counts the bytes of the messages in a body: all but the prefixes.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// Of the prefix that is read now.
    read: u8,
    /// The length in it, as far as it is read.
    length: u32,
    /// What the message still lacks.
    left: u32,
    bytes: u64,
}

impl Messages {
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads on; a part of the body may hold a part of a message, or many.
    pub(super) fn read(&mut self, mut part: &[u8]) {
        while let [first, after @ ..] = part {
            if self.left > 0 {
                let len = part.len().min(self.left as usize);
                self.left -= len as u32;
                self.bytes += len as u64;
                part = &part[len..];
                continue;
            }
            if self.read > 0 {
                self.length = (self.length << 8) | u32::from(*first);
            }
            self.read += 1;
            part = after;
            if self.read == PREFIX {
                *self = Self { left: self.length, bytes: self.bytes, ..Self::default() };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Messages;

    #[test]
    fn prefixes_are_not_counted_however_the_body_is_cut() {
        let mut body = Vec::new();
        for len in [0, 1, 300, 0, 7] {
            body.push(0);
            body.extend(u32::to_be_bytes(len));
            body.resize(body.len() + len as usize, 0xff);
        }
        for size in 1..=body.len() {
            let mut messages = Messages::default();
            body.chunks(size).for_each(|part| messages.read(part));
            assert_eq!(messages.bytes(), 308, "in parts of {size}");
        }
    }

    #[test]
    fn a_message_that_never_comes_counts_as_far_as_it_came() {
        let mut messages = Messages::default();
        messages.read(b"\0\xff\xff\xff\xffabc");
        messages.read(b"d");
        assert_eq!(messages.bytes(), 4);
    }
}
