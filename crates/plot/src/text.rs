//! Numbers and words as text: figures of a score, thousands, superscripts, and escaping for XML and HTML.

/// Text that is safe between tags and inside double or single quotes. Control characters, which XML forbids, become
/// the replacement character.
pub fn escape(words: &str) -> String {
    let mut safe = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(letter),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A number with a fixed count of decimals and a true minus sign; a rounded zero has no sign.
pub fn fixed(value: f64, decimals: usize) -> String {
    let words = format!("{value:.decimals$}");
    match words.strip_prefix('-') {
        Some(rest) if rest.chars().any(|c| c.is_ascii_digit() && c != '0') => format!("−{rest}"),
        Some(rest) => rest.into(),
        None => words,
    }
}

/// A score: three decimals, or three significant figures where that would hide it.
pub fn score(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(5e-4..1e5).contains(&size) {
        scientific(value, 2)
    } else {
        fixed(value, decimals_of(size))
    }
}

fn decimals_of(size: f64) -> usize {
    match size {
        s if s < 100.0 => 3,
        s if s < 1000.0 => 2,
        _ => 1,
    }
}

/// A number as a mantissa and a power of ten.
pub fn scientific(value: f64, decimals: usize) -> String {
    let words = format!("{value:.decimals$e}");
    let (mantissa, exponent) = words.split_once('e').expect("the format has an exponent");
    let exponent = exponent.parse().expect("the exponent is an integer");
    format!("{} × {}", mantissa.replace('-', "−"), power_of_ten(exponent))
}

/// Ten to an integer power, in superscript.
pub fn power_of_ten(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digits = exponent
        .to_string()
        .chars()
        .map(|c| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize]))
        .collect::<String>();
    format!("10{digits}")
}

/// A count with commas between thousands.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut words = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

/// A time: the shortest text that reads back as the same number.
pub fn time(value: f64) -> String {
    format!("{value}").replace('-', "−")
}

/// Words as a list: "a", "a and b", "a, b and c".
pub fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_leaves_no_markup() {
        assert_eq!(escape("<a b=\"c\">'&'"), "&lt;a b=&quot;c&quot;&gt;&#39;&amp;&#39;");
        assert_eq!(escape("a\u{0}b\u{1b}[0m"), "a\u{fffd}b\u{fffd}[0m");
        assert_eq!(escape("μ₁ – é"), "μ₁ – é");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(fixed(-0.0004, 3), "0.000");
        assert_eq!(fixed(-1.25, 2), "−1.25");
        assert_eq!(score(0.7934), "0.793");
        assert_eq!(score(0.0), "0.000");
        assert_eq!(score(123.456), "123.46");
        assert_eq!(score(0.000_012_34), "1.23 × 10⁻⁵");
        assert_eq!(count(16_819), "16,819");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(power_of_ten(-12), "10⁻¹²");
        assert_eq!(time(3.0), "3");
        assert_eq!(time(0.25), "0.25");
    }

    #[test]
    fn lists_read_well() {
        let words = ["a".to_string(), "b".to_string(), "c".to_string()];
        assert_eq!(list(&words[..1]), "a");
        assert_eq!(list(&words[..2]), "a and b");
        assert_eq!(list(&words), "a, b and c");
    }
}
