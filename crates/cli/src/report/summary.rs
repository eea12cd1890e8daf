//! One paragraph that says, from the numbers alone, what was done and how well.

use super::data::{Metric, MetricScores, Report, Role, Score, ScoreRow, Scores, Split};
use chreode_plot::text::{count, fixed, list, score};

/// The summary; empty when there are neither cells nor scores.
pub(super) fn summary(report: &Report) -> String {
    let parts = [measured(report), report.scores.as_ref().and_then(|s| scored(report, s))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn measured(report: &Report) -> Option<String> {
    let total: usize = report.cells.iter().map(|c| c.points.nrows()).sum();
    if total == 0 {
        return None;
    }
    let times = |split: Split| -> Vec<String> {
        report.cells.iter().filter(|c| c.split == split).map(|c| chreode_plot::text::time(c.time)).collect()
    };
    let (seen, unseen) = (times(Split::Training), times(Split::HeldOut));
    let named = |times: &[String]| format!("{} {}", report.time_name, list(times)).trim().to_string();
    let all = format!("{} cells were measured at {} times", count(total as u64), report.cells.len());
    Some(match (seen.is_empty(), unseen.is_empty()) {
        (false, false) => {
            format!("{all}; the model was fitted to {} and never saw {}.", named(&seen), named(&unseen))
        }
        (false, true) => format!("{all}, and the model was fitted to all of them ({}).", named(&seen)),
        _ => format!("{all} ({}).", named(&unseen)),
    })
}

fn scored(report: &Report, scores: &Scores) -> Option<String> {
    let metric = *Metric::ALL.iter().find(|m| scores.rows.iter().any(|r| r.metric(**m).is_some()))?;
    let mean = |row: &ScoreRow| overall(row.metric(metric)?);
    let ranked = |role: Role| -> Vec<(&str, Score)> {
        let mut rows: Vec<(&str, Score)> = scores
            .rows
            .iter()
            .filter(|r| r.role == role)
            .filter_map(|r| Some((r.method.as_str(), mean(r)?)))
            .collect();
        rows.sort_by(|a, b| a.1.value.total_cmp(&b.1.value));
        rows
    };
    let (name, best) = *ranked(Role::Model).first()?;
    let where_at = match scores.times.as_slice() {
        [one] => format!("at held-out {}", report.time_text(*one)),
        many => format!("on average over {} held-out times", many.len()),
    };
    let spread = best.sd.map_or(String::new(), |sd| format!(" ± {}", score(sd)));
    let mut words =
        format!("{} scores {} = {}{spread} {where_at}", capital(name), metric.name(), score(best.value));
    let baselines: Vec<String> = ranked(Role::Baseline)
        .iter()
        .map(|(method, s)| format!("{} {method} at {}", change(best, *s), score(s.value)))
        .collect();
    if !baselines.is_empty() {
        words += &format!(": {}", list(&baselines));
    }
    words.push('.');
    if let Some((_, floor)) = ranked(Role::Floor).first() {
        words +=
            &format!(" Two halves of the measured cells score {} against each other.", score(floor.value));
    }
    Some(words)
}

/// The mean, or the only score when there is one time.
fn overall(scores: &MetricScores) -> Option<Score> {
    scores.mean.or(match scores.by_time.as_slice() {
        [one] => *one,
        _ => None,
    })
}

/// How the model's score differs from another, in percent of the other.
fn change(model: Score, other: Score) -> String {
    if other.value <= 0.0 {
        return "beside".into();
    }
    let percent = 100.0 * (model.value - other.value) / other.value;
    match percent {
        p if p < -0.5 => format!("{} % below", fixed(-p, 0)),
        p if p > 0.5 => format!("{} % above", fixed(p, 0)),
        _ => "level with".into(),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
