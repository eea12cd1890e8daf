//! Exact gradients of the steps themselves.

use crate::binomial::{advances_between, best_spacing};
use crate::outputs::{begin, check};
use crate::pull::Pull;
use crate::record::Record;
use crate::recorder::{Recorder, all_stages};
use crate::stages::Workspace;
use crate::sweep::sweep;
use crate::{Adjoint, AdjointError, Gradient};
use chreode_core::{Kept, Norm, VectorSpace, Vjp};
use chreode_ode::{ExplicitRk, Solve, SolveError, StepControl, Tableau};
use std::sync::{Mutex, PoisonError};

/// Checkpoints unless told otherwise: all stages of the few steps of a usual solve, every state of solves
/// of up to 256 steps, and no step taken more than twice again in solves of up to 33 000.
const CHECKPOINTS: usize = 256;

/// Bytes that what a field keeps for its pullbacks may take unless told otherwise.
const KEPT: usize = 256 << 20;

/// Backpropagation through every accepted step of an explicit Runge-Kutta method, with any tableau,
/// controller and state.
///
/// The gradient is exact for the numbers that the solve returns, dense output between steps included: it
/// agrees with finite differences of the *same steps* to rounding, however loose the tolerance. As usual in
/// the literature, the step sizes are constants: how the controller would choose others for other data is
/// not differentiated. Times follow the same rule: t₀ and t₁ move the ends of the first and the last step,
/// a time between moves along the interpolant (along the field where it is the end of a step), and the ends
/// of the steps between stay.
///
/// **Memory.** At most as many states as `checkpoints` says, the initial one and stages among them, and 32
/// bytes a step. **Cost.** With n steps of s stages, w of which carry weight (for
/// [`DOPRI5`](chreode_ode::DOPRI5) 7 and 6), the way back takes w n pullbacks, and
///
/// | `checkpoints` | kept | evaluations on the way back |
/// |---|---|---|
/// | from (s + 1) n | states and stages | none |
/// | from n | states | (w − 1) n |
/// | below | some states | (w − 1) n, and w for each step taken again |
///
/// Steps taken again are at most [`advances(n, checkpoints)`](crate::advances), the binomial optimum for a
/// start from the initial state alone; the number of steps is not known beforehand, so the way forward
/// keeps equally spaced states, and as many of them are used as make it least. A field that keeps what its
/// evaluations leave for pullbacks (a network its activations) costs w n evaluations in the last two rows, but none
/// within the pullbacks; with room for all of it (`kept`) the way back is pullbacks alone. States between steps and
/// gradients with respect to times cost a few evaluations more. Neither the number of checkpoints nor what is kept
/// changes a bit of the gradient.
///
/// A. Griewank and A. Walther, Algorithm 799: revolve, ACM Trans. Math. Softw. 26 (2000) 19-45,
/// doi:10.1145/347837.347846.
///
/// ```
/// use chreode_adjoint::{Adjoint, Discrete};
/// # use chreode_core::{Pullback, VectorField, Vjp};
/// use chreode_ode::{ExplicitRk, Fixed, MIDPOINT, Solve};
/// # struct Decay;
/// # impl VectorField<[f64; 1]> for Decay {
/// #     fn eval(&self, _t: f64, y: &[f64; 1]) -> [f64; 1] { [-y[0]] }
/// # }
/// # impl Vjp<[f64; 1]> for Decay {
/// #     type Params = [f64; 0];
/// #     fn vjp(&self, t: f64, y: &[f64; 1], a: &[f64; 1]) -> Pullback<[f64; 1], [f64; 0]> {
/// #         Pullback { value: self.eval(t, y), state: [-a[0]], params: [] }
/// #     }
/// # }
///
/// // dy/dt = -y by 1000 steps of the midpoint rule, with ten states in memory.
/// let solve = Solve::new(ExplicitRk::new(MIDPOINT), Fixed::steps(1000));
/// let adjoint = Discrete::checkpoints(10);
/// let (ys, tape) = adjoint.forward(&solve, &Decay, [2.0], &[0.0, 1.0])?;
/// let g = adjoint.backward(&solve, &Decay, &tape, &[[0.0], [1.0]])?;
/// let h: f64 = 1e-3;
/// assert!((g.y0[0] - (1.0 - h + h * h / 2.0).powi(1000)).abs() < 1e-13);
/// # assert!((2.0 * g.y0[0] - ys[1][0]).abs() < 1e-13);
/// # Ok::<(), chreode_adjoint::AdjointError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discrete {
    /// States kept, at least 1.
    pub checkpoints: usize,
    /// Whether times are differentiated.
    pub times: Times,
    /// Bytes that what the field itself keeps may take on the way forward ([`Vjp::eval_kept`]): the activations
    /// of a network, so that the way back needs no second forward pass. If they do not suffice, nothing is kept.
    pub kept: usize,
}

/// What a gradient says of the times of a solve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    /// ∂L/∂tᵢ for each of them; costs some evaluations at the first and the last step and one or none for
    /// each output.
    #[default]
    Differentiated,
    /// Nothing: they are constants.
    Constant,
}

impl Default for Discrete {
    /// 256 checkpoints, and 256 MiB for what the field keeps.
    fn default() -> Self {
        Self::checkpoints(CHECKPOINTS).kept(KEPT)
    }
}

impl Discrete {
    /// With `n` states in memory at most, and nothing that the field keeps.
    pub const fn checkpoints(n: usize) -> Self {
        Self { checkpoints: n, times: Times::Differentiated, kept: 0 }
    }

    /// With every state and every stage in memory, and what the field keeps of them.
    pub const fn stored() -> Self {
        Self::checkpoints(usize::MAX).kept(usize::MAX)
    }

    /// With this many bytes for what the field keeps.
    pub const fn kept(self, bytes: usize) -> Self {
        Self { kept: bytes, ..self }
    }

    /// With these gradients of times.
    pub const fn times(self, times: Times) -> Self {
        Self { times, ..self }
    }
}

/// The steps of a solve and some of its states.
#[derive(Debug)]
pub struct DiscreteTape<Y> {
    pub(crate) tableau: Tableau,
    times: Vec<f64>,
    pub(crate) steps: Vec<Record>,
    /// The states before every `spacing`-th step.
    states: Vec<Y>,
    /// The stages of every step, if there was room for them.
    stages: Vec<Vec<Y>>,
    /// What the field kept of the stages of every step, used up by the first way back.
    memories: Mutex<Vec<Vec<Kept>>>,
    spacing: usize,
    checkpoints: usize,
}

/// A copy without what the field kept, which only the first way back of the original finds.
impl<Y: Clone> Clone for DiscreteTape<Y> {
    fn clone(&self) -> Self {
        Self {
            times: self.times.clone(),
            steps: self.steps.clone(),
            states: self.states.clone(),
            stages: self.stages.clone(),
            memories: Mutex::default(),
            ..*self
        }
    }
}

impl<Y> DiscreteTape<Y> {
    /// Steps taken.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Steps that the way back will take again; 0 where all states are stored.
    pub fn advances(&self) -> usize {
        self.planned(self.checkpoints).1
    }

    /// Bytes of its states and stages, of `state` bytes each, of its steps, and of what the field kept, as far as it says.
    pub fn bytes(&self, state: usize) -> usize {
        let states = self.states.len() + self.stages.iter().map(Vec::len).sum::<usize>();
        let memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        let kept: usize = memories.iter().flatten().map(Kept::bytes).sum();
        states * state + self.steps.len() * size_of::<Record>() + kept
    }

    /// States that are in memory with `checkpoints`, steps that are taken again, and what is known of the
    /// stages of a step.
    pub(crate) fn planned(&self, checkpoints: usize) -> (usize, usize, usize) {
        let (n, stages) = (self.steps.len(), self.tableau.stages());
        if all_stages(n, stages) <= checkpoints {
            return (all_stages(n.max(1), stages), 0, stages);
        }
        let spacing = best_spacing(n, checkpoints);
        (checkpoints.min(n), advances_between(n, checkpoints, spacing), 0)
    }

    /// Steps with a state asked for between their ends.
    pub(crate) fn dense_steps(&self) -> usize {
        let forwards = self.times.last() > self.times.first();
        let before = |to: f64, t: f64| if forwards { to < t } else { to > t };
        let holder = |t: &f64| self.steps.partition_point(|step| before(step.to, *t));
        let inside = |(i, t): &(usize, &f64)| self.steps.get(*i).is_some_and(|step| step.to != **t);
        let inner = self.times.iter().filter(|t| **t != self.times[0]);
        let mut holders: Vec<_> = inner.map(|t| (holder(t), t)).filter(inside).map(|(i, _)| i).collect();
        holders.dedup();
        holders.len()
    }
}

impl<P, Y, C> Adjoint<P, Y, ExplicitRk, C> for Discrete
where
    P: Vjp<Y> + ?Sized,
    Y: VectorSpace,
    C: StepControl<Norm: Norm<Y>> + Clone,
{
    type Tape = DiscreteTape<Y>;

    fn forward(
        &self,
        solve: &Solve<ExplicitRk, C>,
        problem: &P,
        y0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, DiscreteTape<Y>), AdjointError> {
        if self.checkpoints == 0 {
            return Err(AdjointError::NoCheckpoints);
        }
        let (span, mut ys) = begin(times, &y0)?;
        let recording = Solve {
            stepper: Recorder::new(solve.stepper, self.checkpoints, self.kept),
            control: solve.control.clone(),
            max_steps: solve.max_steps,
        };
        let direction = span.direction();
        let mut states = vec![y0.duplicate()];
        let (mut steps, mut spacing) = (Vec::new(), 1);
        let mut driver = recording.start(problem, span, y0)?;
        while let Some(step) = driver.step()? {
            let n = steps.len();
            if n > 0 && n % spacing == 0 {
                if states.len() == self.checkpoints {
                    thin(&mut states, 2);
                    spacing *= 2;
                }
                if n % spacing == 0 {
                    states.push(step.y0.duplicate());
                }
            }
            while let Some(&t) = times.get(ys.len()).filter(|t| (**t - step.t1) * direction <= 0.0) {
                let y = step.at(t);
                if !y.is_finite() {
                    let entry = y.first_not_finite();
                    return Err(SolveError::NotFinite { t, stage: None, entry }.into());
                }
                ys.push(y);
            }
            steps.push(Record { to: step.t1, ..recording.stepper.last.get() });
        }
        drop(driver);
        let memories = Mutex::new(recording.stepper.take_memories());
        let stages = recording.stepper.into_stages();
        let best = best_spacing(steps.len(), self.checkpoints);
        thin(&mut states, best / spacing);
        let (tableau, times) = (*solve.stepper.tableau(), times.to_vec());
        let tape = DiscreteTape {
            tableau,
            times,
            steps,
            states,
            stages,
            memories,
            spacing: best,
            checkpoints: self.checkpoints,
        };
        Ok((ys, tape))
    }

    fn backward(
        &self,
        _solve: &Solve<ExplicitRk, C>,
        problem: &P,
        tape: &DiscreteTape<Y>,
        cotangents: &[Y],
    ) -> Result<Gradient<Y, P::Params>, AdjointError> {
        let DiscreteTape { tableau, times, steps, states, stages, memories, spacing, checkpoints } = tape;
        let y0 = &states[0];
        check(times, y0, cotangents)?;
        let by_time = match self.times {
            Times::Differentiated => Some(vec![0.0; times.len()]),
            Times::Constant => None,
        };
        let mut workspace = Workspace::new(tableau, y0);
        let mut again = Workspace::new(tableau, y0);
        let mut memories = std::mem::take(&mut *memories.lock().unwrap_or_else(PoisonError::into_inner));
        memories.truncate(steps.len());
        let mut pull = Pull::new(problem, *tableau, steps, times, cotangents, stages, y0, by_time);
        sweep(
            steps.len(),
            *checkpoints,
            (*spacing, states),
            |from, y, to| again.advance(tableau, problem, &steps[from..to], y),
            |n, y| {
                // Gone with the step, so that the next one finds its place in the caches.
                let mut kept =
                    if n + 1 == memories.len() { memories.pop() } else { None }.unwrap_or_default();
                pull.step(n, y, &mut kept, &mut workspace)
            },
        )?;
        pull.finish(y0)
    }
}

/// Keeps every `n`-th state, from the first.
pub(crate) fn thin<Y>(states: &mut Vec<Y>, n: usize) {
    let mut i = 0;
    states.retain(|_| {
        i += 1;
        (i - 1) % n == 0
    });
}
