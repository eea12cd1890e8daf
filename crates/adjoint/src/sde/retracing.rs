//! Exact gradients of a stochastic solve without stored states.

use super::diffusion::DiffusionVjp;
use super::discrete::{Pull, record};
use super::{SdeAdjoint, SdeGradient};
use crate::record::Record;
use crate::{AdjointError, Retracing};
use chreode_core::{Norm, Passenger, VectorSpace, Vjp};
use chreode_ode::{Reversible, Solve, StepControl};
use chreode_sde::{BrownianPath, ReversibleHeun, Sde, Stratonovich};

/// The steps of a stochastic solve and what it ended with.
#[derive(Clone, Debug)]
pub struct SdeRetracingTape<Y> {
    times: Vec<f64>,
    steps: Vec<Record>,
    end: (Y, Passenger<Y>),
}

/// Stochastic solves: [`ReversibleHeun`] takes its steps back on the same path, so that the memory is that of a
/// few states and 32 bytes a step. The gradient is that of the steps to the rounding of the way back.
impl<F, G, W, Y, K> SdeAdjoint<F, G, W, Stratonovich, Y, ReversibleHeun, K> for Retracing
where
    F: Vjp<Y>,
    Y: VectorSpace,
    W: BrownianPath,
    G: DiffusionVjp<Y, Noise = W::Noise>,
    K: StepControl<Norm: Norm<(Y, Passenger<Y>)>> + Clone,
{
    type Tape = SdeRetracingTape<Y>;

    fn sde_forward(
        &self,
        solve: &Solve<ReversibleHeun, K>,
        sde: &Sde<F, G, W, Stratonovich>,
        y0: Y,
        times: &[f64],
    ) -> Result<(Vec<Y>, SdeRetracingTape<Y>), AdjointError> {
        let ((ys, end), steps) = record(solve, sde, y0, times, |_, _| ())?;
        Ok((ys, SdeRetracingTape { times: times.to_vec(), steps, end }))
    }

    fn sde_backward(
        &self,
        solve: &Solve<ReversibleHeun, K>,
        sde: &Sde<F, G, W, Stratonovich>,
        tape: &SdeRetracingTape<Y>,
        cotangents: &[Y],
    ) -> Result<SdeGradient<Y, F::Params, G::Params>, AdjointError> {
        let SdeRetracingTape { times, steps, end } = tape;
        let mut pull = Pull::new(&solve.stepper, sde, end, times, cotangents)?;
        let mut state = (end.0.duplicate(), Passenger(end.1.0.duplicate()));
        if let Some(last) = steps.last() {
            let mut memory = solve.stepper.resume(sde, last.t + last.h, &end.0, &end.1.0)?;
            for (n, step) in steps.iter().enumerate().rev() {
                solve.stepper.retrace(sde, step.t, step.h, &mut state.0, &mut memory)?;
                state.1.0 = memory.companion().duplicate();
                let from = if n == 0 { times[0] } else { steps[n - 1].to };
                pull.step(step, from, &state)?;
            }
        }
        pull.finish()
    }
}
