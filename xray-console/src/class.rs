use serde::Serialize;

/// The outcome of a segment or subsegment: the first that holds of fault, throttle, error, ok.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// None of the others.
    #[default]
    Ok,
    /// `error: true`, or a status of the 400s.
    Error,
    /// `throttle: true`, or status 429.
    Throttle,
    /// `fault: true`, or a status of the 500s.
    Fault,
}

impl Class {
    /// Every class, in the order in which the rings are drawn.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Error, Self::Throttle, Self::Fault];

    /// The word shown for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Throttle => "throttle",
            Self::Fault => "fault",
        }
    }

    pub(crate) fn of(flags: Flags, status: Option<u16>) -> Self {
        let status = status.unwrap_or(0);
        if flags.fault || (500..600).contains(&status) {
            Self::Fault
        } else if flags.throttle || status == 429 {
            Self::Throttle
        } else if flags.error || (400..500).contains(&status) {
            Self::Error
        } else {
            Self::Ok
        }
    }
}

/// The three outcome flags as a document carries them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Flags {
    pub(crate) error: bool,
    pub(crate) throttle: bool,
    pub(crate) fault: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_flag_or_status_wins() {
        let none = Flags::default();
        let error = Flags { error: true, ..none };
        assert_eq!(Class::of(none, None), Class::Ok);
        assert_eq!(Class::of(none, Some(302)), Class::Ok);
        assert_eq!(Class::of(error, None), Class::Error);
        assert_eq!(Class::of(none, Some(404)), Class::Error);
        assert_eq!(Class::of(error, Some(429)), Class::Throttle);
        assert_eq!(Class::of(Flags { throttle: true, ..error }, Some(503)), Class::Fault);
        assert_eq!(Class::of(Flags { fault: true, ..error }, Some(200)), Class::Fault);
    }
}
