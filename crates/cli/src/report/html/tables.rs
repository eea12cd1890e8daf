//! The score table: a group of rows for each metric, methods by held-out times, the best of each column in bold.

use std::fmt::Write as _;

use crate::report::data::{Metric, Report, Role, Score, ScoreRow, Scores};
use chreode_plot::text::{escape, score};

/// Writes the table and the note under it.
pub(super) fn write(out: &mut String, report: &Report, scores: &Scores) {
    let with_mean = scores.rows.iter().flat_map(|r| &r.metrics).any(|m| m.mean.is_some());
    out.push_str("<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">Method</th>");
    for time in &scores.times {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escape(&report.time_text(*time)));
    }
    out.push_str(if with_mean { "<th scope=\"col\">mean</th></tr></thead>\n" } else { "</tr></thead>\n" });
    for metric in Metric::ALL {
        write_group(out, scores, metric, scores.times.len() + usize::from(with_mean));
    }
    out.push_str("</table></div>\n");
    let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(&note(scores)));
}

fn note(scores: &Scores) -> String {
    let any = |test: fn(&Score) -> bool| {
        let metrics = scores.rows.iter().flat_map(|r| &r.metrics);
        metrics.flat_map(|m| m.by_time.iter().chain([&m.mean]).flatten()).any(test)
    };
    let mut note = "Smaller is better; bold is the best of a column".to_string();
    if scores.rows.iter().any(|r| r.role == Role::Floor) {
        note += ", the floor aside";
    }
    note.push('.');
    if any(|s| s.sd.is_some()) {
        note += " ± is one standard deviation over seeds.";
    }
    if any(|s| s.interval.is_some()) {
        let _ = write!(note, " Brackets: {}.", scores.interval_name);
    }
    note
}

fn write_group(out: &mut String, scores: &Scores, metric: Metric, columns: usize) {
    let cells = |row: &ScoreRow| -> Option<Vec<Option<Score>>> {
        row.metric(metric).map(|m| m.by_time.iter().copied().chain([m.mean]).take(columns).collect())
    };
    let rows: Vec<(&ScoreRow, Vec<Option<Score>>)> =
        scores.rows.iter().filter_map(|row| Some((row, cells(row)?))).collect();
    if rows.is_empty() {
        return;
    }
    let best: Vec<Option<f64>> = (0..columns).map(|column| best(&rows, column)).collect();
    let name = escape(metric.name());
    let _ = writeln!(
        out,
        "<tbody>\n<tr class=\"group\"><th scope=\"rowgroup\" colspan=\"{}\">{name}</th></tr>",
        columns + 1
    );
    for (row, cells) in &rows {
        let class = match row.role {
            Role::Model => "model",
            Role::Baseline => "baseline",
            Role::Floor => "floor",
        };
        let _ = write!(out, "<tr class=\"{class}\"><th scope=\"row\">{}</th>", escape(&row.method));
        for (cell, best) in cells.iter().zip(&best) {
            out.push_str(&entry(cell.as_ref(), *best, row.role));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n");
}

/// The smallest score of a column, floors aside.
fn best(rows: &[(&ScoreRow, Vec<Option<Score>>)], column: usize) -> Option<f64> {
    let values =
        rows.iter().filter(|(row, _)| row.role != Role::Floor).filter_map(|(_, cells)| cells[column]);
    values.map(|s| s.value).min_by(f64::total_cmp)
}

/// One cell; scores that print alike are equally best.
fn entry(cell: Option<&Score>, best: Option<f64>, role: Role) -> String {
    let Some(cell) = cell else { return "<td>–</td>".into() };
    let value = score(cell.value);
    let is_best = role != Role::Floor && best.is_some_and(|b| score(b) == value);
    let mut words = if is_best { format!("<b>{value}</b>") } else { value };
    let sd = cell.sd.map(|sd| format!("± {}", score(sd)));
    let interval = cell.interval.map(|[low, high]| format!("[{}, {}]", score(low), score(high)));
    let spread: Vec<String> = sd.into_iter().chain(interval).collect();
    if !spread.is_empty() {
        let _ = write!(words, "<small>{}</small>", spread.join(" "));
    }
    format!("<td>{words}</td>")
}
