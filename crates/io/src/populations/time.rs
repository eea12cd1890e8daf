//! Times from numbers and labels.

use crate::{Categories, Column, IoError};
use std::collections::BTreeMap;
use std::path::Path;

/// The cells of one time.
pub(super) struct Group {
    pub(super) time: f64,
    pub(super) label: String,
    pub(super) rows: Vec<usize>,
}

/// Groups rows by time, times increasing.
pub(super) fn group(path: &Path, name: &str, column: &Column) -> Result<Vec<Group>, IoError> {
    let labels = column.labels();
    let missing = labels.iter().filter(|label| label.is_none()).count();
    if missing > 0 {
        return Err(IoError::MissingTime {
            path: path.to_path_buf(),
            column: name.to_string(),
            row: labels.iter().position(Option::is_none).unwrap_or_default(),
            count: missing,
            cells: labels.len(),
        });
    }
    let mut rows: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (row, label) in labels.into_iter().enumerate() {
        rows.entry(label.unwrap_or_default()).or_default().push(row);
    }
    let boolean = matches!(column, Column::Booleans(_))
        || matches!(column, Column::Categorical { categories: Categories::Booleans(_), .. });
    let time = |label: &str| if boolean { None } else { one_number(label) };
    let unclear: Vec<String> = rows.keys().filter(|label| time(label).is_none()).cloned().collect();
    if !unclear.is_empty() {
        return Err(IoError::NotATime {
            path: path.to_path_buf(),
            column: name.to_string(),
            labels: unclear,
        });
    }
    let mut groups: Vec<Group> = rows
        .into_iter()
        .map(|(label, rows)| Group { time: time(&label).expect("unclear labels were returned"), label, rows })
        .collect();
    groups.sort_by(|a, b| a.time.total_cmp(&b.time));
    merge(path, name, groups)
}

/// Joins groups at one time if their labels are the same number written twice; else an error.
fn merge(path: &Path, name: &str, groups: Vec<Group>) -> Result<Vec<Group>, IoError> {
    let mut merged: Vec<Group> = Vec::new();
    for group in groups {
        match merged.last_mut() {
            Some(last) if last.time == group.time => {
                if plain_number(&last.label).is_none() || plain_number(&group.label).is_none() {
                    return Err(IoError::SameTime {
                        path: path.to_path_buf(),
                        column: name.to_string(),
                        time: group.time,
                        labels: vec![last.label.clone(), group.label],
                    });
                }
                last.rows.extend(group.rows);
                last.rows.sort_unstable();
            }
            _ => merged.push(group),
        }
    }
    Ok(merged)
}

fn plain_number(label: &str) -> Option<f64> {
    // Negative zero would sort apart from zero.
    label.trim().parse::<f64>().ok().filter(|v| v.is_finite()).map(|v| v + 0.0)
}

/// The number that a label is, or the only one in it.
fn one_number(label: &str) -> Option<f64> {
    if let Some(number) = plain_number(label) {
        return Some(number);
    }
    let bytes = label.as_bytes();
    let mut found = None;
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = number_end(bytes, at);
        if found.replace((at, end)).is_some() {
            return None;
        }
        at = end;
    }
    let (start, end) = found?;
    let magnitude: f64 = label[start..end].parse().ok().filter(|v: &f64| v.is_finite())?;
    let before = |back: usize| start.checked_sub(back).map(|i| bytes[i]);
    let signed = before(1) == Some(b'-') && matches!(before(2), None | Some(b' ' | b'=' | b':' | b'('));
    Some(if signed { 0.0 - magnitude } else { magnitude })
}

/// The end of digits, with a decimal part if there is one.
fn number_end(bytes: &[u8], start: usize) -> usize {
    let digits = |from: usize| from + bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(start);
    match (bytes.get(whole), bytes.get(whole + 1)) {
        (Some(b'.'), Some(next)) if next.is_ascii_digit() => digits(whole + 1),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::one_number;

    #[test]
    fn a_label_gives_its_only_number() {
        let cases = [
            ("Day 03", 3.0),
            ("day12", 12.0),
            ("E8.5", 8.5),
            ("1e3", 1000.0),
            (" 7 ", 7.0),
            ("-2", -2.0),
            ("t=-1", -1.0),
            ("day-3", 3.0),
            ("day -3", -3.0),
            ("12h.", 12.0),
            ("-0", 0.0),
            ("T (0.25)", 0.25),
        ];
        for (label, time) in cases {
            assert_eq!(one_number(label).map(f64::to_bits), Some(f64::to_bits(time)), "{label}");
        }
    }

    #[test]
    fn other_labels_give_none() {
        for label in ["", "control", "Day 00-03", "10X day3", "1.2.3", "inf", "NaN", "day 1e3", "²"] {
            assert_eq!(one_number(label), None, "{label}");
        }
    }
}
