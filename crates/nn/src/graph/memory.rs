//! What a forward pass leaves for its derivatives, and their scratch memory.

use super::plan::Plan;
use crate::buffer::Buffer;
use crate::kernel::Element;
use std::sync::Arc;

/// What a forward pass of a [`Graph`](crate::Graph) leaves for its pullbacks and tangents.
///
/// Grows with the largest batch it has seen and is reused from call to call: after the first call
/// of a size nothing is allocated. One memory serves one network at a time; another network may use
/// it, which resets it.
#[derive(Clone, Debug, Default)]
pub struct GraphMemory<A> {
    plan: Option<Arc<Plan>>,
    pub(super) rows: usize,
    pub(super) values: Buffer<A>,
    pub(super) scratch: Buffer<A>,
    pub(super) sums: Buffer<A>,
}

impl<A: Element> GraphMemory<A> {
    /// Makes room for `rows` rows of the network with `plan`.
    pub(super) fn prepare(&mut self, plan: &Arc<Plan>, rows: usize) {
        if !self.serves(plan) {
            *self = Self { plan: Some(plan.clone()), ..Self::default() };
        }
        self.rows = rows;
        self.values.reserve(rows.div_ceil(plan.tile) * plan.values.len);
    }

    /// Makes room for derivatives at the same rows, shared in `groups`.
    pub(super) fn prepare_derivative(&mut self, plan: &Arc<Plan>, scratch: usize, sums: usize) {
        assert!(
            self.serves(plan),
            "a derivative needs the memory that the forward pass of the same network last filled"
        );
        self.scratch.reserve(scratch);
        self.sums.reserve(sums);
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        self.values.bytes() + self.scratch.bytes() + self.sums.bytes()
    }

    /// Exchanges what derivatives work in; the values stay. Of many memories that are kept for one way back, the one in
    /// turn borrows it, so that it is there once.
    pub fn swap_scratch(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.scratch, &mut other.scratch);
        std::mem::swap(&mut self.sums, &mut other.sums);
    }

    fn serves(&self, plan: &Arc<Plan>) -> bool {
        self.plan.as_ref().is_some_and(|own| Arc::ptr_eq(own, plan) || own == plan)
    }
}
