//! A problem as a type, so that every solver is compiled for it.

/// dy/dt = f(t, y) from y0 over [0, t1], with its Jacobian and its end.
pub trait Ivp<const N: usize> {
    /// Its name on the command line and in tables.
    const NAME: &'static str;
    /// The end of the span.
    const T1: f64;
    /// The state at time 0.
    const Y0: [f64; N];
    /// The state at the end, to the last digits known.
    const END: [f64; N];
    /// `atol / rtol`.
    const SCALE: f64;
    /// Whether explicit methods are hopeless.
    const STIFF: bool;
    /// Where problem and reference come from.
    const ORIGIN: &'static str;

    /// f(t, y).
    fn field(t: f64, y: &[f64; N]) -> [f64; N];

    /// ∂fᵢ/∂yⱼ in row i, column j.
    fn jacobian(t: f64, y: &[f64; N]) -> [[f64; N]; N];

    /// ∂f/∂y · v, for solvers that ask for products.
    #[inline]
    fn jacobian_times(t: f64, y: &[f64; N], v: &[f64; N]) -> [f64; N] {
        Self::jacobian(t, y).map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum())
    }

    /// The mixed error of a state at the end.
    fn error(y: &[f64]) -> f64 {
        let worst = |w: f64, (y, end): (&f64, &f64)| {
            let e = (y - end).abs() / (Self::SCALE + end.abs());
            if e.is_nan() { f64::INFINITY } else { w.max(e) }
        };
        assert_eq!(y.len(), N, "a state of {} has {N} entries", Self::NAME);
        y.iter().zip(&Self::END).fold(0.0, worst)
    }

    /// f(t, y), from and to slices of N entries.
    #[inline]
    fn field_into(t: f64, y: &[f64], dy: &mut [f64]) {
        let y: &[f64; N] = y.try_into().expect("a state of the problem's size");
        dy.copy_from_slice(&Self::field(t, y));
    }
}
