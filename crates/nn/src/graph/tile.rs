//! The four passes of one tile through all nodes.

use super::Graph;
use super::join::Side;
use super::node::Node;
use super::plan::{Arrival, Levels};
use crate::kernel::Element;
use crate::layer::{Along, At, Cotangent};
use crate::rows::{Rows, RowsMut};

/// What a reverse pass is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The cotangent of the input.
    pub(super) input: bool,
    /// The gradient of the parameters.
    pub(super) params: bool,
}

impl<A: Element> Graph<A> {
    /// Every level from level 0.
    pub(super) fn forward_tile(&self, count: usize, values: &mut [A]) {
        let Levels { levels, kept, .. } = &self.plan.values;
        for (n, node) in self.nodes.iter().enumerate() {
            let (before, after) = values.split_at_mut(levels[n + 1].start);
            let (y, rest) = after.split_at_mut(kept[n].start - levels[n + 1].start);
            let y = levels[n + 1].within(levels[n + 1].start).rows_mut(y, count);
            match node {
                Node::Layer(layer, input) => {
                    let kept = kept[n].within(kept[n].start).rows_mut(rest, count);
                    layer.forward(levels[*input].rows(before, count), y, kept);
                }
                Node::Join(join, [u, v]) => {
                    join.forward(levels[*u].rows(before, count), levels[*v].rows(before, count), y);
                }
            }
        }
    }

    /// Every level's tangent from that of level 0.
    pub(super) fn tangent_tile(&self, count: usize, values: &[A], tangents: &mut [A]) {
        let Levels { levels, kept, .. } = &self.plan.tangents;
        for (n, node) in self.nodes.iter().enumerate() {
            let (before, after) = tangents.split_at_mut(levels[n + 1].start);
            let (dy, rest) = after.split_at_mut(kept[n].start - levels[n + 1].start);
            let dy = levels[n + 1].within(levels[n + 1].start).rows_mut(dy, count);
            match node {
                Node::Layer(layer, input) => {
                    let kept = kept[n].within(kept[n].start).rows_mut(rest, count);
                    layer.tangent(
                        self.at(n, *input, count, values),
                        levels[*input].rows(before, count),
                        dy,
                        kept,
                    );
                }
                Node::Join(join, inputs) => {
                    let at = inputs.map(|level| self.value(level, count, values));
                    join.tangent(at, inputs.map(|level| levels[level].rows(before, count)), dy);
                }
            }
        }
    }

    /// Every needed cotangent from that of the last level, taking up `curvature`; adds to `sums`.
    pub(super) fn pull_tile(
        &self,
        count: usize,
        values: &[A],
        cotangents: &mut [A],
        curvature: Option<&[A]>,
        wanted: Wanted,
        mut sums: Option<&mut [A]>,
    ) {
        let plan = &*self.plan;
        let (cotangents, passing) = cotangents.split_at_mut(plan.passing.start);
        for (n, node) in self.nodes.iter().enumerate().rev() {
            if !self.needed(n + 1, wanted) {
                continue;
            }
            let (before, mut a) = self.reach(n, count, cotangents);
            if let Some(curvature) = curvature {
                take_up(&mut a, plan.joined[n + 1].rows(curvature, count));
            }
            match node {
                Node::Layer(layer, input) => {
                    let gradient = sums.as_deref_mut().map(|sums| &mut sums[plan.sums[n].clone()]);
                    let curvature = curvature.map(|c| plan.curved[n].rows(c, count));
                    let (at, a) = (self.at(n, *input, count, values), Cotangent { y: a, curvature });
                    self.deliver(n, Side::First, *input, count, (before, passing), wanted, |x| {
                        layer.pullback(at, a, x, gradient);
                    });
                }
                Node::Join(join, inputs) => {
                    let at = inputs.map(|level| self.value(level, count, values));
                    for (side, &level) in Side::BOTH.into_iter().zip(inputs) {
                        self.deliver(n, side, level, count, (&mut *before, &mut *passing), wanted, |to| {
                            if let Some(to) = to {
                                join.pull(side, at, a.view(), to);
                            }
                        });
                    }
                }
            }
        }
        if let Some(curvature) = curvature
            && wanted.input
        {
            let mut input = plan.cotangents[0].rows_mut(cotangents, count);
            take_up(&mut input, plan.joined[0].rows(curvature, count));
        }
    }

    /// The same for the tangents of one direction; adds to `curvature` and `sums`.
    #[expect(clippy::too_many_arguments, reason = "one memory each")]
    pub(super) fn bend_tile(
        &self,
        count: usize,
        values: &[A],
        tangents: &[A],
        cotangents: &mut [A],
        curvature: &mut [A],
        wanted: Wanted,
        mut sums: Option<&mut [A]>,
    ) {
        let plan = &*self.plan;
        let Levels { levels, kept, .. } = &plan.tangents;
        let (cotangents, passing) = cotangents.split_at_mut(plan.passing.start);
        for (n, node) in self.nodes.iter().enumerate().rev() {
            if !self.needed(n + 1, wanted) {
                continue;
            }
            let (before, b) = self.reach(n, count, cotangents);
            match node {
                Node::Layer(layer, input) => {
                    let gradient = sums.as_deref_mut().map(|sums| &mut sums[plan.sums[n].clone()]);
                    let bend = plan.curved[n].rows_mut(curvature, count);
                    let at = self.at(n, *input, count, values);
                    let dx = levels[*input].rows(tangents, count);
                    let dy = levels[n + 1].rows(tangents, count);
                    let along = Along { dx, dy, kept: kept[n].rows(tangents, count) };
                    self.deliver(n, Side::First, *input, count, (before, passing), wanted, |dx| {
                        layer.pullback_tangent(at, along, b, dx, bend, gradient);
                    });
                }
                Node::Join(join, inputs) => {
                    let at = inputs.map(|level| self.value(level, count, values));
                    let along = inputs.map(|level| levels[level].rows(tangents, count));
                    for (side, &level) in Side::BOTH.into_iter().zip(inputs) {
                        if join.is_curved() {
                            join.bend(side, along, b.view(), plan.joined[level].rows_mut(curvature, count));
                        }
                        self.deliver(n, side, level, count, (&mut *before, &mut *passing), wanted, |to| {
                            if let Some(to) = to {
                                join.pull(side, at, b.view(), to);
                            }
                        });
                    }
                }
            }
        }
    }

    /// Whether a reverse pass needs the cotangent of a level.
    fn needed(&self, level: usize, wanted: Wanted) -> bool {
        wanted.input || (wanted.params && self.plan.varies[level])
    }

    fn value<'a>(&self, level: usize, count: usize, values: &'a [A]) -> Rows<'a, A> {
        self.plan.values.levels[level].rows(values, count)
    }

    fn at<'a>(&self, n: usize, input: usize, count: usize, values: &'a [A]) -> At<'a, A> {
        let kept = self.plan.values.kept[n].rows(values, count);
        At { x: self.value(input, count, values), y: self.value(n + 1, count, values), kept }
    }

    /// The cotangents below node `n`, and that of the level it makes.
    fn reach<'a>(&self, n: usize, count: usize, cotangents: &'a mut [A]) -> (&'a mut [A], RowsMut<'a, A>) {
        let region = &self.plan.cotangents[n + 1];
        let (before, after) = cotangents.split_at_mut(region.start);
        (before, region.within(region.start).rows_mut(after, count))
    }

    /// Has `compute` write the cotangent of a level, at its place if it is the first there; otherwise it is added.
    #[expect(clippy::too_many_arguments, reason = "one memory each")]
    fn deliver(
        &self,
        n: usize,
        side: Side,
        level: usize,
        count: usize,
        (before, passing): (&mut [A], &mut [A]),
        wanted: Wanted,
        compute: impl FnOnce(Option<RowsMut<'_, A>>),
    ) {
        if !self.needed(level, wanted) {
            return compute(None);
        }
        let region = &self.plan.cotangents[level];
        match self.plan.arrival(n, side) {
            Arrival::First => compute(Some(region.rows_mut(before, count))),
            Arrival::Later => {
                let way = self.plan.passing(region.width).within(self.plan.passing.start);
                compute(Some(way.rows_mut(passing, count)));
                region.rows_mut(before, count).add(way.rows(passing, count));
            }
        }
    }
}

/// Adds the curvature of joins, where there is any.
fn take_up<A: Element>(to: &mut RowsMut<'_, A>, curvature: Rows<'_, A>) {
    if curvature.width() > 0 {
        to.add(curvature);
    }
}
