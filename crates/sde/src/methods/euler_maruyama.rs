//! The method of Euler and Maruyama.

use crate::memory::{Parts, one_step};
use crate::{BrownianPath, Diffusion, Ito, Sde, SdeMemory};
use chreode_core::{VectorField, VectorSpace};
use chreode_ode::{About, StepError};

/// Euler-Maruyama, for Itô equations with any noise: y₁ = y + f(t, y) h + g(t, y) W.
///
/// Strong order 1/2 (1 where the noise is additive), weak order 1; one drift and one product a step. No
/// error estimate of its own: [`Halves`](crate::Halves) gives it one.
///
/// G. Maruyama, Rend. Circ. Mat. Palermo 4 (1955) 48-90, doi:10.1007/BF02846028; P. E. Kloeden and E.
/// Platen, Numerical Solution of Stochastic Differential Equations (1992), 10.2,
/// doi:10.1007/978-3-662-12616-5.
///
/// ```
/// use chreode_core::Seed;
/// use chreode_ode::{Fixed, Solve, Span};
/// use chreode_sde::{BrownianTree, Diagonal, EulerMaruyama, Sde};
///
/// let span = Span { t0: 0.0, t1: 1.0 };
/// let path = BrownianTree::new(Seed(1), span, [0.0], 1e-3)?;
/// let sde = Sde::ito(|_t: f64, y: &[f64; 1]| [-y[0]], Diagonal(|_t: f64, y: &[f64; 1]| [0.1 * y[0]]), path);
/// let y = Solve::new(EulerMaruyama, Fixed::steps(1000)).end(&sde, span, [1.0])?;
/// assert!(y[0] > 0.2 && y[0] < 0.6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It does not compile with a Stratonovich equation, whose solution it does not approach:
///
/// ```compile_fail,E0277
/// use chreode_core::Seed;
/// use chreode_ode::{Fixed, Solve, Span};
/// use chreode_sde::{BrownianTree, Diagonal, EulerMaruyama, Sde};
///
/// let span = Span { t0: 0.0, t1: 1.0 };
/// let path = BrownianTree::new(Seed(1), span, [0.0], 1e-3).unwrap();
/// let f = |_t: f64, y: &[f64; 1]| [-y[0]];
/// let sde = Sde::stratonovich(f, Diagonal(|_t: f64, y: &[f64; 1]| [0.1 * y[0]]), path);
/// Solve::new(EulerMaruyama, Fixed::steps(1000)).end(&sde, span, [1.0]).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EulerMaruyama;

impl EulerMaruyama {
    const ABOUT: About = About { name: "euler-maruyama", order: 0.5, error_power: None };
    const SCRATCH: usize = 2;

    fn advance<F, G, W, Y>(
        &self,
        sde: &Sde<F, G, W, Ito>,
        t: f64,
        h: f64,
        y: &Y,
        memory: &mut SdeMemory<Y, W::Noise, W::Cursor>,
    ) -> Result<usize, StepError>
    where
        Y: VectorSpace,
        F: VectorField<Y>,
        W: BrownianPath,
        G: Diffusion<Y, Noise = W::Noise>,
    {
        memory.read(&sde.path, t, h)?;
        let Parts { next, dw, scratch: [f, g], .. } = memory.parts();
        sde.drift.eval_into(t, y, f);
        sde.diffusion.product_into(t, y, dw, g);
        y.plus_into(&[(h, f), (1.0, g)], next);
        Ok(2)
    }
}

one_step!(EulerMaruyama, Ito: Diffusion, BrownianPath, ItoForwards);
