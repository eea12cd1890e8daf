//! Damped oscillators, seen at 20 irregular times, and the models of time series: the first two rows say how an individual goes on
//! after half of its course (the first from what it was without noise), the third what comes next as it is measured. Draws them
//! where a path is given.
//!
//! `cargo run --release -p chreode-examples --example time_series -- docs/images/time-series.svg`

use chreode::core::Seed;
use chreode::models::{
    Card, ControlKind, Course, Dataset, Forecaster, Individual, ModelConfig, ModelError, Pool, Predicted,
    Series, SeriesScore,
};
use chreode_plot::{Frame, Ink, Paint, Point, Rect, Scale, Scene, Side, Stroke, TITLE_SIZE, Text, svg};
use std::ops::ControlFlow;

/// Standard deviation of the noise on what is measured.
const NOISE: f64 = 0.05;
/// Courses end here.
const END: f64 = 3.0;
/// The individual that is drawn.
const SHOWN: usize = 3;

/// What a model is asked.
#[derive(Clone, Copy, PartialEq)]
enum Question {
    /// The second half, of what was measured in the first.
    Rest,
    /// Each measurement, of those before it.
    Next,
}

/// Models that are asked the same; of each the updates, and the most that the mean square of an error may be; that of 0 is
/// 0.4 or more.
struct Family {
    question: Question,
    /// Deviation of the noise on what they learn from and are shown.
    noise: f64,
    models: &'static [(&'static str, u64, f64)],
}

/// A row of the picture each.
const FAMILIES: [Family; 3] = [
    // Neural ODEs take the first measurement, or the first two, for exact.
    Family {
        question: Question::Rest,
        noise: 0.0,
        models: &[
            ("neural-ode", 400, 0.03),
            ("augmented-neural-ode", 400, 0.03),
            ("second-order-neural-ode", 2000, 0.1),
        ],
    },
    Family {
        question: Question::Rest,
        noise: NOISE,
        models: &[
            ("latent-ode", 800, 0.03),
            ("latent-ode-poisson", 800, 0.03),
            ("latent-ode-rnn", 800, 0.03),
            ("rnn-vae", 800, 0.15),
        ],
    },
    Family {
        question: Question::Next,
        noise: NOISE,
        models: &[
            ("ode-rnn", 600, 0.03),
            ("rnn-gaps", 600, 0.1),
            ("gru-ode-bayes", 400, 0.03),
            ("neural-cde", 600, 0.1),
        ],
    },
];

/// What a model says of an individual, and where that is drawn: column and row.
struct Panel {
    title: &'static str,
    place: [usize; 2],
    question: Question,
    seen: Individual,
    said: Predicted,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut panels = Vec::new();
    for (row, Family { question, noise, models }) in FAMILIES.iter().enumerate() {
        let all = Course::Damped { points: 20 }.sample(220, *noise, Seed(1))?;
        let (train, test) = all.split(0.9, Seed(2))?;
        for (column, (name, steps, bound)) in models.iter().enumerate() {
            let model = trained(name, *steps, &train)?;
            let (error, said) = answered(name, &*model, *question, &test)?;
            println!("{name:<24} mean squared error {error:.4}, at most {bound}");
            if error > *bound {
                return Err(format!("{name} misses by {error:.4} where {bound} is expected").into());
            }
            let (question, seen) = (*question, test.individuals()[SHOWN].clone());
            panels.push(Panel { title: name, place: [column, row], question, seen, said });
        }
    }
    if let Some(path) = std::env::args().nth(1) {
        let scene = draw(&panels);
        std::fs::write(path, svg(&scene, Paint::Adaptive, "eleven models of time series"))?;
    }
    Ok(())
}

fn trained(name: &str, steps: u64, train: &Series) -> Result<Box<dyn Forecaster>, ModelError> {
    let mut config = (Card::named(name)?.config)();
    let fit = config.fit_mut();
    (fit.steps, fit.lr, fit.ema) = (steps, 1e-2, 0.99);
    match &mut config {
        ModelConfig::LatentOde(latent) => (latent.until, latent.latents, latent.state) = (0.5, 4, 20),
        // A smooth path through noise measured twice within a moment would leave the page.
        ModelConfig::NeuralCde(cde) => (cde.path, cde.fit.lr) = (ControlKind::Linear, 5e-3),
        _ => {}
    }
    let mut run = config.start(&Dataset::Series(train.clone()), train.standardising()?)?;
    run.train(Pool::with_threads(1), &mut |_| ControlFlow::Continue(()))?;
    run.finish().forecaster()
}

/// The mean squared error over all individuals, and what is said of one at many times.
fn answered(
    name: &str,
    model: &dyn Forecaster,
    question: Question,
    test: &Series,
) -> Result<(f64, Predicted), ModelError> {
    let (given, asked) = match question {
        Question::Rest => test.split_at(0.5 * END)?,
        Question::Next => (test.clone(), test.map(|one| one.keep(|i| i >= 4))?),
    };
    let times: Vec<Vec<f64>> = asked.individuals().iter().map(|one| one.times.clone()).collect();
    let said = model.predict(&given, &times, 20, Seed(3))?;
    let error = SeriesScore::of(&said, &asked, &[1.0, 1.0]).mse;
    let band =
        model.predict(&given.select(&[SHOWN])?, &[grid(name, &test.individuals()[SHOWN])], 40, Seed(3))?;
    Ok((error, band.into_iter().next().expect("one individual was asked for")))
}

/// Where the panel of a model asks: a recurrent network says nothing between the times that it steps to.
fn grid(name: &str, one: &Individual) -> Vec<f64> {
    if name == "rnn-vae" {
        return one.times.clone();
    }
    (0..=300).map(|i| END * f64::from(i) / 300.0).collect()
}

/// A panel a model: the first feature as measured, the mean, and two deviations where there are any.
fn draw(panels: &[Panel]) -> Scene {
    const PANEL: f64 = 235.0;
    const ROW: f64 = 230.0;
    let mut scene = Scene::new(PANEL * 4.0 + 30.0, ROW * FAMILIES.len() as f64 + 10.0);
    for Panel { title, place: [column, row], question, seen: one, said } in panels {
        let (left, top) = (45.0 + PANEL * *column as f64, 34.0 + ROW * *row as f64);
        let area = Rect { left, top, width: PANEL - 25.0, height: 150.0 };
        let frame = Frame {
            area,
            x: Scale::linear([0.0, END], [area.left, area.right()]),
            y: Scale::linear([-2.2, 2.2], [area.bottom(), area.top]),
        };
        frame.draw(&mut scene, ["time", "x"], if *column == 0 { Side::Written } else { Side::Shared });
        let line = |away: f64| -> Vec<Point> {
            let point = |(i, &t): (usize, &f64)| {
                let spread = said.spread.as_ref().map_or(0.0, |s| f64::from(s[[i, 0]]));
                frame.point([t, (f64::from(said.mean[[i, 0]]) + away * spread).clamp(-2.2, 2.2)])
            };
            said.times.iter().enumerate().map(point).collect()
        };
        if said.spread.is_some() {
            let band: Vec<Point> = line(2.0).into_iter().chain(line(-2.0).into_iter().rev()).collect();
            scene.areas(vec![band], Ink::Model, 0.2);
        }
        scene.lines(vec![line(0.0)], Stroke::new(Ink::Model, 1.6));
        let seen = |t: f64| *question == Question::Next || t < 0.5 * END;
        for (&t, &x) in one.times.iter().zip(one.values.column(0)) {
            let ink = if seen(t) { Ink::Text } else { Ink::Baseline };
            scene.dots(vec![frame.point([t, f64::from(x)])], 2.4, ink, 1.0);
        }
        if *question == Question::Rest {
            let [top, bottom] = [2.2, -2.2].map(|y| frame.point([0.5 * END, y]));
            scene.line(top, bottom, Stroke::new(Ink::Muted, 0.8).dash(3.0, 3.0));
        }
        scene.text(Text::new([area.left, area.top - 16.0], *title, TITLE_SIZE, Ink::Text).bold());
    }
    scene
}
