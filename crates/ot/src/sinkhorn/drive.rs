//! The iteration from start to stop: values of ε, forms, precision.

use super::anderson::Anderson;
use super::certificate::Measured;
use super::extrapolation::Extrapolation;
use super::kernel::Kernel;
use super::log::Log;
use super::state::State;
use super::survey::Survey;
use super::sweep::{Shares, Sweep};
use super::word::Word;
use super::{Acceleration, EpsilonScaling, Form, Sinkhorn};
use crate::{OtError, Stop};

/// The most memory for a kernel, in bytes, where the form is chosen for the user.
pub(super) const MEMORY: usize = 512 << 20;

/// What the iteration came to.
pub(crate) struct End {
    pub(super) f: Vec<f64>,
    pub(super) g: Vec<f64>,
    pub(super) iterations: usize,
    pub(super) measured: Measured,
}

impl End {
    /// The largest potential that is finite.
    pub(crate) fn largest(&self) -> f64 {
        let finite = self.f.iter().chain(&self.g).filter(|p| p.is_finite());
        finite.fold(0.0, |most, p| f64::max(most, p.abs()))
    }
}

/// What an iteration makes of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    /// Source and target in turn.
    Alternate,
    /// One potential for both sides of a symmetric problem: the mean of the half step and the whole step. Where the
    /// derivative of the half step is -M, that of the mean is -M (1 - M)/2: an eighth at most for a positive kernel.
    Average,
}

/// Runs `solver` from the target potential `start`, or from that of the unregularised dual's half step.
pub(crate) fn run(
    solver: &Sinkhorn,
    shares: &mut Shares<'_>,
    start: Option<Vec<f64>>,
    update: Update,
) -> Result<End, OtError> {
    let warm = start.is_some();
    let mut kernel = solver.single(shares.shape()).filter(|_| !warm);
    let mut survey = Survey::new(shares, kernel.as_mut(), solver.epsilon)?;
    shares.admit(&mut survey.f, &mut survey.g)?;
    let shares = &*shares;
    let limit = <f32 as Word>::BOUND * solver.epsilon;
    kernel = kernel.filter(|_| survey.g.iter().all(|g| *g <= limit));
    if let Some(kernel) = &mut kernel {
        kernel.filled(solver.epsilon, &survey.f, &vec![0.0; survey.g.len()]);
    }
    let mut state = State {
        shares,
        g: start.unwrap_or_else(|| survey.g.clone()),
        next: survey.g,
        f: survey.f,
        iterations: 0,
        error: f64::INFINITY,
        shift: 0.0,
        extrapolation: match update {
            Update::Alternate => solver.extrapolation(),
            Update::Average => Extrapolation::Anderson(Anderson::new(0)),
        },
        update,
    };
    if warm {
        // The source potential that belongs to the given one.
        state
            .log(solver.epsilon)
            .sweep(shares, &state.g, &mut state.f, &mut state.next)
            .expect("the log form is never out of range");
    }
    match solver.stop {
        Stop::After { iterations } => {
            let schedule = solver.schedule(None);
            let last = iterations.saturating_sub(schedule.iter().map(|s| s.steps).sum()).max(1);
            let mut form = solver.form(shares.shape(), Precision::Double);
            for stage in &schedule {
                state.absorb(form.as_mut(), stage.epsilon);
                state.iterate(form.as_mut(), stage.epsilon, 0.0, stage.steps, 0.0);
            }
            state.absorb(form.as_mut(), solver.epsilon);
            state.iterate(form.as_mut(), solver.epsilon, f64::NEG_INFINITY, last, 0.0);
            let measured = state.measure(solver.epsilon);
            Ok(state.end(solver.epsilon, measured))
        }
        Stop::Within { tolerance, max_iterations } => {
            let schedule = if warm { Vec::new() } else { solver.schedule(Some(survey.spread)) };
            state.within(solver, kernel, &schedule, tolerance, max_iterations)
        }
    }
}

/// A value of ε on the way down.
pub(super) struct Stage {
    pub(super) epsilon: f64,
    pub(super) steps: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    Single,
    Double,
}

impl Precision {
    /// An error that rounding may be the cause of.
    pub(super) fn rounding(self) -> f64 {
        match self {
            Self::Single => 1e-4,
            Self::Double => 1e-11,
        }
    }
}

impl Sinkhorn {
    pub(super) fn form(&self, (n, m): (usize, usize), precision: Precision) -> Box<dyn Sweep> {
        let bytes = n * m * if precision == Precision::Single { 4 } else { 8 };
        let keep = match self.form {
            Form::Auto => bytes <= MEMORY,
            Form::Kernel => true,
            Form::Log => false,
        };
        match (keep, precision) {
            (true, Precision::Single) => Box::new(Kernel::<f32>::new((n, m))),
            (true, Precision::Double) => Box::new(Kernel::<f64>::new((n, m))),
            (false, Precision::Single) => Box::new(Log::<f32>::new((n, m))),
            (false, Precision::Double) => Box::new(Log::<f64>::new((n, m))),
        }
    }

    /// A kernel in single precision, to be filled by the first pass over the costs.
    fn single(&self, (n, m): (usize, usize)) -> Option<Kernel<f32>> {
        let keep = self.form == Form::Kernel || (self.form == Form::Auto && 4 * n * m <= MEMORY);
        (keep && matches!(self.stop, Stop::Within { .. })).then(|| Kernel::new((n, m)))
    }

    fn extrapolation(&self) -> Extrapolation {
        let memory = match (self.acceleration, self.stop) {
            (Acceleration::None, _) | (Acceleration::Auto, Stop::After { .. }) => 0,
            (Acceleration::Auto, Stop::Within { .. }) => 20,
            (Acceleration::Anderson { memory }, _) => memory,
            (Acceleration::OverRelaxed { factor }, _) => {
                return Extrapolation::OverRelaxed { factor, least: f64::INFINITY };
            }
        };
        Extrapolation::Anderson(Anderson::new(memory))
    }

    /// The values of ε above the last, largest first.
    fn schedule(&self, spread: Option<f64>) -> Vec<Stage> {
        let (start, factor, steps) = match (self.scaling, spread) {
            (EpsilonScaling::Geometric { start, factor, steps }, _) => (start, factor, steps),
            (EpsilonScaling::Auto, Some(spread)) if self.epsilon < 0.02 * spread => (0.25 * spread, 0.5, 30),
            (EpsilonScaling::None | EpsilonScaling::Auto, _) => return Vec::new(),
        };
        let mut stages = Vec::new();
        let mut epsilon = self.epsilon / factor;
        while epsilon < start {
            stages.push(Stage { epsilon, steps });
            epsilon /= factor;
        }
        stages.reverse();
        stages
    }
}
