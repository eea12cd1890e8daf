//! diffsol: tsit45 for problems that are not stiff; BDF, TR-BDF2 and ESDIRK34 with nalgebra's LU for those that are.

use chreode_bench_problems::Ivp;
use diffsol::{NalgebraLU, NalgebraMat, OdeBuilder, OdeSolverMethod, OdeSolverStopReason};
use peer_common::{Method, Solved, method, peer};

type M = NalgebraMat<f64>;
type Lu = NalgebraLU<f64>;

fn to<const N: usize>(y: &[f64]) -> &[f64; N] {
    y.try_into().expect("a state of the problem's size")
}

macro_rules! line {
    ($name:literal, $solver:ident $(, $lu:ty)?) => {
        method($name, move |rtol| {
            let text = |e: diffsol::error::DiffsolError| e.to_string();
            let problem = OdeBuilder::<M>::new()
                .rtol(rtol)
                .atol([rtol * P::SCALE; N])
                .rhs_implicit(
                    |y: &[f64], _p: &[f64], t: f64, dy: &mut [f64]| P::field_into(t, y, dy),
                    |y: &[f64], _p: &[f64], t: f64, v: &[f64], jv: &mut [f64]| {
                        jv.copy_from_slice(&P::jacobian_times(t, to(y), to(v)));
                    },
                )
                .init(|_p: &[f64], _t: f64, y: &mut [f64]| y.copy_from_slice(&P::Y0), N)
                .build()
                .map_err(text)?;
            let mut solver = problem.$solver$(::<$lu>)?().map_err(text)?;
            solver.set_stop_time(P::T1).map_err(text)?;
            while !matches!(solver.step().map_err(text)?, OdeSolverStopReason::TstopReached) {}
            let end = (0..N).map(|i| solver.state().y[i]).collect();
            Ok(Solved { end, ..Solved::default() })
        })
    };
}

fn methods<P: Ivp<N> + 'static, const N: usize>() -> Vec<Method> {
    if P::STIFF {
        vec![line!("BDF", bdf, Lu), line!("TR-BDF2", tr_bdf2, Lu), line!("ESDIRK34", esdirk34, Lu)]
    } else {
        vec![line!("Tsit45", tsit45)]
    }
}

peer!("diffsol", methods);
