//! Score tables: one for each metric, methods by held-out times, the best of each column in bold.

use std::fmt::Write as _;

use crate::report::data::{Metric, Report, Role, Score, ScoreRow, Scores};
use crate::report::text::{escape, score};

/// Writes all tables: the first metric alone, the others side by side.
pub(super) fn write(out: &mut String, report: &Report, scores: &Scores) {
    let present = Metric::ALL.into_iter().filter(|m| scores.rows.iter().any(|r| r.metric(*m).is_some()));
    for (index, metric) in present.enumerate() {
        if index == 1 {
            out.push_str("<div class=\"tables\">\n");
        }
        write_table(out, report, scores, metric);
    }
    if Metric::ALL.into_iter().filter(|m| scores.rows.iter().any(|r| r.metric(*m).is_some())).count() > 1 {
        out.push_str("</div>\n");
    }
    let mut note = "Smaller is better; bold is the best of a column".to_string();
    if scores.rows.iter().any(|r| r.role == Role::Floor) {
        note += ", the floor aside";
    }
    note += ".";
    if any(scores, |s| s.sd.is_some()) {
        note += " ± is one standard deviation over seeds.";
    }
    if any(scores, |s| s.interval.is_some()) {
        let _ = write!(note, " Brackets: {}.", scores.interval_name);
    }
    let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(&note));
}

fn any(scores: &Scores, test: impl Fn(&Score) -> bool) -> bool {
    let metrics = scores.rows.iter().flat_map(|r| &r.metrics);
    metrics.flat_map(|m| m.by_time.iter().chain([&m.mean]).flatten()).any(test)
}

fn write_table(out: &mut String, report: &Report, scores: &Scores, metric: Metric) {
    let rows: Vec<(&ScoreRow, Vec<Option<Score>>)> = scores
        .rows
        .iter()
        .filter_map(|row| {
            row.metric(metric).map(|m| (row, m.by_time.iter().copied().chain([m.mean]).collect()))
        })
        .collect();
    let with_mean = rows.iter().any(|(_, cells)| cells.last().is_some_and(Option::is_some));
    let count = scores.times.len() + usize::from(with_mean);
    let best: Vec<Option<f64>> = (0..count).map(|c| best(&rows, c)).collect();
    let name = escape(metric.name());
    let _ = write!(
        out,
        "<div class=\"scroll\"><table>\n<caption>{name}</caption>\n<thead><tr><th scope=\"col\">Method</th>"
    );
    for time in &scores.times {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escape(&report.time_text(*time)));
    }
    out.push_str(if with_mean {
        "<th scope=\"col\">mean</th></tr></thead>\n<tbody>\n"
    } else {
        "</tr></thead>\n<tbody>\n"
    });
    for (row, cells) in &rows {
        let class = match row.role {
            Role::Model => "model",
            Role::Baseline => "baseline",
            Role::Floor => "floor",
        };
        let _ = write!(out, "<tr class=\"{class}\"><th scope=\"row\">{}</th>", escape(&row.method));
        for (cell, best) in cells.iter().take(count).zip(&best) {
            out.push_str(&entry(cell.as_ref(), *best, row.role));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n");
}

/// The smallest value of a column as it is printed matters, not beyond: equal print is equally best.
fn best(rows: &[(&ScoreRow, Vec<Option<Score>>)], column: usize) -> Option<f64> {
    let values =
        rows.iter().filter(|(row, _)| row.role != Role::Floor).filter_map(|(_, cells)| cells[column]);
    values.map(|s| s.value).min_by(f64::total_cmp)
}

fn entry(cell: Option<&Score>, best: Option<f64>, role: Role) -> String {
    let Some(cell) = cell else { return "<td>–</td>".into() };
    let value = score(cell.value);
    let mut words = if role != Role::Floor && best.is_some_and(|b| score(b) == value) {
        format!("<b>{value}</b>")
    } else {
        value
    };
    if let Some(sd) = cell.sd {
        let _ = write!(words, "<span class=\"sd\"> ± {}</span>", score(sd));
    }
    if let Some([low, high]) = cell.interval {
        let _ = write!(words, "<small>[{}, {}]</small>", score(low), score(high));
    }
    format!("<td>{words}</td>")
}
