//! What a forward pass keeps for its pullback, and where.

use crate::buffer::Buffer;
use crate::kernel::Element;
use crate::layer::stride;
use crate::{Activation, MlpConfig};
use std::ops::Range;

/// Rows of a tile: the unit of work, small enough for the first-level cache at 64 columns.
pub(crate) const TILE: usize = 64;

/// Where each level's rows lie within a tile. Level 0 is the input, the last the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// h₀, h₁, …, and last the output.
    pub(crate) values: Vec<Range<usize>>,
    /// φ' of each hidden level, where kept; empty otherwise.
    pub(crate) slopes: Vec<Range<usize>>,
    /// Cotangents: of the state, of each hidden level before its activation, of the output.
    pub(crate) cotangents: Vec<Range<usize>>,
    /// Entries of a tile of values and slopes.
    pub(crate) values_len: usize,
    /// Entries of a tile of cotangents.
    pub(crate) cotangents_len: usize,
}

impl Plan {
    pub(crate) fn new<A: Element>(config: &MlpConfig) -> Self {
        let widths = config.widths();
        let mut end = 0;
        let mut take = |width: usize| {
            let start = end;
            end += TILE * stride::<A>(width);
            start..end
        };
        let values: Vec<_> = widths.iter().map(|&width| take(width)).collect();
        let kept = if config.activation.keeps_slope() { &config.hidden[..] } else { &[] };
        let slopes: Vec<_> = kept.iter().map(|&width| take(width)).collect();
        let values_len = end;
        end = 0;
        let mut take = |width: usize| {
            let start = end;
            end += TILE * stride::<A>(width);
            start..end
        };
        let widths = std::iter::once(&config.state).chain(&config.hidden).chain([&config.output]);
        let cotangents: Vec<_> = widths.map(|&width| take(width)).collect();
        Self { values, slopes, cotangents, values_len, cotangents_len: end }
    }

    /// Where what [`pull_activation`](crate::kernel::pull_activation) asks for lies, for a hidden level.
    pub(crate) fn kept(&self, activation: Activation, level: usize) -> Range<usize> {
        if activation.keeps_slope() { self.slopes[level - 1].clone() } else { self.values[level].clone() }
    }
}

/// What a forward pass of an [`Mlp`](crate::Mlp) leaves for its pullback.
///
/// Grows with the largest batch it has seen and is reused from call to call: after the first call
/// of a size nothing is allocated. One memory serves one network at a time; another network may use
/// it, which resets it.
#[derive(Clone, Debug, Default)]
pub struct MlpMemory<A> {
    plan: Option<Plan>,
    pub(crate) rows: usize,
    pub(crate) values: Buffer<A>,
    pub(crate) cotangents: Buffer<A>,
    pub(crate) gradients: Buffer<A>,
}

impl<A: Element> MlpMemory<A> {
    /// Makes room for `rows` rows of the network with `plan`.
    pub(crate) fn prepare(&mut self, plan: &Plan, rows: usize) {
        if self.plan.as_ref() != Some(plan) {
            *self = Self { plan: Some(plan.clone()), ..Self::default() };
        }
        self.rows = rows;
        self.values.reserve(rows.div_ceil(TILE) * plan.values_len);
    }

    /// Makes room for the pullback of the same rows.
    pub(crate) fn prepare_pullback(&mut self, plan: &Plan, gradients: usize) {
        assert!(
            self.plan.as_ref() == Some(plan),
            "a pullback needs the memory that the forward pass of the same network last filled"
        );
        self.cotangents.reserve(self.rows.div_ceil(TILE) * plan.cotangents_len);
        self.gradients.reserve(gradients);
    }
}
