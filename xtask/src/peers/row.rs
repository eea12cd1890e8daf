//! One comparison, as a line, as JSON, and as a row of Markdown.

use serde_json::{Value, json};

/// Ours and a peer on one case.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) threads: usize,
    pub(crate) ours: String,
    pub(crate) ours_seconds: f64,
    pub(crate) ours_error: Option<f64>,
    pub(crate) peer: String,
    pub(crate) peer_seconds: Option<f64>,
    pub(crate) peer_error: Option<f64>,
    pub(crate) goal: Option<f64>,
}

impl Row {
    /// The peer's time over ours.
    pub(crate) fn ratio(&self) -> Option<f64> {
        self.peer_seconds.map(|peer| peer / self.ours_seconds)
    }

    /// From a line of the program `ode`.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let text = |key: &str| value[key].as_str().map(String::from).unwrap_or_default();
        Some(Self {
            case: text("case"),
            threads: value["threads"].as_u64()? as usize,
            ours: text("ours"),
            ours_seconds: value["ours_seconds"].as_f64()?,
            ours_error: value["ours_error"].as_f64(),
            peer: text("peer"),
            peer_seconds: value["peer_seconds"].as_f64(),
            peer_error: value["peer_error"].as_f64(),
            goal: value["goal"].as_f64(),
        })
    }

    /// The heading of [`line`](Self::line).
    pub(crate) fn heading() -> String {
        format!(
            "{:<32} {:<16} {:>10} {:<40} {:>10} {:>7} {:>5}  errors",
            "case", "ours", "ours (s)", "peer", "peer (s)", "ratio", "goal"
        )
    }

    /// For the terminal.
    pub(crate) fn line(&self) -> String {
        format!(
            "{:<32} {:<16} {:>10.6} {:<40} {:>10} {:>7} {:>5}  {} {}",
            format!("{} ({})", self.case, self.threads),
            self.ours,
            self.ours_seconds,
            self.peer,
            show(self.peer_seconds, |x| format!("{x:.6}")),
            show(self.ratio(), |x| format!("{x:.2}")),
            show(self.goal, |x| format!("{x:.2}")),
            show(self.ours_error, |x| format!("{x:.0e}")),
            show(self.peer_error, |x| format!("{x:.0e}")),
        )
    }

    /// For the file.
    pub(crate) fn json(&self) -> Value {
        json!({
            "case": self.case, "threads": self.threads, "ours": self.ours, "ours_seconds": self.ours_seconds,
            "ours_error": self.ours_error, "peer": self.peer, "peer_seconds": self.peer_seconds,
            "peer_error": self.peer_error, "ratio": self.ratio(), "goal": self.goal,
        })
    }

    /// For the page; `⚠` marks a goal that is missed.
    fn markdown(&self) -> String {
        let goal = match (self.goal, self.ratio()) {
            (Some(goal), Some(ratio)) if ratio < goal => format!("{goal:.2} ⚠"),
            (Some(goal), _) => format!("{goal:.2}"),
            (None, _) => String::new(),
        };
        format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {goal} |\n",
            self.case,
            self.threads,
            self.ours,
            figures(1e6 * self.ours_seconds),
            show(self.ours_error, |x| format!("{x:.0e}")),
            self.peer,
            show(self.peer_seconds, |x| figures(1e6 * x)),
            show(self.peer_error, |x| format!("{x:.0e}")),
            show(self.ratio(), |x| format!("{x:.2}")),
        )
    }
}

/// All rows as a table.
pub(crate) fn table(rows: &[Row]) -> String {
    let head = "| case | threads | ours | µs | error | peer | µs | error | ratio | goal |\n\
                |---|---|---|---|---|---|---|---|---|---|\n";
    rows.iter().fold(head.to_string(), |table, row| table + &row.markdown())
}

fn show(value: Option<f64>, text: impl Fn(f64) -> String) -> String {
    value.map_or("–".into(), text)
}

/// Three significant figures without an exponent.
fn figures(value: f64) -> String {
    let decimals = (2 - value.abs().max(1e-9).log10().floor() as i32).clamp(0, 4) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_goal_is_marked() {
        let row = Row {
            case: "a".into(),
            ours_seconds: 2e-6,
            peer_seconds: Some(3e-6),
            goal: Some(2.0),
            ..Row::default()
        };
        assert_eq!(row.ratio(), Some(1.5));
        assert!(table(std::slice::from_ref(&row)).ends_with("| 2.00 | – |  | 3.00 | – | 1.50 | 2.00 ⚠ |\n"));
        assert_eq!(row.json()["ratio"], 1.5);
        assert_eq!(Row::read(&row.json()), Some(row));
    }
}
