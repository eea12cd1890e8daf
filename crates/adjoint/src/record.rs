//! What is remembered of each step.

use chreode_ode::Tableau;

/// One accepted step of a Runge-Kutta method, as the loop asked for it. Its bits determine those of the next
/// state.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Record {
    /// Where its stages were told it begins.
    pub(crate) t: f64,
    /// Its size.
    pub(crate) h: f64,
    /// At which time the first stage was evaluated: `t`, or that to rounding where the step before has done
    /// it.
    pub(crate) first: f64,
    /// Where it ends.
    pub(crate) to: f64,
}

impl Record {
    /// The time of stage `i`.
    pub(crate) fn time(&self, tableau: &Tableau, i: usize) -> f64 {
        if i == 0 { self.first } else { self.t + node(tableau, i) * self.h }
    }
}

/// The node of stage `i`, those of the interpolant included.
pub(crate) fn node(tableau: &Tableau, i: usize) -> f64 {
    let s = tableau.stages();
    if i < s { tableau.coefficients().c[i] } else { tableau.extra().c[i - s] }
}

/// The row of stage `i`, over all stages before.
pub(crate) fn row(tableau: &Tableau, i: usize) -> &'static [f64] {
    let s = tableau.stages();
    if i < s { tableau.coefficients().a[i] } else { tableau.extra().a[i - s] }
}

/// The stages that the new state is made of: without the last of an FSAL method.
pub(crate) fn weighty(tableau: &Tableau) -> usize {
    tableau.stages() - usize::from(tableau.fsal())
}
