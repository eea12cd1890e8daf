//! What a network keeps on the way forward changes no bit of its gradient, and spares forward passes.

#![allow(clippy::unwrap_used, reason = "a test may fail where it unwraps")]

use chreode_adjoint::{Adjoint, Discrete, Interpolating, Times};
use chreode_core::{Network, NetworkField, ParameterView, Seed, Tolerance, VectorSpace};
use chreode_nn::{Activation, Mlp, MlpConfig};
use chreode_ode::{DOPRI5, DOPRI8, ExplicitRk, Fixed, Pi, RK4, Solve, StepControl, TSIT5, Tableau};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};
use std::cell::Cell;

type Memory = <Mlp<f64> as Network>::Memory;

/// A network that counts its passes: forward, without a memory, and back.
struct Counting {
    net: Mlp<f64>,
    passes: Cell<[usize; 3]>,
}

impl Counting {
    fn new(hidden: &[usize]) -> Self {
        let config = MlpConfig::new(2).hidden(hidden).activation(Activation::Silu);
        let net = Mlp::new(config, &mut Seed(3).stream("network", 0)).unwrap();
        Self { net, passes: Cell::new([0; 3]) }
    }

    fn count(&self, which: usize) {
        let mut passes = self.passes.get();
        passes[which] += 1;
        self.passes.set(passes);
    }
}

impl Network for Counting {
    type Scalar = f64;
    type Memory = Memory;

    fn width(&self) -> (usize, usize) {
        self.net.width()
    }
    fn layout(&self) -> &[ParameterView] {
        self.net.layout()
    }
    fn read_parameters(&self, flat: &mut [f64]) {
        self.net.read_parameters(flat);
    }
    fn write_parameters(&mut self, flat: &[f64]) {
        self.net.write_parameters(flat);
    }
    fn forward(&self, t: &[f64], x: ArrayView2<'_, f64>, out: ArrayViewMut2<'_, f64>, m: &mut Memory) {
        self.count(0);
        self.net.forward(t, x, out, m);
    }
    fn velocity(&self, t: &[f64], x: ArrayView2<'_, f64>, out: ArrayViewMut2<'_, f64>, m: &mut Memory) {
        self.count(1);
        self.net.velocity(t, x, out, m);
    }
    fn pullback(
        &self,
        a: ArrayView2<'_, f64>,
        state: Option<ArrayViewMut2<'_, f64>>,
        params: Option<&mut [f64]>,
        m: &mut Memory,
    ) {
        self.count(2);
        self.net.pullback(a, state, params, m);
    }
}

fn start() -> Array2<f64> {
    Array2::from_shape_fn((3, 2), |(i, j)| 0.3 * i as f64 - 0.4 * j as f64)
}

const TIMES: [f64; 4] = [0.0, 0.4, 0.7, 1.0];

fn bits<C>(net: &Counting, tableau: Tableau, control: C, adjoint: Discrete) -> Vec<Vec<u64>>
where
    C: StepControl<Norm: chreode_core::Norm<Array2<f64>>> + Clone,
{
    let (field, solve) = (NetworkField::new(net), Solve::new(ExplicitRk::new(tableau), control));
    let (ys, tape) = adjoint.forward(&solve, &field, start(), &TIMES).unwrap();
    // Twice from one tape: the second time nothing is left of what was kept.
    let all = (0..2).map(|_| {
        let g = adjoint.backward(&solve, &field, &tape, &ys).unwrap();
        g.y0.iter().chain(&g.params).chain(&g.times).map(|x| x.to_bits()).collect()
    });
    all.collect()
}

#[test]
fn no_bit_depends_on_what_is_kept() {
    let net = Counting::new(&[16, 16]);
    for tableau in [DOPRI5, TSIT5, RK4, DOPRI8] {
        for times in [Times::Differentiated, Times::Constant] {
            let stored = bits(&net, tableau, Fixed::steps(9), Discrete::stored().times(times));
            assert!(stored[0] == stored[1]);
            let little = Discrete::stored().kept(1).times(times);
            for adjoint in [little, Discrete::checkpoints(3).times(times), Discrete::default().times(times)] {
                let other = bits(&net, tableau, Fixed::steps(9), adjoint);
                assert!(other[0] == stored[0] && other[1] == stored[0], "{adjoint:?}");
            }
        }
    }
    // Some steps are rejected here.
    let pi = Pi { first_step: Some(0.5), ..Pi::new(Tolerance::both(1e-7)) };
    let stored = bits(&net, DOPRI5, pi, Discrete::stored());
    assert!(bits(&net, DOPRI5, pi, Discrete::checkpoints(2)) == stored);
}

#[test]
fn the_way_back_is_pullbacks_alone() {
    let net = Counting::new(&[8]);
    let field = NetworkField::new(&net);
    let solve = Solve::new(ExplicitRk::new(DOPRI5), Fixed::steps(10));
    let passes = |adjoint: Discrete| {
        let (ys, tape) =
            adjoint.times(Times::Constant).forward(&solve, &field, start(), &[0.0, 1.0]).unwrap();
        net.passes.set([0; 3]);
        adjoint.times(Times::Constant).backward(&solve, &field, &tape, &ys).unwrap();
        net.passes.get()
    };
    assert_eq!(passes(Discrete::stored()), [0, 0, 60]);
    // All states but no memories: six forward passes a step, whose memories serve the pullbacks.
    assert_eq!(passes(Discrete::checkpoints(10)), [60, 0, 60]);
}

#[test]
fn two_states_and_fifty_thousand_parameters() {
    // torchdiffeq issue 243: parameters neither shorten the steps nor fill the memory.
    let net = Counting::new(&[220, 220]);
    let count = net.parameter_count();
    assert!(count > 49_000, "{count}");
    let field = NetworkField::new(&net);
    let y0 = Array2::from_shape_vec((1, 2), vec![0.5, -0.3]).unwrap();
    let solve = Solve::new(ExplicitRk::new(DOPRI5), Pi::new(Tolerance::both(1e-8)));
    let loss = |ys: &[Array2<f64>]| vec![ys[0].zeros_like(), ys[1].clone()];
    let (_, g) = Discrete::default().gradient(&solve, &field, y0.clone(), &[0.0, 1.0], loss).unwrap();
    let forward =
        solve.run(&field, chreode_ode::Span { t0: 0.0, t1: 1.0 }, y0.clone(), &mut chreode_ode::Last::new());
    let steps = forward.unwrap().stats.accepted;
    net.passes.set([0; 3]);
    let (_, other) = Interpolating::new(solve).gradient(&solve, &field, y0, &[0.0, 1.0], loss).unwrap();
    let size = g.params.dot(&g.params).sqrt();
    let apart = &g.params - &other.params;
    assert!(apart.dot(&apart).sqrt() < 1e-6 * size, "{} of {size}", apart.dot(&apart).sqrt());
    let pulls = net.passes.get()[2];
    assert!(pulls < 40 * steps, "{pulls} pullbacks for {steps} steps");
}
