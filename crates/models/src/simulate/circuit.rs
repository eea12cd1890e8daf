//! The whole gene circuit: its drift, and one step of its chemical Langevin equation.

use super::{Toggle, genes::Gene};
use chreode_core::{Seed, VectorField};
use ndarray::Array1;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Two masters and the genes they drive, as a vector field on concentrations.
///
/// Entries 0 and 1 of a state are the masters. The field is the deterministic limit; cells move
/// by the chemical Langevin equation (Gillespie 2000, doi 10.1063/1.481811)
///
/// ```text
/// dxᵢ = (pᵢ − qᵢ) dt + s √(pᵢ + qᵢ) dWᵢ
/// ```
///
/// with production `p`, loss `q` and `s = 1/√Ω` for a cell of `Ω` molecules per unit of concentration.
#[derive(Clone, Debug, PartialEq)]
pub struct Circuit {
    toggle: Toggle,
    genes: Vec<Gene>,
}

impl Circuit {
    pub(super) fn draw(toggle: Toggle, genes: usize, seed: Seed) -> Self {
        let genes = (0..genes - 2).map(|i| Gene::draw(seed, i, toggle.turnover)).collect();
        Self { toggle, genes }
    }

    /// The number of genes, masters included.
    pub fn len(&self) -> usize {
        self.genes.len() + 2
    }

    /// Whether there is no gene: never, the masters are always there.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The two masters.
    pub fn toggle(&self) -> &Toggle {
        &self.toggle
    }

    /// The state that progenitors rest in before the ramp, without noise: the limit of Euler steps
    /// from both masters fully on, over 250 turnover times.
    pub(super) fn progenitor(&self) -> Vec<f64> {
        let dt = 0.25 / self.toggle.turnover;
        let mut state = vec![self.toggle.repression; self.len()];
        let mut drift = state.clone();
        for _ in 0..1000 {
            self.drift(self.toggle.ramp[0], &state, &mut drift);
            state.iter_mut().zip(&drift).for_each(|(x, d)| *x += dt * d);
        }
        state
    }

    /// One Euler–Maruyama step of length `dt`, reflected at zero; `noise` is `s`.
    pub(super) fn step(&self, t: f64, state: &mut [f64], dt: f64, noise: f64, rng: &mut impl Rng) {
        let masters = [state[0], state[1]];
        let (gain, loss) = self.toggle.rates(t, masters);
        for i in 0..2 {
            advance(&mut state[i], gain[i], loss[i], dt, noise, rng);
        }
        for (gene, g) in self.genes.iter().zip(&mut state[2..]) {
            let (gain, loss) = gene.rates(masters, *g);
            advance(g, gain, loss, dt, noise, rng);
        }
    }

    /// The drift of every gene.
    pub(super) fn drift(&self, t: f64, state: &[f64], out: &mut [f64]) {
        let masters = [state[0], state[1]];
        let (gain, loss) = self.toggle.rates(t, masters);
        out[0] = gain[0] - loss[0];
        out[1] = gain[1] - loss[1];
        for ((gene, &g), o) in self.genes.iter().zip(&state[2..]).zip(&mut out[2..]) {
            let (gain, loss) = gene.rates(masters, g);
            *o = gain - loss;
        }
    }
}

impl VectorField<Array1<f64>> for Circuit {
    fn eval(&self, t: f64, y: &Array1<f64>) -> Array1<f64> {
        let mut dy = Array1::zeros(y.len());
        let y = y.as_standard_layout();
        self.drift(
            t,
            y.as_slice().expect("standard layout is contiguous"),
            dy.as_slice_mut().expect("new arrays are contiguous"),
        );
        dy
    }
}

/// Advances one concentration; reflection keeps it at 0 or above.
pub(super) fn advance(x: &mut f64, gain: f64, loss: f64, dt: f64, noise: f64, rng: &mut impl Rng) {
    let mut next = *x + (gain - loss) * dt;
    if noise > 0.0 {
        let z: f64 = StandardNormal.sample(rng);
        next += noise * ((gain + loss) * dt).sqrt() * z;
    }
    *x = next.abs();
}
