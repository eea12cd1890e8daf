//! differential-equations: its explicit, diagonally and fully implicit, and multistep methods.

use chreode_bench_problems::Ivp;
use differential_equations::prelude::*;
use differential_equations::linalg::Matrix;
use peer_common::{Method, Solved, method, peer};
use std::marker::PhantomData;

struct Field<P, const N: usize>(PhantomData<P>);

impl<P: Ivp<N>, const N: usize> ODE<f64, [f64; N]> for Field<P, N> {
    fn diff(&self, t: f64, y: &[f64; N], dy: &mut [f64; N]) {
        *dy = P::field(t, y);
    }

    fn jacobian(&self, t: f64, y: &[f64; N], j: &mut Matrix<f64>) {
        for (row, entries) in P::jacobian(t, y).iter().enumerate() {
            for (column, entry) in entries.iter().enumerate() {
                j[(row, column)] = *entry;
            }
        }
    }
}

const MOST_STEPS: usize = 5_000_000;

macro_rules! line {
    ($name:literal, $make:expr) => {
        method($name, move |rtol| {
            let field = Field::<P, N>(PhantomData);
            let how = $make.rtol(rtol).atol(rtol * P::SCALE).max_steps(MOST_STEPS);
            let solution = IVP::ode(&field, 0.0, P::T1, P::Y0).method(how).solve().map_err(|e| format!("{e:?}"))?;
            Ok(Solved {
                end: solution.y.last().ok_or("no state")?.to_vec(),
                evaluations: Some(solution.evals.function),
                accepted: Some(solution.steps.accepted),
                rejected: Some(solution.steps.rejected),
                jacobians: P::STIFF.then_some(solution.evals.jacobian),
                factorisations: P::STIFF.then_some(solution.evals.decompositions),
            })
        })
    };
}

fn methods<P: Ivp<N> + 'static, const N: usize>() -> Vec<Method> {
    if P::STIFF {
        vec![
            line!("BDF", BackwardDifferentiationFormula::adaptive()),
            line!("Radau5", ImplicitRungeKutta::radau5()),
            line!("Kvaerno745", DiagonallyImplicitRungeKutta::kvaerno745()),
            line!("Kvaerno423", DiagonallyImplicitRungeKutta::kvaerno423()),
        ]
    } else {
        vec![
            line!("Dopri5", ExplicitRungeKutta::dopri5()),
            line!("Dop853", ExplicitRungeKutta::dop853()),
            line!("RKV655e", ExplicitRungeKutta::rkv655e()),
            line!("RKV766e", ExplicitRungeKutta::rkv766e()),
            line!("RKV877e", ExplicitRungeKutta::rkv877e()),
            line!("RKV988e", ExplicitRungeKutta::rkv988e()),
        ]
    }
}

peer!("differential-equations", methods);
