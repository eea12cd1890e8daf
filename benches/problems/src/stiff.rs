//! Stiff problems of the Test Set for IVP Solvers (Mazzia and Magherini, 2008).

use crate::Ivp;

/// x′ = y, y′ = 1000 (1 − x²) y − x from (2, 0) over [0, 2000].
#[derive(Clone, Copy, Debug)]
pub struct VanDerPol;

/// Robertson's three reactions over [0, 1e11].
#[derive(Clone, Copy, Debug)]
pub struct Rober;

/// High irradiance response of photomorphogenesis: eight reactants over [0, 321.8122].
#[derive(Clone, Copy, Debug)]
pub struct Hires;

const MU: f64 = 1000.0;

impl Ivp<2> for VanDerPol {
    const NAME: &'static str = "van-der-pol-1000";
    const T1: f64 = 2000.0;
    const Y0: [f64; 2] = [2.0, 0.0];
    const END: [f64; 2] = [1.706167732170469, -0.8928097010248125e-3];
    const SCALE: f64 = 1.0;
    const STIFF: bool = true;
    const ORIGIN: &'static str = "Test Set for IVP Solvers, vdpol with mu = 1000";

    #[inline(always)]
    fn field(_t: f64, y: &[f64; 2]) -> [f64; 2] {
        [y[1], MU * (1.0 - y[0] * y[0]) * y[1] - y[0]]
    }

    #[inline(always)]
    fn jacobian(_t: f64, y: &[f64; 2]) -> [[f64; 2]; 2] {
        [[0.0, 1.0], [-2.0 * MU * y[0] * y[1] - 1.0, MU * (1.0 - y[0] * y[0])]]
    }
}

impl Ivp<3> for Rober {
    const NAME: &'static str = "rober";
    const T1: f64 = 1e11;
    const Y0: [f64; 3] = [1.0, 0.0, 0.0];
    const END: [f64; 3] = [0.2083340149701255e-7, 0.8333360770334713e-13, 0.999999979166505];
    const SCALE: f64 = 1e-8;
    const STIFF: bool = true;
    const ORIGIN: &'static str = "Test Set for IVP Solvers, rober";

    #[inline(always)]
    fn field(_t: f64, y: &[f64; 3]) -> [f64; 3] {
        let (a, b, c) = (0.04 * y[0], 1e4 * y[1] * y[2], 3e7 * y[1] * y[1]);
        [b - a, a - b - c, c]
    }

    #[inline(always)]
    fn jacobian(_t: f64, y: &[f64; 3]) -> [[f64; 3]; 3] {
        let (p, q, r) = (1e4 * y[2], 1e4 * y[1], 6e7 * y[1]);
        [[-0.04, p, q], [0.04, -p - r, -q], [0.0, r, 0.0]]
    }
}

impl Ivp<8> for Hires {
    const NAME: &'static str = "hires";
    const T1: f64 = 321.8122;
    const Y0: [f64; 8] = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0057];
    const END: [f64; 8] = [
        0.7371312573325668e-3,
        0.1442485726316185e-3,
        0.5888729740967575e-4,
        0.1175651343283149e-2,
        0.2386356198831331e-2,
        0.6238968252742796e-2,
        0.2849998395185769e-2,
        0.2850001604814231e-2,
    ];
    const SCALE: f64 = 1e-3;
    const STIFF: bool = true;
    const ORIGIN: &'static str = "Test Set for IVP Solvers, hires";

    #[inline(always)]
    fn field(_t: f64, y: &[f64; 8]) -> [f64; 8] {
        let meeting = 280.0 * y[5] * y[7];
        [
            -1.71 * y[0] + 0.43 * y[1] + 8.32 * y[2] + 0.0007,
            1.71 * y[0] - 8.75 * y[1],
            -10.03 * y[2] + 0.43 * y[3] + 0.035 * y[4],
            8.32 * y[1] + 1.71 * y[2] - 1.12 * y[3],
            -1.745 * y[4] + 0.43 * y[5] + 0.43 * y[6],
            -meeting + 0.69 * y[3] + 1.71 * y[4] - 0.43 * y[5] + 0.69 * y[6],
            meeting - 1.81 * y[6],
            1.81 * y[6] - meeting,
        ]
    }

    #[inline(always)]
    fn jacobian(_t: f64, y: &[f64; 8]) -> [[f64; 8]; 8] {
        let (p, q) = (280.0 * y[7], 280.0 * y[5]);
        [
            [-1.71, 0.43, 8.32, 0.0, 0.0, 0.0, 0.0, 0.0],
            [1.71, -8.75, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, -10.03, 0.43, 0.035, 0.0, 0.0, 0.0],
            [0.0, 8.32, 1.71, -1.12, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, -1.745, 0.43, 0.43, 0.0],
            [0.0, 0.0, 0.0, 0.69, 1.71, -0.43 - p, 0.69, -q],
            [0.0, 0.0, 0.0, 0.0, 0.0, p, -1.81, q],
            [0.0, 0.0, 0.0, 0.0, 0.0, -p, 1.81, -q],
        ]
    }
}
