//! Scores as a table for the terminal.

use chreode_models::{Scores, Statistic};
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

/// One row a method, one column a held-out time, and the mean.
pub(crate) fn of(scores: &Scores, method: &str) -> String {
    let by_time = &scores.summary.w1_by_time;
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    let times = by_time.iter().map(|(time, _)| format!("time {time}"));
    table.set_header(["W1".to_string()].into_iter().chain(times).chain(["mean".to_string()]));
    let model = by_time.iter().map(|(_, s)| spread(s)).chain([spread(&scores.summary.w1)]);
    table.add_row([method.to_string()].into_iter().chain(model));
    let intervals = by_time.iter().map(|(time, _)| {
        let at = scores.scores.iter().filter(|s| s.time == *time);
        let (lo, hi, n) = at.fold((0.0, 0.0, 0.0), |(lo, hi, n), s| {
            (lo + s.distances.w1_interval[0], hi + s.distances.w1_interval[1], n + 1.0)
        });
        format!("[{:.4}, {:.4}]", lo / n, hi / n)
    });
    table.add_row(["  bootstrap 95 %".to_string()].into_iter().chain(intervals).chain([String::new()]));
    let baselines = &scores.baselines;
    let rows: [(&str, Vec<Option<f64>>); 4] = [
        ("no motion", baselines.iter().map(|b| Some(b.no_motion)).collect()),
        ("other neighbour", baselines.iter().map(|b| Some(b.other_neighbour)).collect()),
        ("exact-OT midpoint", baselines.iter().map(|b| Some(b.midpoint)).collect()),
        ("split-half floor", baselines.iter().map(|b| b.split_half).collect()),
    ];
    for (name, values) in rows {
        let known: Vec<f64> = values.iter().flatten().copied().collect();
        let mean = (known.len() == values.len()).then(|| Statistic::of(&known).mean);
        let cells =
            values.into_iter().chain([mean]).map(|v| v.map_or("-".to_string(), |v| format!("{v:.4}")));
        table.add_row([name.to_string()].into_iter().chain(cells));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let s = &scores.summary;
    format!(
        "{table}\n{method}: W2 {}, MMD {}, energy distance {}",
        spread(&s.w2),
        spread(&s.mmd),
        spread(&s.energy)
    )
}

fn spread(s: &Statistic) -> String {
    s.sd.map_or_else(|| format!("{:.4}", s.mean), |sd| format!("{:.4} ± {sd:.4}", s.mean))
}
