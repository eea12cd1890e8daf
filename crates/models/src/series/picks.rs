//! Places on the paths of some individuals that are solved together.

use ndarray::{Array2, s};

/// The union of the times asked of some individuals, and whose each is.
#[derive(Clone, Debug)]
pub(crate) struct Picks {
    /// Individuals.
    pub(crate) rows: usize,
    /// Times, from 0 on.
    pub(crate) grid: Vec<f64>,
    /// For each time asked for: its place in the grid, and whose it is.
    pub(crate) picks: Vec<(usize, usize)>,
}

impl Picks {
    /// Of lists of times of 0 or more, one an individual.
    pub(crate) fn new(times: &[Vec<f64>]) -> Self {
        let mut grid: Vec<f64> = times.iter().flatten().copied().chain([0.0]).collect();
        grid.sort_by(f64::total_cmp);
        grid.dedup();
        let of = |(row, times): (usize, &Vec<f64>)| {
            let grid = &grid;
            times.iter().map(move |t| (grid.partition_point(|g| g < t), row)).collect::<Vec<_>>()
        };
        let picks = times.iter().enumerate().flat_map(of).collect();
        Self { rows: times.len(), grid, picks }
    }

    /// The first `columns` of the states at the picks, one row each.
    pub(crate) fn gather(&self, states: &[Array2<f32>], columns: usize) -> Array2<f32> {
        let mut found = Array2::zeros((self.picks.len(), columns));
        for (mut to, &(k, row)) in found.rows_mut().into_iter().zip(&self.picks) {
            to.assign(&states[k].slice(s![row, ..columns]));
        }
        found
    }

    /// The cotangents of the states of `width` columns, for those of what was gathered.
    pub(crate) fn scatter(&self, cotangents: &Array2<f32>, width: usize) -> Vec<Array2<f32>> {
        let mut states: Vec<Array2<f32>> =
            self.grid.iter().map(|_| Array2::zeros((self.rows, width))).collect();
        for (from, &(k, row)) in cotangents.rows().into_iter().zip(&self.picks) {
            let mut to = states[k].slice_mut(s![row, ..from.len()]);
            to += &from;
        }
        states
    }
}
