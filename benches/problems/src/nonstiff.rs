//! Problems for explicit methods.

use crate::Ivp;

/// x′ = 1.5 x − x y, y′ = −3 y + x y from (1, 1) over [0, 10].
#[derive(Clone, Copy, Debug)]
pub struct LotkaVolterra;

/// The same over [0, 100]: about thirty periods.
#[derive(Clone, Copy, Debug)]
pub struct LotkaVolterraLong;

/// x′ = 1 + x² y − 4 x, y′ = 3 x − x² y from (1.5, 3) over [0, 20].
#[derive(Clone, Copy, Debug)]
pub struct Brusselator;

/// A satellite of earth and moon on a closed orbit, one period; state x, y, x′, y′.
#[derive(Clone, Copy, Debug)]
pub struct Arenstorf;

/// DETEST B5: Euler's equations of a rigid body over [0, 20].
#[derive(Clone, Copy, Debug)]
pub struct RigidBody;

/// DETEST D5: two bodies, eccentricity 0.9, over [0, 20]; state x, y, x′, y′.
#[derive(Clone, Copy, Debug)]
pub struct TwoBody;

#[inline(always)]
fn lotka_volterra(y: &[f64; 2]) -> [f64; 2] {
    [1.5 * y[0] - y[0] * y[1], y[0] * y[1] - 3.0 * y[1]]
}

fn lotka_volterra_jacobian(y: &[f64; 2]) -> [[f64; 2]; 2] {
    [[1.5 - y[1], -y[0]], [y[1], y[0] - 3.0]]
}

impl Ivp<2> for LotkaVolterra {
    const NAME: &'static str = "lotka-volterra-10";
    const T1: f64 = 10.0;
    const Y0: [f64; 2] = [1.0, 1.0];
    const END: [f64; 2] = [1.0263447675750893, 0.9096910781360416];
    const SCALE: f64 = 1.0;
    const STIFF: bool = false;
    const ORIGIN: &'static str = "40-digit Gragg-Bulirsch-Stoer extrapolation, two step sizes agree to 7e-36";

    #[inline(always)]
    fn field(_t: f64, y: &[f64; 2]) -> [f64; 2] {
        lotka_volterra(y)
    }

    fn jacobian(_t: f64, y: &[f64; 2]) -> [[f64; 2]; 2] {
        lotka_volterra_jacobian(y)
    }
}

impl Ivp<2> for LotkaVolterraLong {
    const NAME: &'static str = "lotka-volterra-100";
    const T1: f64 = 100.0;
    const Y0: [f64; 2] = [1.0, 1.0];
    const END: [f64; 2] = [1.492424937865162, 0.4248882500720876];
    const SCALE: f64 = 1.0;
    const STIFF: bool = false;
    const ORIGIN: &'static str = "40-digit Taylor series, two resolutions agree to 9e-15";

    #[inline(always)]
    fn field(_t: f64, y: &[f64; 2]) -> [f64; 2] {
        lotka_volterra(y)
    }

    fn jacobian(_t: f64, y: &[f64; 2]) -> [[f64; 2]; 2] {
        lotka_volterra_jacobian(y)
    }
}

impl Ivp<2> for Brusselator {
    const NAME: &'static str = "brusselator";
    const T1: f64 = 20.0;
    const Y0: [f64; 2] = [1.5, 3.0];
    const END: [f64; 2] = [0.49863707126834785, 4.596780349452011];
    const SCALE: f64 = 1.0;
    const STIFF: bool = false;
    const ORIGIN: &'static str = "Hairer, Norsett and Wanner, Solving ODEs I, II.4; 40-digit extrapolation";

    #[inline(always)]
    fn field(_t: f64, y: &[f64; 2]) -> [f64; 2] {
        [1.0 + y[0] * y[0] * y[1] - 4.0 * y[0], 3.0 * y[0] - y[0] * y[0] * y[1]]
    }

    fn jacobian(_t: f64, y: &[f64; 2]) -> [[f64; 2]; 2] {
        [[2.0 * y[0] * y[1] - 4.0, y[0] * y[0]], [3.0 - 2.0 * y[0] * y[1], -y[0] * y[0]]]
    }
}

/// Mass of the moon.
const MU: f64 = 0.012277471;

impl Ivp<4> for Arenstorf {
    const NAME: &'static str = "arenstorf";
    const T1: f64 = 17.06521656015796;
    const Y0: [f64; 4] = [0.994, 0.0, 0.0, -2.0015851063790825];
    const END: [f64; 4] = Self::Y0;
    const SCALE: f64 = 1.0;
    const STIFF: bool = false;
    const ORIGIN: &'static str = "Hairer, Norsett and Wanner, Solving ODEs I, II.0: the orbit is closed";

    #[inline(always)]
    fn field(_t: f64, y: &[f64; 4]) -> [f64; 4] {
        let [x, z, u, v] = *y;
        let cube = |a: f64| {
            let d = (x - a) * (x - a) + z * z;
            d * d.sqrt()
        };
        let (earth, moon) = (cube(-MU), cube(1.0 - MU));
        let (a, b) = ((1.0 - MU) / earth, MU / moon);
        [u, v, x + 2.0 * v - a * (x + MU) - b * (x - 1.0 + MU), z - 2.0 * u - (a + b) * z]
    }

    fn jacobian(_t: f64, y: &[f64; 4]) -> [[f64; 4]; 4] {
        let [x, z, ..] = *y;
        let (p, q) = (x + MU, x - 1.0 + MU);
        let (d, e) = (p * p + z * z, q * q + z * z);
        let (a, b) = ((1.0 - MU) / (d * d.sqrt()), MU / (e * e.sqrt()));
        let (c, f) = (3.0 * a / d, 3.0 * b / e);
        let xz = c * p * z + f * q * z;
        [
            [0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0],
            [1.0 - a - b + c * p * p + f * q * q, xz, 0.0, 2.0],
            [xz, 1.0 - a - b + (c + f) * z * z, -2.0, 0.0],
        ]
    }
}

impl Ivp<3> for RigidBody {
    const NAME: &'static str = "detest-b5";
    const T1: f64 = 20.0;
    const Y0: [f64; 3] = [0.0, 1.0, 1.0];
    const END: [f64; 3] = [-0.9396570798729204, -0.3421177754000749, 0.7414126596199954];
    const SCALE: f64 = 1.0;
    const STIFF: bool = false;
    const ORIGIN: &'static str =
        "Hull, Enright, Fellen and Sedgwick, SIAM J. Numer. Anal. 9 (1972); 40-digit extrapolation";

    #[inline(always)]
    fn field(_t: f64, y: &[f64; 3]) -> [f64; 3] {
        [y[1] * y[2], -y[0] * y[2], -0.51 * y[0] * y[1]]
    }

    fn jacobian(_t: f64, y: &[f64; 3]) -> [[f64; 3]; 3] {
        [[0.0, y[2], y[1]], [-y[2], 0.0, -y[0]], [-0.51 * y[1], -0.51 * y[0], 0.0]]
    }
}

impl Ivp<4> for TwoBody {
    const NAME: &'static str = "detest-d5";
    const T1: f64 = 20.0;
    const Y0: [f64; 4] = [0.1, 0.0, 0.0, 4.358898943540674];
    const END: [f64; 4] =
        [-1.2952662509875744, 0.4003938963792321, -0.6775390924707566, -0.12708381542786863];
    const SCALE: f64 = 1.0;
    const STIFF: bool = false;
    const ORIGIN: &'static str =
        "Hull, Enright, Fellen and Sedgwick, SIAM J. Numer. Anal. 9 (1972); 40-digit extrapolation";

    #[inline(always)]
    fn field(_t: f64, y: &[f64; 4]) -> [f64; 4] {
        let d = y[0] * y[0] + y[1] * y[1];
        let c = 1.0 / (d * d.sqrt());
        [y[2], y[3], -y[0] * c, -y[1] * c]
    }

    fn jacobian(_t: f64, y: &[f64; 4]) -> [[f64; 4]; 4] {
        let d = y[0] * y[0] + y[1] * y[1];
        let c = 1.0 / (d * d.sqrt());
        let e = 3.0 * c / d;
        [
            [0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 1.0],
            [e * y[0] * y[0] - c, e * y[0] * y[1], 0.0, 0.0],
            [e * y[0] * y[1], e * y[1] * y[1] - c, 0.0, 0.0],
        ]
    }
}
