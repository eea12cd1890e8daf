//! The floor of batches: `L` Lorenz systems in lanes under one step size, Dormand and Prince's pair unrolled by hand,
//! compiled for the registers of the machine. It reports nothing and keeps no row apart.

use ndarray::Array2;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

const TOLERANCE: f64 = 1e-6;
const END: f64 = 5.0;

type Lanes<const L: usize> = [[f64; L]; 3];

#[inline(always)]
fn slope<const L: usize>(y: &Lanes<L>) -> Lanes<L> {
    let mut dy = [[0.0; L]; 3];
    for l in 0..L {
        dy[0][l] = 10.0 * (y[1][l] - y[0][l]);
        dy[1][l] = y[0][l] * (28.0 - y[2][l]) - y[1][l];
        dy[2][l] = y[0][l] * y[1][l] - 8.0 / 3.0 * y[2][l];
    }
    dy
}

/// y + h Σ cᵢ kᵢ.
macro_rules! ahead {
    ($y:expr, $h:expr, $($c:expr, $k:ident);+) => {{
        let (y, mut out) = ($y, [[0.0; L]; 3]);
        for i in 0..3 {
            for l in 0..L {
                out[i][l] = y[i][l] + $h * (0.0 $(+ $c * $k[i][l])+);
            }
        }
        out
    }};
}

/// `L` systems from their starts to their ends.
struct Run<const L: usize>(Lanes<L>);

impl<const L: usize> WithSimd for Run<L> {
    type Output = Lanes<L>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Lanes<L> {
        let (mut t, mut y, mut h) = (0.0, self.0, 1e-3);
        let mut k1 = slope(&y);
        while t < END {
            let step = if END - t <= 1.01 * h { END - t } else { h };
            let k2 = slope(&ahead!(&y, step, 0.2, k1));
            let k3 = slope(&ahead!(&y, step, 3.0 / 40.0, k1; 9.0 / 40.0, k2));
            let k4 = slope(&ahead!(&y, step, 44.0 / 45.0, k1; -56.0 / 15.0, k2; 32.0 / 9.0, k3));
            let k5 = slope(&ahead!(
                &y, step, 19372.0 / 6561.0, k1; -25360.0 / 2187.0, k2; 64448.0 / 6561.0, k3; -212.0 / 729.0, k4
            ));
            let k6 = slope(&ahead!(
                &y, step, 9017.0 / 3168.0, k1; -355.0 / 33.0, k2; 46732.0 / 5247.0, k3; 49.0 / 176.0, k4;
                -5103.0 / 18656.0, k5
            ));
            let next = ahead!(
                &y, step, 35.0 / 384.0, k1; 500.0 / 1113.0, k3; 125.0 / 192.0, k4; -2187.0 / 6784.0, k5;
                11.0 / 84.0, k6
            );
            let k7 = slope(&next);
            let zero = [[0.0; L]; 3];
            let error = ahead!(
                &zero, step, 71.0 / 57600.0, k1; -71.0 / 16695.0, k3; 71.0 / 1920.0, k4; -17253.0 / 339200.0, k5;
                22.0 / 525.0, k6; -1.0 / 40.0, k7
            );
            let mut squares = [0.0; L];
            for i in 0..3 {
                for l in 0..L {
                    let (a, b) = (y[i][l].abs(), next[i][l].abs());
                    let part = error[i][l] / (TOLERANCE + TOLERANCE * if a > b { a } else { b });
                    squares[l] += part * part;
                }
            }
            let worst = squares.iter().fold(0.0, |a: f64, b| if *b > a { *b } else { a });
            let ratio = (worst / 3.0).sqrt();
            let factor = (0.9 * ratio.max(1e-10).powf(-0.2)).clamp(0.2, 10.0);
            if ratio <= 1.0 {
                (t, y, k1) = (t + step, next, k7);
                h = step * factor;
            } else {
                h = step * factor.min(0.9);
            }
        }
        y
    }
}

/// The ends of all rows; blocks of `L` rows are shared between threads.
pub(crate) fn lanes<const L: usize>(starts: &Array2<f64>) -> Array2<f64> {
    let mut out = starts.clone();
    let arch = Arch::new();
    let flat = out.as_slice_mut().expect("a new array is contiguous");
    flat.par_chunks_mut(3 * L).for_each(|block| {
        let count = block.len() / 3;
        // A block that is not full repeats its last row.
        let y = std::array::from_fn(|i| std::array::from_fn(|l| block[3 * l.min(count - 1) + i]));
        let y = arch.dispatch(Run::<L>(y));
        for (l, row) in block.chunks_mut(3).enumerate() {
            (0..3).for_each(|i| row[i] = y[i][l]);
        }
    });
    out
}
