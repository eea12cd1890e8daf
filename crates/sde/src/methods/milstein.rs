//! The method of Milstein.

use crate::memory::{Parts, one_step};
use crate::{BrownianPath, Calculus, CommutativeDiffusion, Sde, SdeMemory};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};

/// Milstein's method, for noise that commutes (diagonal, scalar, additive, or any with derivatives given as
/// [`CommutativeDiffusion`]):
/// y₁ = y + f h + g W + ½ Σⱼₖ gₖ′gⱼ WⱼWₖ, less ½ Σₖ gₖ′gₖ h where the integral is Itô's.
///
/// Strong and weak order 1; one drift, one product and the derivative terms a step. No error
/// estimate of its own: [`Halves`](crate::Halves) gives it one.
///
/// G. N. Mil'shtejn, Theory Probab. Appl. 19 (1975) 557-562, doi:10.1137/1119062; Kloeden and Platen (1992),
/// 10.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Milstein;

impl Milstein {
    const ABOUT: About = About { name: "milstein", order: 1.0, error_power: None };
    const SCRATCH: usize = 3;

    fn advance<F, G, W, C, Y>(
        &self,
        sde: &Sde<F, G, W, C>,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut SdeMemory<Y, W::Noise, W::Cursor>,
    ) -> Result<usize, StepError>
    where
        Y: VectorSpace,
        F: VectorField<Y>,
        W: BrownianPath,
        G: CommutativeDiffusion<Y, Noise = W::Noise>,
        C: Calculus,
    {
        memory.read(&sde.path, t, h)?;
        let Parts { next, dw, scratch: [f, g, higher], .. } = memory.parts();
        sde.drift.eval_into(t, y, f);
        sde.diffusion.product_into(t, y, dw, g);
        let iterated = sde.diffusion.iterated(t, y, dw, g);
        if C::ITO {
            let correction = sde.diffusion.correction(t, y);
            iterated.plus_into(&[(-h, &correction)], higher);
        } else {
            iterated.plus_into(&[], higher);
        }
        y.plus_into(&[(h, f), (1.0, g), (1.0, higher)], next);
        Ok(if C::ITO { 4 } else { 3 })
    }
}

one_step!(Milstein, C, C: CommutativeDiffusion, BrownianPath, ItoForwards);
