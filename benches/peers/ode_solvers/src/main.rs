//! ode_solvers: Dopri5 and Dop853, with the settings of Hairer's codes.

use chreode_bench_problems::Ivp;
use ode_solvers::dop_shared::{OutputType, Stats};
use ode_solvers::{Dop853, Dopri5, SVector, System};
use peer_common::{Method, Solved, method, peer};
use std::marker::PhantomData;

struct Field<P, const N: usize>(PhantomData<P>);

impl<P: Ivp<N>, const N: usize> System<f64, SVector<f64, N>> for Field<P, N> {
    fn system(&self, t: f64, y: &SVector<f64, N>, dy: &mut SVector<f64, N>) {
        P::field_into(t, y.as_slice(), dy.as_mut_slice());
    }
}

const MOST_STEPS: u32 = 5_000_000;

fn solved<const N: usize>(stats: Stats, end: Option<&SVector<f64, N>>) -> Result<Solved, String> {
    Ok(Solved {
        end: end.ok_or("no state")?.as_slice().to_vec(),
        evaluations: Some(stats.num_eval as usize),
        accepted: Some(stats.accepted_steps as usize),
        rejected: Some(stats.rejected_steps as usize),
        ..Solved::default()
    })
}

fn methods<P: Ivp<N> + 'static, const N: usize>() -> Vec<Method> {
    if P::STIFF {
        return vec![];
    }
    let start = || SVector::<f64, N>::from_row_slice(&P::Y0);
    vec![
        method("Dopri5", move |rtol| {
            let field = Field::<P, N>(PhantomData);
            let mut s = Dopri5::from_param(
                field, 0.0, P::T1, P::T1, start(), rtol, rtol * P::SCALE, 0.9, 0.04, 0.2, 10.0, P::T1, 0.0,
                MOST_STEPS, MOST_STEPS, OutputType::Sparse,
            );
            let stats = s.integrate().map_err(|e| format!("{e:?}"))?;
            solved(stats, s.y_out().last())
        }),
        method("Dop853", move |rtol| {
            let field = Field::<P, N>(PhantomData);
            let mut s = Dop853::from_param(
                field, 0.0, P::T1, P::T1, start(), rtol, rtol * P::SCALE, 0.9, 0.0, 0.333, 6.0, P::T1, 0.0,
                MOST_STEPS, MOST_STEPS, OutputType::Sparse,
            );
            let stats = s.integrate().map_err(|e| format!("{e:?}"))?;
            solved(stats, s.y_out().last())
        }),
    ]
}

peer!("ode_solvers", methods);
