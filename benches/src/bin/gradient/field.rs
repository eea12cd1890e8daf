//! A neural field, 3 × 64 SELU: the gradient of Σ z(1)² by its parameters, dopri5 at 1e-4.

use crate::Steps;
use crate::arrays::{self, FieldArrays};
use crate::memory::peak;
use crate::turns::turns;
use anyhow::Result;
use chreode_adjoint::{Adjoint, BatchField, Blocks, Discrete, Times, Together};
use chreode_core::{Network, NetworkField, Tolerance};
use chreode_nn::{Element, Mlp};
use chreode_ode::{BatchSolve, DOPRI5, ExplicitRk, NetworkRows, Pi, Rows, Solve, Span, TSIT5};
use ndarray::{Array2, ArrayView2};
use serde_json::{Value, json};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

const SPAN: Span = Span { t0: 0.0, t1: 1.0 };
const TOLERANCE: f64 = 1e-4;

/// Times one batch of `n` rows of width `d`.
pub(crate) fn row<A: Element>(n: usize, d: usize, data: Option<&Path>, steps: Steps) -> Result<Value> {
    let arrays = arrays::field(n, d, data)?;
    let network: Mlp<A> = arrays.network()?;
    let start = arrays.x.mapv(A::from_f64);
    let field = NetworkField::new(&network);
    let run = || match steps {
        Steps::Shared => shared(&field, &start),
        Steps::Each => Ok(each(&network, start.view(), 1e-4)?.1),
    };
    let (first, bytes) = peak(run);
    let gradient: Vec<f64> = first?.into_iter().map(chreode_core::Real::to_f64).collect();
    let mut again = || drop(black_box(run()));
    let seconds = turns(Duration::from_secs(3), &mut [&mut again]);
    let name = match steps {
        Steps::Shared => "Dopri5 1e-4",
        Steps::Each => "Dopri5 1e-4 each row",
    };
    Ok(json!({
        "ours": name, "ours_seconds": seconds[0].median, "ours_error": error(&gradient, &arrays)?,
        "ours_bytes": bytes,
    }))
}

/// With one step size for all rows.
fn shared<A: Element>(field: &NetworkField<'_, Mlp<A>>, start: &Array2<A>) -> Result<Vec<A>> {
    let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(TOLERANCE)));
    let adjoint = Discrete::default().times(Times::Constant);
    let two = A::from_f64(2.0);
    let loss = |ys: &[Array2<A>]| vec![Array2::zeros(ys[0].raw_dim()), ys[1].mapv(|z| two * z)];
    let (_, g) = adjoint.gradient(&solve, field, start.clone(), &[SPAN.t0, SPAN.t1], loss)?;
    Ok(g.params.to_vec())
}

/// With a step size for each row: Σ z(1)² and its gradient.
fn each<A: Element>(network: &Mlp<A>, start: ArrayView2<'_, A>, tolerance: f64) -> Result<(f64, Vec<A>)> {
    let tableau = if tolerance < 1e-6 { TSIT5 } else { DOPRI5 };
    let solve = BatchSolve::new(tableau, Pi::new(Tolerance::both(tolerance)));
    let threads = rayon::current_num_threads();
    if threads == 1 {
        return by_rows(&solve, &Together(NetworkRows::new(network)), start);
    }
    let rows = start.nrows().div_ceil(threads).next_multiple_of(64);
    by_rows(&solve, &Blocks { new: || NetworkRows::new(network), rows }, start)
}

fn by_rows<A: Element, F: BatchField<A>>(
    solve: &BatchSolve<'_>,
    field: &F,
    start: ArrayView2<'_, A>,
) -> Result<(f64, Vec<A>)> {
    let adjoint = Discrete::default().times(Times::Constant);
    let two = A::from_f64(2.0);
    let (batch, g) = adjoint.batch_gradient(solve, field, Rows::new(start, SPAN), |batch, a| {
        a.end.assign(&batch.y.mapv(|z| two * z));
    })?;
    let loss = batch.y.iter().map(|z| chreode_core::Real::to_f64(*z).powi(2)).sum();
    Ok((loss, g.shared.to_vec()))
}

/// The relative distance, in the 2-norm, from the gradient of each row's own solve in f64 at 1e-8.
fn error(gradient: &[f64], arrays: &FieldArrays) -> Result<f64> {
    let network: Mlp<f64> = arrays.network()?;
    let mut exact = vec![0.0; network.parameter_count()];
    // Few rows at a time, so that the memory stays small.
    for rows in arrays.x.axis_chunks_iter(ndarray::Axis(0), 256) {
        let (_, part) = each(&network, rows, 1e-8)?;
        exact.iter_mut().zip(part).for_each(|(to, from)| *to += from);
    }
    let square = |x: f64| x * x;
    let apart: f64 = gradient.iter().zip(&exact).map(|(a, b)| square(a - b)).sum();
    Ok((apart / exact.iter().copied().map(square).sum::<f64>()).sqrt())
}
