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
    pub fn with<N: Network + ?Sized>(mut self, name: &str, network: &N) -> Self {
        let start = self.len();
        self.views.extend(network.layout().iter().map(|view| ParameterView {
            name: format!("{name}.{}", view.name),
            shape: view.shape.clone(),
            offset: start + view.offset,
        }));
        self.ranges.push(start..start + network.parameter_count());
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
