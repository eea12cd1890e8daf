//! Strong and weak orders of the stochastic methods, with fixed seeds and stated confidence.

use chreode_core::Seed;
use chreode_sde::{
    EulerHeun, EulerMaruyama, Milstein, ReversibleHeun, RungeKuttaMilstein, Sea, Shark, SlowRk, Spark, Sra1,
    Sriw1, StochasticHeun, StochasticMidpoint,
};
use chreode_testing::{
    ARCTAN, ARSINH, ARSINH_STRATONOVICH, DAMPED, GEOMETRIC, GEOMETRIC_STRATONOVICH, sde_convergence,
};

const SEED: Seed = Seed(2024);
const STEPS: [usize; 4] = [16, 32, 64, 128];

macro_rules! report {
    ($($method:expr, $problem:expr);* $(;)?) => {$(
        let it = sde_convergence($method, &$problem, SEED, 0..1000, &STEPS).unwrap();
        println!("{:40} {:40} strong {:.3}+-{:.3} weak {:.3}+-{:.3} {:?}", format!("{:?}", $method), $problem.name, it.strong.value, it.strong.half_width, it.weak.value, it.weak.half_width, it.errors.last());
    )*};
}

#[test]
fn all() {
    report! {
        EulerMaruyama, GEOMETRIC; EulerMaruyama, ARCTAN; EulerMaruyama, ARSINH; EulerMaruyama, DAMPED;
        Milstein, GEOMETRIC; Milstein, ARCTAN; Milstein, ARSINH; Milstein, DAMPED; Milstein, GEOMETRIC_STRATONOVICH; Milstein, ARSINH_STRATONOVICH;
        RungeKuttaMilstein, GEOMETRIC; RungeKuttaMilstein, ARCTAN; RungeKuttaMilstein, ARSINH; RungeKuttaMilstein, GEOMETRIC_STRATONOVICH;
        RungeKuttaMilstein, ARSINH_STRATONOVICH;
        EulerHeun, GEOMETRIC_STRATONOVICH; EulerHeun, ARSINH_STRATONOVICH;
        StochasticHeun, GEOMETRIC_STRATONOVICH; StochasticHeun, ARSINH_STRATONOVICH;
        StochasticMidpoint, GEOMETRIC_STRATONOVICH; StochasticMidpoint, ARSINH_STRATONOVICH;
        ReversibleHeun, GEOMETRIC_STRATONOVICH; ReversibleHeun, ARSINH_STRATONOVICH;
        Spark, GEOMETRIC_STRATONOVICH; Spark, ARSINH_STRATONOVICH;
        SlowRk, GEOMETRIC_STRATONOVICH; SlowRk, ARSINH_STRATONOVICH;
        Sra1, DAMPED; Shark, DAMPED; Sea, DAMPED;
        Sriw1, GEOMETRIC; Sriw1, ARCTAN; Sriw1, ARSINH;
    }
}
