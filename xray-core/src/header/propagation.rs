/// A kind of header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `X-Amzn-Trace-Id`.
    XRay,
    /// `traceparent` and `tracestate`.
    W3c,
}

/// Which headers carry traces in and out: both if nothing is said.
///
/// What `OTEL_PROPAGATORS` lists, in its order, two bits each: of two headers that are valid the later
/// counts. 0 if it is not set. Bits, since what is not recorded hands them on at each step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Propagation(u8);

/// It is set, maybe to nothing.
const LISTED: u8 = 16;

impl Propagation {
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// What has these bits.
    pub(crate) fn of_bits(bits: u8) -> Self {
        Self(bits)
    }

    fn listed(self) -> Option<[Option<Format>; 2]> {
        let format = |bits| match bits & 3 {
            1 => Some(Format::XRay),
            2 => Some(Format::W3c),
            _ => None,
        };
        (self.0 != 0).then(|| [format(self.0 >> 2), format(self.0)])
    }

    /// Reads `OTEL_PROPAGATORS`. Propagators that carry no trace of ours are passed over; `None` if
    /// no word is known.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut known = false;
        let mut listed = [None; 2];
        for word in text.split(',').map(str::trim) {
            let format = match word.to_ascii_lowercase().as_str() {
                "xray" | "xray-lambda" => Some(Format::XRay),
                "tracecontext" => Some(Format::W3c),
                "baggage" | "none" => None,
                _ => {
                    crate::logging::warning!("OTEL_PROPAGATORS: {word:?} is not known and ignored");
                    continue;
                }
            };
            known = true;
            if let Some(format) = format.filter(|format| !listed.contains(&Some(*format)))
                && let Some(place) = listed.iter_mut().find(|place| place.is_none())
            {
                *place = Some(format);
            }
        }
        let [first, second] = listed.map(|format| match format {
            None => 0,
            Some(Format::XRay) => 1,
            Some(Format::W3c) => 2,
        });
        known.then_some(Self(LISTED | first << 2 | second))
    }

    pub(crate) fn carries(self, format: Format) -> bool {
        self.listed().is_none_or(|listed| listed.contains(&Some(format)))
    }

    /// Whether `X-Amzn-Trace-Id` with a trace and a parent comes before `traceparent`.
    pub(super) fn prefers_xray(self) -> bool {
        self.listed().is_none_or(|listed| listed[1] == Some(Format::XRay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_of_propagators() {
        for (text, xray, w3c, prefers_xray) in [
            ("xray", true, false, false),
            ("tracecontext", false, true, false),
            ("tracecontext,baggage,xray", true, true, true),
            ("xray, tracecontext", true, true, false),
            ("XRay-Lambda,TraceContext,xray", true, true, false),
            ("none", false, false, false),
            ("baggage", false, false, false),
            ("b3,xray", true, false, false),
        ] {
            let propagation = Propagation::parse(text).unwrap();
            assert_eq!(propagation.carries(Format::XRay), xray, "{text}");
            assert_eq!(propagation.carries(Format::W3c), w3c, "{text}");
            assert_eq!(propagation.prefers_xray(), prefers_xray, "{text}");
        }
        assert!(Propagation::parse("b3").is_none());
        let usual = Propagation::default();
        assert!(usual.carries(Format::XRay) && usual.carries(Format::W3c) && usual.prefers_xray());
    }
}
