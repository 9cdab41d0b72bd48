//! Markdown tables that can be read as text, too.

use std::fmt::Write;

/// The first row is the head. Names stand to the left, in the first `names` columns, figures to the
/// right.
pub(crate) fn table(names: usize, rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let _ = if column < names {
                write!(text, "| {cell:<width$} ")
            } else {
                write!(text, "| {cell:>width$} ")
            };
        }
        text.push_str("|\n");
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                let end = if column < names { '-' } else { ':' };
                let _ = write!(text, "|{}{end}", "-".repeat(width + 1));
            }
            text.push_str("|\n");
        }
    }
    text
}

pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// With as many digits as it is worth.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        _ if value.is_nan() => "-".to_owned(),
        size if size < 10.0 && value.fract() != 0.0 => format!("{value:.3}"),
        size if size < 100.0 && value.fract() != 0.0 => format!("{value:.1}"),
        _ => whole(value),
    }
}

fn whole(value: f64) -> String {
    let mut digits = format!("{value:.0}");
    // From the right, a comma before every third digit.
    let mut place = digits.len().saturating_sub(3);
    while place > usize::from(value < 0.0) {
        digits.insert(place, ',');
        place = place.saturating_sub(3);
    }
    digits
}
