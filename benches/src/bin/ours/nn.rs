//! Passes of a perceptron: forward, with its pullback, and an exact divergence with its gradient.

use crate::case::{Pass, Passes};
use crate::timing::repeat;
use anyhow::Result;
use chreode_core::{Network, NetworkJvp, Probes, Seed};
use chreode_nn::{Mlp, MlpConfig};
use ndarray::Array2;
use serde::Serialize;
use std::time::Duration;

/// Seconds of timing.
const BUDGET: Duration = Duration::from_secs(2);
/// Short passes are timed so many at a time that a timing takes about this long.
const CHUNK: f64 = 2e-3;

/// What was measured.
#[derive(Serialize)]
pub(crate) struct Report {
    seconds_median: f64,
    seconds_min: f64,
    repeats: usize,
    /// Billions of floating-point operations of the products a second.
    gigaflops: f64,
}

/// Times the passes of `case`.
pub(crate) fn time(case: &Passes) -> Result<Report> {
    let Passes { d, width, layers, rows, activation, pass } = *case;
    let config = MlpConfig::new(d).hidden(vec![width; layers]).activation(activation);
    let net = Mlp::<f32>::new(config, &mut Seed(1).stream("init", 0))?;
    let x = Array2::from_shape_fn((rows, d), |(i, j)| ((i * 7 + j * 3) as f32).sin());
    let t: Vec<f32> = (0..rows).map(|i| i as f32 / rows as f32).collect();
    let a = x.mapv(f32::cos);
    let (mut out, mut state) = (x.clone(), x.clone());
    let (mut gradient, mut memory) = (net.parameters(), Default::default());
    let (mut div, c) = (t.clone(), vec![1.0 / rows as f32; rows]);
    let mut run = || match pass {
        Pass::Forward => net.velocity(&t, x.view(), out.view_mut(), &mut memory),
        Pass::Vjp => {
            net.forward(&t, x.view(), out.view_mut(), &mut memory);
            net.pullback(a.view(), Some(state.view_mut()), Some(&mut gradient), &mut memory);
        }
        Pass::Divergence => {
            net.forward(&t, x.view(), out.view_mut(), &mut memory);
            net.divergence(Probes::Basis, &mut div, &mut memory);
            let state = Some(state.view_mut());
            net.pullback_divergence(Probes::Basis, &c, None, state, Some(&mut gradient), &mut memory);
        }
    };
    let ((), first) = repeat(3, Duration::ZERO, || {
        run();
        Ok::<_, anyhow::Error>(())
    })?;
    let calls = (CHUNK / first.median()).max(1.0) as usize;
    let ((), times) = repeat(5, BUDGET, || {
        (0..calls).for_each(|_| run());
        Ok::<_, anyhow::Error>(())
    })?;
    let seconds = times.median() / calls as f64;
    // Multiply-adds for each row and parameter: products with the weights, and with their gradients.
    let products = match pass {
        Pass::Forward => 1,
        Pass::Vjp => 3,
        Pass::Divergence => 1 + d + 3 * d + 2,
    };
    let operations = 2.0 * (products * rows * net.parameter_count()) as f64;
    Ok(Report {
        seconds_median: seconds,
        seconds_min: times.least() / calls as f64,
        repeats: times.count(),
        gigaflops: 1e-9 * operations / seconds,
    })
}
