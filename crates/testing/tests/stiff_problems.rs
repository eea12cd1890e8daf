//! Stiff problems against the reference values of the IVP test set.

use chreode_core::Tolerance;
use chreode_ode::{
    Dirk, Forward, Jacobian, KVAERNO5, Known, Last, Pi, RODAS4, RODAS5P, Rosenbrock, Solve, Stepper,
};
use chreode_testing::{E5, HIRES, OREGONATOR, POLLUTION, ROBERTSON, StiffProblem, VAN_DER_POL};

#[test]
fn look() {
    macro_rules! each { ($($p:ident $atol:expr, $least:expr;)*) => {$(
        for (rtol, atol) in [(1e-4, $atol * 1e-4), (1e-6, $atol * 1e-6), (1e-8, $atol*1e-8), (1e-10, $atol*1e-10)] {
            let problem = Forward($p.formula).autonomous();
            let pi = Pi::new(Tolerance { rtol, atol });
            macro_rules! run { ($s:expr) => {
                let solve = Solve::new($s, pi);
                let mut last = Last::new();
                let report = solve.run(&problem, $p.span, $p.y0, &mut last);
                let mut least = f64::INFINITY;
                for _ in 0..20 {
                    let t = std::time::Instant::now();
                    for _ in 0..5 { std::hint::black_box(solve.end(&problem, $p.span, $p.y0)).ok(); }
                    least = least.min(t.elapsed().as_secs_f64() / 5.0 * 1e6);
                }
                match report {
                    Ok(r) => println!("{:8} {:28} {rtol:e} {:4}/{:3} f {:5} J {:4} LU {:4} s {:5}  err {:.1e} {:.1} us", stringify!($p), stringify!($s), r.stats.accepted, r.stats.rejected, r.stats.evals, r.work.jacobians, r.work.factorisations, r.work.solves, $p.deviation(&last.0.unwrap().1, $least), least),
                    Err(e) => println!("{} {} {e}", stringify!($p), stringify!($s)),
                }
            }}
            run!(Rosenbrock::new(RODAS4));
            run!(Rosenbrock::new(RODAS5P));
            run!(Dirk::new(KVAERNO5));
        }
    )*}}
    each! {
        VAN_DER_POL 1.0, 1e-3;
        ROBERTSON 1e-6, 1e-15;
        HIRES 1e-3, 1e-5;
        POLLUTION 1e-4, 1e-8;
        OREGONATOR 1.0, 1.0;
        E5 1e-18, 1e-22;
    }
}
