//! Metadata values of any type, within bounds.

use std::{
    io::{self, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde::Serialize;
use serde_json::{Value, ser::Formatter};

use super::{MAX_METADATA, MAX_METADATA_DEPTH};

/// The value as JSON; what cannot be recorded is replaced by a text that says why.
///
/// It is first written to nowhere, which stops at the bounds: so neither a value without end nor one
/// nested without end takes the memory or the stack of the program.
pub(crate) fn bounded(value: &impl Serialize) -> Value {
    let recorded = catch_unwind(AssertUnwindSafe(|| {
        let mut bounds = Bounds { bytes: 0, too_long: false };
        let mut depth = Depth { level: 0, too_deep: false };
        let mut serializer =
            serde_json::Serializer::with_formatter(&mut bounds, Formatted(&mut depth));
        let measured = value.serialize(&mut serializer);
        if depth.too_deep {
            return format!("[nested deeper than {MAX_METADATA_DEPTH} levels]").into();
        }
        if bounds.too_long {
            return "[truncated]".into();
        }
        let value = measured.and_then(|()| serde_json::to_value(value));
        value.unwrap_or_else(|error| Value::String(error.to_string()))
    }));
    // The user's code has panicked, which is not the request's concern.
    recorded.unwrap_or_else(|_| "[the value's Serialize panicked]".into())
}

struct Bounds {
    bytes: usize,
    too_long: bool,
}

impl Write for &mut Bounds {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len();
        self.too_long = self.bytes > MAX_METADATA;
        if self.too_long { Err(io::Error::other("too long")) } else { Ok(bytes.len()) }
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
        self.0.too_deep = self.0.level > MAX_METADATA_DEPTH;
        if self.0.too_deep { Err(io::Error::other("too deep")) } else { Ok(()) }
    }

    fn leave(&mut self) {
        self.0.level -= 1;
    }
}

impl Formatter for Formatted<'_> {
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
