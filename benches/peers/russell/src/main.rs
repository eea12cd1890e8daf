//! russell_ode: DoPri5, DoPri8 and Radau5.

use chreode_bench_problems::Ivp;
use peer_common::{Method as Line, Solved, method, peer};
use russell_lab::Vector;
use russell_ode::prelude::*;
use russell_sparse::{CooMatrix, Sym};

/// The entries of the Jacobian that are not always zero.
fn places<P: Ivp<N>, const N: usize>() -> Vec<(usize, usize)> {
    let y = std::array::from_fn(|i| 0.37 + 0.11 * i as f64);
    let at = P::jacobian(0.0, &y);
    (0..N).flat_map(|i| (0..N).map(move |j| (i, j))).filter(|&(i, j)| at[i][j] != 0.0).collect()
}

fn solve<P: Ivp<N> + 'static, const N: usize>(which: Method, rtol: f64) -> Result<Solved, String> {
    let mut system = System::new(N, |f: &mut Vector, t: f64, y: &Vector, _: &mut NoArgs| {
        P::field_into(t, y.as_data(), f.as_mut_data());
        Ok(())
    });
    let places = places::<P, N>();
    let count = places.len();
    system.set_jacobian(Some(count), Sym::No, move |jj: &mut CooMatrix, alpha: f64, t: f64, y: &Vector, _: &mut NoArgs| {
        let entries = P::jacobian(t, y.as_data().as_slice().try_into().expect("a state of the problem's size"));
        jj.reset();
        for &(row, column) in &places {
            jj.put(row, column, alpha * entries[row][column])?;
        }
        Ok(())
    })?;
    let mut params = Params::new(which);
    params.set_tolerances(rtol * P::SCALE, rtol, None)?;
    params.step.n_step_max = 5_000_000;
    let mut solver = OdeSolver::new(params, system)?;
    let mut y = Vector::from(&P::Y0);
    solver.solve(&mut y, 0.0, P::T1, None, &mut 0, None)?;
    let stats = solver.stats();
    Ok(Solved {
        end: y.as_data().to_vec(),
        evaluations: Some(stats.n_function),
        accepted: Some(stats.n_accepted),
        rejected: Some(stats.n_rejected),
        jacobians: P::STIFF.then_some(stats.n_jacobian),
        factorisations: P::STIFF.then_some(stats.n_factor),
    })
}

fn methods<P: Ivp<N> + 'static, const N: usize>() -> Vec<Line> {
    if P::STIFF {
        vec![method("Radau5", |rtol| solve::<P, N>(Method::Radau5, rtol))]
    } else {
        vec![
            method("DoPri5", |rtol| solve::<P, N>(Method::DoPri5, rtol)),
            method("DoPri8", |rtol| solve::<P, N>(Method::DoPri8, rtol)),
        ]
    }
}

peer!("russell_ode", methods);
