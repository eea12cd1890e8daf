//! Floors: embedded pairs on Lotka-Volterra over [0, 100], unrolled by hand, with the controller of `Pi`.

use chreode_bench_problems::{Ivp, LotkaVolterraLong};
use std::ops::{Add, Mul};

/// Two numbers.
#[derive(Clone, Copy)]
pub(crate) struct Pair([f64; 2]);

impl Add for Pair {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self([self.0[0] + other.0[0], self.0[1] + other.0[1]])
    }
}

impl Mul<Pair> for f64 {
    type Output = Pair;

    #[inline(always)]
    fn mul(self, pair: Pair) -> Pair {
        Pair([self * pair.0[0], self * pair.0[1]])
    }
}

#[inline(always)]
fn f(t: f64, y: Pair) -> Pair {
    Pair(LotkaVolterraLong::field(t, &y.0))
}

/// Scaled root mean square of `e` between `a` and `b`.
#[inline(always)]
fn norm(e: Pair, a: Pair, b: Pair, tolerance: f64) -> f64 {
    let scaled = |i: usize| {
        let (a, b) = (a.0[i].abs(), b.0[i].abs());
        e.0[i] / (tolerance + tolerance * if a > b { a } else { b })
    };
    let (p, q) = (scaled(0), scaled(1));
    ((p * p + q * q) * 0.5).sqrt()
}

/// A first-same-as-last pair of seven stages and order 5(4): its stages, its error.
macro_rules! pair {
    (
        $(#[$doc:meta])* $name:ident, $k1:ident,
        { $($k:ident at $c:expr => $($a:expr, $from:ident);+ .)+ }
        next { $($b:expr, $of:ident);+ } $k7:ident
        error { $($e:expr, $in:ident);+ }
    ) => {
        $(#[$doc])*
        pub(crate) fn $name(y0: [f64; 2], tolerance: f64) -> ([f64; 2], usize) {
            let end = LotkaVolterraLong::T1;
            let mut y = Pair(y0);
            let (mut t, mut $k1, mut evals) = (0.0, f(0.0, y), 2);
            let (size, speed) = (norm(y, y, y, tolerance), norm($k1, y, y, tolerance));
            let probe = 0.01 * size / speed;
            let bend = norm(f(probe, y + probe * $k1) + -1.0 * $k1, y, y, tolerance) / probe;
            let mut h = (0.01 / bend.max(speed)).powf(0.2).min(100.0 * probe);
            let (mut before, mut grow) = (1e-4f64.ln(), 10.0);
            while t < end {
                let next = if end - t <= 1.01 * h { end } else { t + h };
                let step = next - t;
                $(let $k = f(t + $c * step, y + step * (zero() $(+ $a * $from)+));)+
                let y1 = y + step * (zero() $(+ $b * $of)+);
                let $k7 = f(next, y1);
                let error = step * (zero() $(+ $e * $in)+);
                evals += 6;
                let ratio = norm(error, y, y1, tolerance);
                let log = ratio.ln();
                let wish = 0.9 * ((0.04 * before) - 0.17 * log).exp();
                if ratio <= 1.0 {
                    let wish = if wish < grow { wish } else { grow };
                    h = step * if wish > 0.2 { wish } else { 0.2 };
                    (t, y, $k1, before, grow) = (next, y1, $k7, log.max(1e-4f64.ln()), 10.0);
                } else {
                    let wish = if wish < 0.9 { wish } else { 0.9 };
                    h = step * if wish > 0.2 { wish } else { 0.2 };
                    grow = 1.0;
                }
            }
            (y.0, evals)
        }
    };
}

#[inline(always)]
fn zero() -> Pair {
    Pair([0.0; 2])
}

pair! {
    /// Dormand and Prince's pair; the state at the end and the evaluations.
    dopri5, k1,
    {
        k2 at 0.2 => 0.2, k1 .
        k3 at 0.3 => 3.0 / 40.0, k1; 9.0 / 40.0, k2 .
        k4 at 0.8 => 44.0 / 45.0, k1; -56.0 / 15.0, k2; 32.0 / 9.0, k3 .
        k5 at 8.0 / 9.0 => 19372.0 / 6561.0, k1; -25360.0 / 2187.0, k2; 64448.0 / 6561.0, k3; -212.0 / 729.0, k4 .
        k6 at 1.0 => 9017.0 / 3168.0, k1; -355.0 / 33.0, k2; 46732.0 / 5247.0, k3; 49.0 / 176.0, k4;
            -5103.0 / 18656.0, k5 .
    }
    next { 35.0 / 384.0, k1; 500.0 / 1113.0, k3; 125.0 / 192.0, k4; -2187.0 / 6784.0, k5; 11.0 / 84.0, k6 } k7
    error {
        71.0 / 57600.0, k1; -71.0 / 16695.0, k3; 71.0 / 1920.0, k4; -17253.0 / 339200.0, k5; 22.0 / 525.0, k6;
        -1.0 / 40.0, k7
    }
}

pair! {
    /// Tsitouras' pair; the state at the end and the evaluations.
    tsit5, k1,
    {
        k2 at 0.161 => 0.161, k1 .
        k3 at 0.327 => -0.008480655492356989, k1; 0.335480655492357, k2 .
        k4 at 0.9 => 2.8971530571054935, k1; -6.359448489975075, k2; 4.3622954328695815, k3 .
        k5 at 0.9800255409045097 => 5.325864828439257, k1; -11.748883564062828, k2; 7.4955393428898365, k3;
            -0.09249506636175525, k4 .
        k6 at 1.0 => 5.86145544294642, k1; -12.92096931784711, k2; 8.159367898576159, k3; -0.071584973281401, k4;
            -0.028269050394068383, k5 .
    }
    next {
        0.09646076681806523, k1; 0.01, k2; 0.4798896504144996, k3; 1.379008574103742, k4; -3.290069515436081, k5;
        2.324710524099774, k6
    } k7
    error {
        -0.001780011052225777, k1; -0.0008164344596567469, k2; 0.007880878010261995, k3; -0.1447110071732629, k4;
        0.5823571654525552, k5; -0.45808210592918697, k6; 1.0 / 66.0, k7
    }
}
