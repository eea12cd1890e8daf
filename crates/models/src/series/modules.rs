//! Nets of a model in one flat vector.

use crate::{Net, Parts};
use chreode_core::Network;
use chreode_nn::{
    Activation, Columns, Dense, Element, Field, Function, GraphBuilder, Join, NnError, Pointwise,
};
use rand::Rng;
use std::ops::Range;

/// The nets of a model, by name and in the order of the flat vector.
pub(crate) trait Modules {
    fn modules(&self) -> Vec<(String, &Net)>;
    fn modules_mut(&mut self) -> Vec<&mut Net>;

    /// Where each lies.
    fn parts(&self) -> Parts {
        self.modules()
            .iter()
            .fold(Parts::default(), |parts, (name, net)| parts.with_layout(name, net.layout()))
    }

    fn read_all(&self, flat: &mut [f32]) {
        let parts = self.parts();
        for (k, (_, net)) in self.modules().into_iter().enumerate() {
            net.read_parameters(&mut flat[parts.range(k)]);
        }
    }

    fn write_all(&mut self, flat: &[f32]) {
        let parts = self.parts();
        for (k, net) in self.modules_mut().into_iter().enumerate() {
            net.write_parameters(&flat[parts.range(k)]);
        }
    }
}

/// Slices of `flat` at `ranges`, which follow one another.
pub(crate) fn slices<A, const N: usize>(flat: &mut [A], ranges: [Range<usize>; N]) -> [&mut [A]; N] {
    let mut rest = flat;
    let mut start = 0;
    ranges.map(|range| {
        let taken = std::mem::take(&mut rest);
        let (slice, after) = taken[range.start - start..].split_at_mut(range.len());
        start = range.end;
        rest = after;
        slice
    })
}

/// Hidden layers with `activation`, then an affine one: `layers.0` and so on.
pub(crate) fn perceptron<A: Element>(
    inputs: usize,
    hidden: &[usize],
    activation: impl Into<Function>,
    outputs: usize,
    rng: &mut impl Rng,
) -> Result<Field<A>, NnError> {
    let mut build = GraphBuilder::new(inputs);
    let mut level = build.input();
    let activation = activation.into();
    for (k, &width) in hidden.iter().enumerate() {
        let layer = Dense::new(build.width(level), width, rng).then(activation);
        level = build.layer(&format!("layers.{k}"), layer, level)?;
    }
    let last = Dense::new(build.width(level), outputs, rng);
    level = build.layer(&format!("layers.{}", hidden.len()), last, level)?;
    Ok(Field::autonomous(build.finish(level)?))
}

/// The same as a motion of as many columns.
pub(crate) fn autonomous<A: Element>(
    state: usize,
    hidden: &[usize],
    activation: impl Into<Function>,
    rng: &mut impl Rng,
) -> Result<Field<A>, NnError> {
    let mut build = GraphBuilder::new(1 + state);
    let input = build.input();
    let mut level = build.layer("state", Columns::new(1 + state, 1..1 + state), input)?;
    let activation = activation.into();
    for (k, &width) in hidden.iter().enumerate() {
        let layer = Dense::new(build.width(level), width, rng).then(activation);
        level = build.layer(&format!("layers.{k}"), layer, level)?;
    }
    let last = Dense::new(build.width(level), state, rng);
    level = build.layer(&format!("layers.{}", hidden.len()), last, level)?;
    Ok(Field::new(build.finish(level)?))
}

/// The part of a GRU cell that reads the input alone: `p = W_i x + b_i`, 3 × `state` columns in the order r, z, n.
///
/// All inputs of a batch pass it at once, which is most of a cell's work. It starts uniform on ±1/√inputs, as a dense layer
/// does, where [`GraphBuilder::gru_cell`] starts on ±1/√state.
pub(crate) fn gru_input<A: Element>(
    inputs: usize,
    state: usize,
    rng: &mut impl Rng,
) -> Result<Field<A>, NnError> {
    let mut build = GraphBuilder::new(inputs);
    let x = build.input();
    let p = build.named("gru", |part| format!("{part}_ih"), Dense::new(inputs, 3 * state, rng), x)?;
    Ok(Field::autonomous(build.finish(p)?))
}

/// The rest of the cell, on rows `[p, h]`, with the equations of [`GraphBuilder::gru_cell`].
pub(crate) fn gru_state<A: Element>(state: usize, rng: &mut impl Rng) -> Result<Field<A>, NnError> {
    let width = 4 * state;
    let mut build = GraphBuilder::new(width);
    let row = build.input();
    let gates_x = build.layer("r z of p", Columns::new(width, 0..2 * state), row)?;
    let new_x = build.layer("n of p", Columns::new(width, 2 * state..3 * state), row)?;
    let h = build.layer("h", Columns::new(width, 3 * state..width), row)?;
    let by_h = build.named("gru", |part| format!("{part}_hh"), Dense::new(state, 3 * state, rng), h)?;
    let gates_h = build.layer("r z of h", Columns::new(3 * state, 0..2 * state), by_h)?;
    let new_h = build.layer("n of h", Columns::new(3 * state, 2 * state..3 * state), by_h)?;
    let gates = build.join(Join::Add, gates_x, gates_h)?;
    let gates = build.layer("gates", Pointwise::new(2 * state, Function::Sigmoid), gates)?;
    let reset = build.layer("r", Columns::new(2 * state, 0..state), gates)?;
    let update = build.layer("z", Columns::new(2 * state, state..2 * state), gates)?;
    let new_h = build.join(Join::Multiply, reset, new_h)?;
    let new = build.join(Join::Add, new_x, new_h)?;
    let new = build.layer("n", Pointwise::new(state, Activation::Tanh), new)?;
    let back = build.join(Join::Subtract, h, new)?;
    let back = build.join(Join::Multiply, update, back)?;
    let next = build.join(Join::Add, new, back)?;
    Ok(Field::autonomous(build.finish(next)?))
}
