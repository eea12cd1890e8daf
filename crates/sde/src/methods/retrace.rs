//! Reversible Heun among the reversible methods of chreode-ode.

use crate::{BrownianPath, Diffusion, ReversibleHeun, Sde, Stratonovich};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{Reversible, StepError, Stepper};

/// z is the state that runs along. On the way back rounding grows as the problem itself makes it grow.
impl<F, G, W, Y> Reversible<Sde<F, G, W, Stratonovich>, Y> for ReversibleHeun
where
    Y: VectorSpace,
    F: VectorField<Y>,
    W: BrownianPath,
    G: Diffusion<Y, Noise = W::Noise>,
{
    type Auxiliary = Y;

    fn auxiliary<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        memory.companion()
    }

    fn proposed_auxiliary<'m>(&self, memory: &'m Self::Memory) -> &'m Y {
        memory.next_companion()
    }

    fn resume(
        &self,
        sde: &Sde<F, G, W, Stratonovich>,
        t: f64,
        y: &Y,
        z: &Y,
    ) -> Result<Self::Memory, StepError> {
        let mut memory = self.init(sde, t, y)?;
        memory.set_companion(z.duplicate());
        Ok(memory)
    }

    fn retrace(
        &self,
        sde: &Sde<F, G, W, Stratonovich>,
        t: f64,
        h: f64,
        y: &mut Y,
        memory: &mut Self::Memory,
    ) -> Result<usize, StepError> {
        self.step_back(sde, t, h, y, memory)
    }
}
