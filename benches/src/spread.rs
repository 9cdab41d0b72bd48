use serde_json::{Value, json};

use crate::table::number;

/// The figures of all rounds, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rounds(pub(crate) Vec<f64>);

impl Rounds {
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::min)
    }

    fn most(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::max)
    }

    /// Round by round, so that a machine that is slow for a while is slow for both.
    pub(crate) fn ratio(&self, to: &Self) -> Self {
        Self(self.0.iter().zip(&to.0).map(|(this, other)| this / other).collect())
    }

    /// Round by round, too.
    pub(crate) fn above(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(this, other)| this - other).collect())
    }

    /// The median, rounded as the table shows it; `null` if there was no round.
    pub(crate) fn json(&self) -> Value {
        let median = self.median();
        if median.is_nan() { Value::Null } else { json!((median * 1_000.0).round() / 1_000.0) }
    }

    /// `median (least to most)`.
    pub(crate) fn text(&self) -> String {
        if self.0.is_empty() {
            return "-".to_owned();
        }
        let [median, least, most] = [self.median(), self.least(), self.most()].map(number);
        format!("{median} ({least} to {most})")
    }
}
