//! Several networks in one flat parameter vector.

use chreode_core::{Network, ParameterView};
use std::ops::Range;

/// Where the parameters of each of a model's networks lie, and their names: `velocity.layers.0.weight`, ….
#[derive(Clone, Debug, Default)]
pub struct Parts {
    views: Vec<ParameterView>,
    ranges: Vec<Range<usize>>,
}

impl Parts {
    /// The same with `network` after the others, its names under `name`.
    #[must_use]
    pub fn with<N: Network + ?Sized>(self, name: &str, network: &N) -> Self {
        self.with_layout(name, network.layout())
    }

    /// The same with the parameters of `layout` after the others, their names under `name`.
    #[must_use]
    pub fn with_layout(mut self, name: &str, layout: &[ParameterView]) -> Self {
        let start = self.len();
        self.views.extend(layout.iter().map(|view| ParameterView {
            name: format!("{name}.{}", view.name),
            shape: view.shape.clone(),
            offset: start + view.offset,
        }));
        let count = layout.last().map_or(0, |last| last.offset + last.size());
        self.ranges.push(start..start + count);
        self
    }

    /// The parameters in all.
    pub fn len(&self) -> usize {
        self.ranges.last().map_or(0, |range| range.end)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The named parts of the flat vector.
    pub fn layout(&self) -> Vec<ParameterView> {
        self.views.clone()
    }

    /// Where the parameters of network `k` lie.
    ///
    /// # Panics
    /// If there is no such network.
    pub fn range(&self, k: usize) -> Range<usize> {
        self.ranges[k].clone()
    }
}
