//! Training on the cubic spiral: dy/dt = A y³ from (2, 0) to t = 1.5 at 30 times, a network 2-50-2 with tanh on y³,
//! 500 steps of Adam at 0.05 on the sum of squares.
//!
//! The example of R. T. Q. Chen et al., Neural ordinary differential equations, NeurIPS 2018, arXiv:1806.07366, in the
//! size in which C. Rackauckas et al., arXiv:2001.04385, compare programs on it.

use anyhow::Result;
use chreode_adjoint::{Adjoint, Discrete, Times};
use chreode_core::{Network, NetworkField, Pullback, Seed, Tolerance, VectorField, Vjp};
use chreode_nn::{Activation, AdamW, Mlp, MlpConfig, Moments};
use chreode_ode::{ExplicitRk, Pi, Solve, TSIT5};
use ndarray::{Array1, Array2, array};
use serde_json::{Value, json};
use std::time::Instant;

const STEPS: usize = 500;
const POINTS: usize = 30;

/// Trains once to warm up and then five times; the median, and the last loss.
pub(crate) fn row() -> Result<Value> {
    let mut loss = train()?.1;
    let mut seconds = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        loss = train()?.1;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Ok(json!({ "ours": "Tsit5 1e-3, 1e-6", "ours_seconds": seconds[2], "ours_loss": loss }))
}

/// The network's field of y³.
struct Cubed<'n>(NetworkField<'n, Mlp<f64>>);

fn cube(y: &Array2<f64>) -> Array2<f64> {
    y.mapv(|y| y * y * y)
}

impl VectorField<Array2<f64>> for Cubed<'_> {
    fn eval(&self, _t: f64, y: &Array2<f64>) -> Array2<f64> {
        self.0.eval(0.0, &cube(y))
    }

    fn eval_into(&self, _t: f64, y: &Array2<f64>, dy: &mut Array2<f64>) {
        self.0.eval_into(0.0, &cube(y), dy);
    }
}

impl Vjp<Array2<f64>> for Cubed<'_> {
    type Params = Array1<f64>;

    fn vjp(&self, _t: f64, y: &Array2<f64>, a: &Array2<f64>) -> Pullback<Array2<f64>, Array1<f64>> {
        let mut back = self.0.vjp(0.0, &cube(y), a);
        back.state.zip_mut_with(y, |a, y| *a *= 3.0 * y * y);
        back
    }
}

fn train() -> Result<(Vec<f64>, f64)> {
    let times: Vec<f64> = (0..POINTS).map(|i| 1.5 * i as f64 / (POINTS - 1) as f64).collect();
    let spiral = |_: f64, y: &[f64; 2]| {
        let [a, b] = y.map(|y| y * y * y);
        [2.0 * b - 0.1 * a, -2.0 * a - 0.1 * b]
    };
    let data = Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance::both(1e-10))).at(
        &spiral,
        [2.0, 0.0],
        &times,
    )?;
    let config = MlpConfig::new(2).hidden([50]).activation(Activation::Tanh);
    let mut network = Mlp::<f64>::new(config, &mut Seed(1).stream("spiral", 0))?;
    let mut params = network.parameters();
    let optimiser = AdamW { weight_decay: 0.0, ..AdamW::new(0.05)? };
    let mut moments = Moments::new(params.len());
    let solve = Solve::new(ExplicitRk::new(TSIT5), Pi::new(Tolerance { rtol: 1e-3, atol: 1e-6 }));
    let adjoint = Discrete::stored().times(Times::Constant);
    let mut last = f64::INFINITY;
    for _ in 0..STEPS {
        let field = Cubed(NetworkField::new(&network));
        let (ys, g) = adjoint.gradient(&solve, &field, array![[2.0, 0.0]], &times, |ys| {
            ys.iter()
                .zip(&data)
                .map(|(y, d)| array![[2.0 * (y[[0, 0]] - d[0]), 2.0 * (y[[0, 1]] - d[1])]])
                .collect()
        })?;
        last =
            ys.iter().zip(&data).map(|(y, d)| (y[[0, 0]] - d[0]).powi(2) + (y[[0, 1]] - d[1]).powi(2)).sum();
        optimiser.step(
            1.0,
            &mut moments,
            &mut params,
            g.params.as_slice().expect("a gradient is contiguous"),
        )?;
        network.write_parameters(&params);
    }
    Ok((params, last))
}
