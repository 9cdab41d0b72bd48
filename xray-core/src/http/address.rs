use std::net::{IpAddr, Ipv4Addr};

/// The text of an address, without an allocation for the usual kind.
#[derive(Debug, Default)]
pub(super) struct AddressText {
    digits: [u8; 15],
    other: String,
}

impl AddressText {
    pub(super) fn of(&mut self, address: IpAddr) -> &str {
        match address.to_canonical() {
            IpAddr::V4(address) => self.of_v4(address),
            IpAddr::V6(address) => {
                self.other = address.to_string();
                &self.other
            }
        }
    }

    fn of_v4(&mut self, address: Ipv4Addr) -> &str {
        let mut len = 0;
        let mut push = |byte: u8| {
            self.digits[len] = byte;
            len += 1;
        };
        for (place, octet) in address.octets().into_iter().enumerate() {
            if place > 0 {
                push(b'.');
            }
            if octet >= 100 {
                push(b'0' + octet / 100);
            }
            if octet >= 10 {
                push(b'0' + octet / 10 % 10);
            }
            push(b'0' + octet % 10);
        }
        // Digits and points are text.
        std::str::from_utf8(&self.digits[..len]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_standard_library() {
        for text in ["0.0.0.0", "127.0.0.1", "255.255.255.255", "10.99.100.9", "::1", "2001:db8::7"]
        {
            assert_eq!(AddressText::default().of(text.parse().unwrap()), text);
        }
        assert_eq!(AddressText::default().of("::ffff:10.0.0.7".parse().unwrap()), "10.0.0.7");
    }
}
