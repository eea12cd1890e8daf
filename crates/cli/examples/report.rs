//! Writes a report of simulated branching cells: `cargo run -p chreode-cli --example report -- FOLDER`.
//!
//! Cells start together, move right, and split into two fates. The scores and the loss are made up; they show the
//! form of a report, not a result.

use std::f64::consts::TAU;

use chreode_cli::report::{
    Cells, Command, Entry, FieldGrid, Loss, Metric, MetricScores, Prediction, Report, ReportError, Role,
    Score, ScoreRow, Scores, Split, Trajectories,
};
use ndarray::Array2;

fn main() -> Result<(), ReportError> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "report".into());
    example().write(folder).map(|_| ())
}

/// A whole report.
fn example() -> Report {
    let mut noise = Noise(7);
    let mut report = Report::new("Embryoid bodies: two held-out days predicted by flow matching");
    report.axes = ["PC 1".into(), "PC 2".into()];
    report.time_name = "day".into();
    for (time, n) in [(0.0, 2381), (6.0, 4163), (12.0, 3278), (18.0, 3665), (24.0, 3332)] {
        let split = if time == 6.0 || time == 18.0 { Split::HeldOut } else { Split::Training };
        report.cells.push(Cells::new(time, split, cells(time, n, &mut noise)));
    }
    for time in [6.0, 18.0] {
        report.predictions.push(Prediction { time, points: cells(time + 0.6, 2500, &mut noise) });
    }
    report.trajectories = Some(trajectories(100, &mut noise));
    report.fields = [3.0, 12.0, 21.0].map(field).to_vec();
    report.loss = Some(loss(20_000, &mut noise));
    report.scores = Some(scores());
    report.manifest = manifest();
    report.commands = commands();
    report
}

/// Centre of a fate (+1 or -1) at a time.
fn centre(time: f64, fate: f64) -> [f64; 2] {
    let s = time / 24.0;
    let split = (s - 0.3).max(0.0);
    [-1.6 + 3.4 * s, 0.5 * (3.0 * s).sin() + fate * 2.1 * split.powf(1.3) - 0.35 * fate.min(0.0) * split]
}

fn cells(time: f64, n: usize, noise: &mut Noise) -> Array2<f64> {
    let mut points = Array2::zeros((n, 2));
    for mut row in points.rows_mut() {
        let fate = if noise.uniform() < 0.6 { 1.0 } else { -1.0 };
        let [x, y] = centre((time + 2.2 * noise.normal()).clamp(0.0, 27.0), fate);
        let wide = 0.16 + 0.05 * time / 24.0;
        row[0] = x + wide * noise.normal();
        row[1] = y + wide * 1.2 * noise.normal();
    }
    points
}

fn trajectories(n: usize, noise: &mut Noise) -> Trajectories {
    let times: Vec<f64> = (0..=60).map(|i| 0.4 * f64::from(i)).collect();
    let path = |_| {
        let fate = if noise.uniform() < 0.6 { 1.0 } else { -1.0 };
        let [dx, dy] = [0.2 * noise.normal(), 0.22 * noise.normal()];
        let [rate, bend] = [1.0 + 0.05 * noise.normal(), 0.06 * noise.normal()];
        let mut path = Array2::zeros((times.len(), 2));
        for (mut row, time) in path.rows_mut().into_iter().zip(&times) {
            let [x, y] = centre(time * rate, fate);
            row[0] = x + dx;
            row[1] = y + dy + bend * (time / 4.0).sin();
        }
        path
    };
    let paths = (0..n).map(path).collect();
    Trajectories { times, paths }
}

/// The velocity of the nearer fate, smoothed between the two, and a pull towards the middle of the stream.
fn field(time: f64) -> FieldGrid {
    let axis = |low: f64, high: f64, n: i32| -> Vec<f64> {
        (0..n).map(|i| low + (high - low) * f64::from(i) / f64::from(n - 1)).collect()
    };
    let (x, y) = (axis(-2.6, 3.0, 40), axis(-2.0, 2.4, 36));
    let velocity = |x: f64, y: f64| -> [f64; 2] {
        let own = ((x + 1.6) / 3.4 * 24.0).clamp(0.0, 24.0);
        let share = 1.0 / (1.0 + (-6.0 * (y - centre(own, 0.0)[1])).exp());
        let along = |fate: f64| {
            let ([ax, ay], [bx, by]) = (centre(own, fate), centre(own + 0.1, fate));
            [10.0 * (bx - ax), 10.0 * (by - ay) + 0.12 * (ay - y)]
        };
        let (up, down) = (along(1.0), along(-1.0));
        let pace = 0.35 + (-((own - time) / 9.0).powi(2)).exp();
        [0, 1].map(|c| pace * (share * up[c] + (1.0 - share) * down[c]))
    };
    let component = |c: usize| Array2::from_shape_fn((y.len(), x.len()), |(j, i)| velocity(x[i], y[j])[c]);
    FieldGrid { time, u: component(0), v: component(1), x, y }
}

fn loss(steps: u64, noise: &mut Noise) -> Loss {
    let steps: Vec<u64> = (1..=steps).step_by(10).collect();
    let mut values = Vec::new();
    let mut smoothed = Vec::new();
    let mut mean = 6.0;
    for step in &steps {
        let level = 0.62 + 5.0 * (-(*step as f64) / 900.0).exp();
        values.push(level * (0.18 * noise.normal()).exp());
        mean += 0.03 * (values[values.len() - 1] - mean);
        smoothed.push(mean);
    }
    Loss { steps, values, smoothed: Some(smoothed), name: "matching loss".into() }
}

fn scores() -> Scores {
    let row = |method: &str, role: Role, w1: [f64; 2], spread: f64| {
        let score = |value: f64| match role {
            Role::Model => {
                Score::new(value).with_sd(0.4 * spread).with_interval(value - spread, value + 1.1 * spread)
            }
            _ => Score::new(value).with_interval(value - spread, value + 1.1 * spread),
        };
        let metric = |metric: Metric, scale: f64| {
            let values = w1.map(|v| v * scale);
            let plain =
                |v: f64| if role == Role::Model { Score::new(v).with_sd(0.01 * v) } else { Score::new(v) };
            let make = |v: f64| if metric == Metric::W1 { score(v) } else { plain(v) };
            let mean = make(0.5 * (values[0] + values[1]));
            MetricScores { metric, by_time: values.map(|v| Some(make(v))).to_vec(), mean: Some(mean) }
        };
        let metrics = [(Metric::W1, 1.0), (Metric::W2, 1.31), (Metric::Mmd, 0.11), (Metric::Energy, 0.34)]
            .map(|(m, s)| metric(m, s));
        ScoreRow { method: method.into(), role, metrics: metrics.to_vec() }
    };
    let rows = vec![
        row("OT-CFM", Role::Model, [0.781, 0.802], 0.030),
        row("no motion (earlier day)", Role::Baseline, [1.412, 1.236], 0.034),
        row("other neighbour (later day)", Role::Baseline, [1.188, 1.301], 0.035),
        row("exact-OT midpoint", Role::Baseline, [0.842, 0.797], 0.028),
        row("split-half floor", Role::Floor, [0.529, 0.561], 0.012),
    ];
    Scores { times: vec![6.0, 18.0], rows, interval_name: "bootstrap 95 % interval".into() }
}

fn manifest() -> Vec<Entry> {
    let entries = [
        ("chreode", "0.1.0"),
        ("seed", "17, 18, 19"),
        ("device", "cpu, 8 threads"),
        ("data", "eb.h5ad"),
        ("data sha256", "9f1c5d0b7a3e4468b2c1d97f60e5a4b38817c2f6d0a9e35b41c67f28d3e9ab05"),
        ("preprocessing", "PCA, 5 components, whitened"),
        ("network", "3 × 64, SELU"),
        ("pairing", "exact OT, batch 256"),
        ("optimiser", "AdamW, rate 0.001"),
        ("steps", "20,000"),
    ];
    entries.map(|(key, value)| Entry { key: key.into(), value: value.into() }).to_vec()
}

fn commands() -> Vec<Command> {
    let lines = [
        (
            "Train without the held-out days",
            "chreode train eb.h5ad --time day --hold-out 6,18 --seed 17 --out run",
        ),
        ("Score against the held-out cells", "chreode score run --metrics w1,w2,mmd,energy --bootstrap 1000"),
        ("Write this page", "chreode report run --out report"),
    ];
    lines.map(|(purpose, line)| Command { purpose: purpose.into(), line: line.into() }).to_vec()
}

/// A small generator for the example (SplitMix64; Steele, Lea and Flood, 2014).
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Box-Muller.
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (TAU * self.uniform()).cos()
    }
}
