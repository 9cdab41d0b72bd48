//! Metadata values and texts of any type, within bounds.

use std::{
    fmt,
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::Serialize;
use serde_json::{Value, ser::Formatter};

use super::{MAX_METADATA, MAX_METADATA_DEPTH, MAX_TEXT, cut};

/// The value as JSON; what cannot be recorded is replaced by a text that says why.
///
/// It is written once, since some values can be, into a text that stops at the bounds: so neither a
/// value without end nor one nested without end takes the memory or the stack of the program.
pub(crate) fn bounded(value: &impl Serialize) -> Value {
    let mut text = Bounded { text: Vec::new(), too_long: false };
    let mut depth = Depth { level: 0, too_deep: false };
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Formatted(&mut depth));
    let written = catch_unwind(AssertUnwindSafe(|| value.serialize(&mut serializer)));
    let json = match written {
        // The user's code has panicked, which is not the request's concern.
        Err(_) => return "[the value's Serialize panicked]".into(),
        Ok(_) if depth.too_deep => {
            return format!("[nested deeper than {MAX_METADATA_DEPTH} levels]").into();
        }
        Ok(_) if text.too_long => return "[truncated]".into(),
        Ok(written) => written.and_then(|()| serde_json::from_slice(&text.text)),
    };
    json.unwrap_or_else(|error| cut(&error.to_string(), MAX_TEXT).into())
}

/// The first characters of what a value says of itself, which may be long, or without end; `None` if it
/// panics.
///
/// ```
/// use xray_core::document::start_of;
///
/// assert_eq!(start_of(format_args!("{:?}", ["milk", "tea"]), 8).as_deref(), Some("[\"milk\","));
/// ```
#[must_use]
pub fn start_of(text: fmt::Arguments<'_>, chars: usize) -> Option<String> {
    let mut start = Start { text: String::new(), chars };
    // It ends with an error where enough was read, which is no failure.
    let written = catch_unwind(AssertUnwindSafe(|| fmt::Write::write_fmt(&mut start, text)));
    written.ok().map(|_| start.text)
}

struct Start {
    text: String,
    /// How many characters may still come.
    chars: usize,
}

impl fmt::Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let text = cut(text, self.chars);
        self.text.push_str(text);
        self.chars -= text.chars().count();
        if self.chars > 0 { Ok(()) } else { Err(fmt::Error) }
    }
}

struct Bounded {
    text: Vec<u8>,
    too_long: bool,
}

impl Write for &mut Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.too_long |= self.text.len() + bytes.len() > MAX_METADATA;
        if self.too_long {
            return Err(io::Error::other("too long"));
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Depth {
    level: usize,
    too_deep: bool,
}

struct Formatted<'a>(&'a mut Depth);

impl Formatted<'_> {
    fn enter(&mut self) -> io::Result<()> {
        self.0.level += 1;
        self.0.too_deep |= self.0.level > MAX_METADATA_DEPTH;
        if self.0.too_deep { Err(io::Error::other("too deep")) } else { Ok(()) }
    }

    fn leave(&mut self) {
        self.0.level -= 1;
    }
}

impl Formatter for Formatted<'_> {
    // Numbers that no reader of JSON is sure to take whole are text.
    fn write_u128<W: ?Sized + Write>(&mut self, writer: &mut W, value: u128) -> io::Result<()> {
        match u64::try_from(value) {
            Ok(value) => write!(writer, "{value}"),
            Err(_) => write!(writer, "\"{value}\""),
        }
    }

    fn write_i128<W: ?Sized + Write>(&mut self, writer: &mut W, value: i128) -> io::Result<()> {
        match i64::try_from(value) {
            Ok(value) => write!(writer, "{value}"),
            Err(_) => write!(writer, "\"{value}\""),
        }
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter()?;
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.leave();
        writer.write_all(b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter()?;
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.leave();
        writer.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::bounded;

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(1), |inner, _| json!([inner]))
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        assert_eq!(bounded(&nested(32)), nested(32));
        assert_eq!(bounded(&u64::MAX), json!(u64::MAX));
        assert_eq!(bounded(&(u128::from(u64::MAX), -1_i128)), json!([u64::MAX, -1]));
        assert_eq!(
            bounded(&(0.1 + 0.2, 1e300, f64::MIN_POSITIVE)),
            json!([0.1 + 0.2, 1e300, f64::MIN_POSITIVE])
        );
    }

    #[test]
    fn what_does_not_says_so() {
        let deep = nested(33);
        assert_eq!(bounded(&deep), "[nested deeper than 32 levels]");
        assert_eq!(bounded(&"x".repeat(1_048_577)), "[truncated]");
        assert_eq!(
            bounded(&std::collections::HashMap::from([((1, 2), 3)])),
            "key must be a string"
        );
    }

    #[test]
    fn numbers_of_128_bits_are_text() {
        assert_eq!(bounded(&u128::MAX), u128::MAX.to_string());
        assert_eq!(bounded(&[i128::MIN]), json!([i128::MIN.to_string()]));
    }

    #[test]
    fn a_value_is_written_once() {
        struct Once(std::cell::Cell<bool>);
        impl serde::Serialize for Once {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                assert!(!self.0.replace(true), "such as an iterator that is used up");
                serializer.serialize_str("once")
            }
        }
        assert_eq!(bounded(&Once(false.into())), "once");
    }

    #[test]
    fn a_value_without_end_ends() {
        struct Endless;
        impl serde::Serialize for Endless {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(std::iter::repeat_n("more", usize::MAX))
            }
        }
        assert_eq!(bounded(&Endless), "[truncated]");
        struct Deeper;
        impl serde::Serialize for Deeper {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq([Self])
            }
        }
        assert_eq!(bounded(&Deeper), "[nested deeper than 32 levels]");
    }
}
