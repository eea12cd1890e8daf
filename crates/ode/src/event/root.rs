//! Zeros of a function of time: bracketed ones, and ones that hide in a dip.

/// Golden-section steps spent on a dip: its place is then known to a hundred-thousandth of the bracket.
const DIP_STEPS: usize = 24;

/// Where `g` has passed zero between `a`, with value `ga`, and `b`, with value `gb` of another sign: the
/// end on the side of `b` of a bracket two floats of time wide, or a time at which `g` is zero. Errors of
/// `g` end the search. With it comes the size of `g` within that bracket.
///
/// The ITP method with κ₁ = 0.2/(b − a), κ₂ = 2, n₀ = 1: never more than one step slower than bisection,
/// superlinear for smooth functions.
///
/// I. F. D. Oliveira & R. H. C. Takahashi, ACM Trans. Math. Softw. 47 (2020) 5, doi:10.1145/3423597.
pub(super) fn root<E>(
    mut g: impl FnMut(f64) -> Result<f64, E>,
    (mut a, mut ga): (f64, f64),
    (mut b, mut gb): (f64, f64),
) -> Result<(f64, f64), E> {
    let width = (b - a).abs();
    let fine = f64::EPSILON * a.abs().max(b.abs()).max(width);
    let most = (width / (2.0 * fine)).log2().ceil().max(0.0) + 1.0;
    let kappa = 0.2 / width;
    let mut step = 0.0;
    while (b - a).abs() > 2.0 * fine && step < 2.0 * most {
        let half = 0.5 * (a + b);
        let slack = fine * 2f64.powf(most - step) - 0.5 * (b - a).abs();
        // The secant, pulled towards the middle, and kept near enough to it.
        let secant = (gb * a - ga * b) / (gb - ga);
        let sign = (half - secant).signum();
        let pull = kappa * (b - a) * (b - a);
        let truncated = if pull <= (half - secant).abs() { secant + sign * pull } else { half };
        let guess = if (truncated - half).abs() <= slack { truncated } else { half - sign * slack.max(0.0) };
        let x = if (guess - a) * (guess - b) < 0.0 { guess } else { half };
        if x == a || x == b {
            break;
        }
        let gx = g(x)?;
        if gx == 0.0 {
            return Ok((x, 0.0));
        }
        if (gx > 0.0) == (gb > 0.0) {
            (b, gb) = (x, gx)
        } else {
            (a, ga) = (x, gx)
        }
        step += 1.0;
    }
    Ok((b, ga.abs().max(gb.abs())))
}

/// A time between `a` and `c` at which `g`, of sign `sign` at both and bending towards zero between, is
/// zero or of the other sign, with its value there. `None` when the dip does not reach zero.
pub(super) fn dip<E>(
    mut g: impl FnMut(f64) -> Result<f64, E>,
    sign: f64,
    mut a: f64,
    mut c: f64,
) -> Result<Option<(f64, f64)>, E> {
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    let mut probe = |x: f64| g(x).map(|value| (x, value));
    let mut left = probe(c - golden * (c - a))?;
    let mut right = probe(a + golden * (c - a))?;
    for _ in 0..DIP_STEPS {
        for found in [left, right] {
            if found.1 * sign <= 0.0 {
                return Ok(Some(found));
            }
        }
        if left.1 * sign < right.1 * sign {
            (c, right) = (right.0, left);
            left = probe(c - golden * (c - a))?;
        } else {
            (a, left) = (left.0, right);
            right = probe(a + golden * (c - a))?;
        }
    }
    Ok(None)
}
