//! Lotka-Volterra over [0, 100] at 1e-8 against the same loop by hand.

use crate::by_hand;
use crate::turns::turns;
use chreode_bench_problems::{Ivp, LotkaVolterraLong};
use chreode_core::{Tolerance, VectorField, VectorSpace};
use chreode_ode::{DOPRI5, ExplicitRk, Last, Pi, Solve, Span, TSIT5, Tableau};
use ndarray::{Array1, array};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Duration;

const TOLERANCE: f64 = 1e-8;
const SPAN: Span = Span { t0: 0.0, t1: LotkaVolterraLong::T1 };

/// The field in place, on anything that is a slice.
struct InPlace;

impl VectorField<Array1<f64>> for InPlace {
    fn eval(&self, t: f64, y: &Array1<f64>) -> Array1<f64> {
        let mut dy = y.clone();
        self.eval_into(t, y, &mut dy);
        dy
    }

    #[inline]
    fn eval_into(&self, _t: f64, y: &Array1<f64>, dy: &mut Array1<f64>) {
        let (x, z) = (y[0], y[1]);
        dy[0] = 1.5 * x - x * z;
        dy[1] = x * z - 3.0 * z;
    }
}

impl VectorField<Vec<f64>> for InPlace {
    fn eval(&self, t: f64, y: &Vec<f64>) -> Vec<f64> {
        let mut dy = y.clone();
        self.eval_into(t, y, &mut dy);
        dy
    }

    #[inline]
    fn eval_into(&self, _t: f64, y: &Vec<f64>, dy: &mut Vec<f64>) {
        let (x, z) = (y[0], y[1]);
        dy[0] = 1.5 * x - x * z;
        dy[1] = x * z - 3.0 * z;
    }
}

/// One row a state and method: ours, and the loop by hand.
pub(crate) fn rows() -> Vec<Value> {
    let fixed = |t: f64, y: &[f64; 2]| LotkaVolterraLong::field(t, y);
    let mut rows = Vec::new();
    for (name, tableau, hand) in
        [("Dopri5", DOPRI5, by_hand::dopri5 as fn([f64; 2], f64) -> _), ("Tsit5", TSIT5, by_hand::tsit5)]
    {
        let (end, evals) = hand(LotkaVolterraLong::Y0, TOLERANCE);
        let floor = || {
            black_box(hand(black_box(LotkaVolterraLong::Y0), TOLERANCE));
        };
        let given = Given { method: name, error: LotkaVolterraLong::error(&end), evals };
        rows.push(given.row("[f64; 2]", &fixed, tableau, [1.0, 1.0], floor, 1.0 / 1.05));
        rows.push(given.row("Array1", &InPlace, tableau, array![1.0, 1.0], floor, 0.5));
        rows.push(given.row("Vec", &InPlace, tableau, vec![1.0, 1.0], floor, 0.5));
    }
    rows
}

/// What the loop by hand found.
struct Given {
    method: &'static str,
    error: f64,
    evals: usize,
}

impl Given {
    fn row<Y: VectorSpace, F: VectorField<Y>>(
        &self,
        state: &str,
        field: &F,
        tableau: Tableau,
        start: Y,
        mut floor: impl FnMut(),
        goal: f64,
    ) -> Value {
        let solve = Solve::new(ExplicitRk::new(tableau), Pi::new(Tolerance::both(TOLERANCE)));
        let mut last = Last::new();
        let report = solve.run(field, SPAN, start.duplicate(), &mut last).expect("a smooth field");
        let mut ours = || drop(black_box(solve.end(field, SPAN, black_box(&start).duplicate())));
        let seconds = turns(Duration::from_millis(1500), &mut [&mut ours, &mut floor]);
        json!({
            "case": format!("lotka-volterra-100 {state}"), "ours": format!("{} 1e-8", self.method),
            "ours_seconds": seconds[0].median, "peer": "the same loop by hand", "peer_seconds": seconds[1].median, "goal": goal,
            "ours_evaluations": report.stats.evals, "peer_evaluations": self.evals, "peer_error": self.error,
            "ours_least": seconds[0].least, "peer_least": seconds[1].least, "threads": 1,
        })
    }
}
