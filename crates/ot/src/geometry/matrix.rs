//! Matrices of costs: `f64` where they lie, views of `f32` widened a piece at a time.
//!
//! An `f32` matrix is a geometry by its view alone: a second owned type would make `Array2::zeros((n, m))` ambiguous.

use super::Geometry;
use chreode_core::Real;
use ndarray::{Array2, ArrayView2};
use std::ops::Range;

/// A piece of a row: the memory itself where it is contiguous, else a copy.
fn doubles<'s>(
    matrix: ArrayView2<'s, f64>,
    row: usize,
    columns: Range<usize>,
    buffer: &'s mut Vec<f64>,
) -> &'s [f64] {
    if let Some(flat) = matrix.to_slice() {
        let start = row * matrix.ncols();
        return &flat[start + columns.start..start + columns.end];
    }
    buffer.clear();
    buffer.extend(columns.map(|column| matrix[[row, column]]));
    buffer
}

/// A piece of a row as doubles, which hold every single exactly.
fn singles<'s>(
    matrix: ArrayView2<'s, f32>,
    row: usize,
    columns: Range<usize>,
    buffer: &'s mut Vec<f64>,
) -> &'s [f64] {
    buffer.clear();
    match matrix.to_slice() {
        Some(flat) => {
            let flat = &flat[row * matrix.ncols()..][columns];
            buffer.extend(flat.iter().map(|&c| f64::from(c)));
        }
        None => buffer.extend(columns.map(|column| f64::from(matrix[[row, column]]))),
    }
    buffer
}

macro_rules! geometry {
    ($matrix:ty, $piece:ident) => {
        impl Geometry for $matrix {
            fn shape(&self) -> (usize, usize) {
                self.dim()
            }

            fn costs<'s>(&'s self, row: usize, columns: Range<usize>, buffer: &'s mut Vec<f64>) -> &'s [f64] {
                $piece(self.view(), row, columns, buffer)
            }

            fn cost(&self, row: usize, column: usize) -> f64 {
                Real::to_f64(self[[row, column]])
            }
        }
    };
}

geometry!(Array2<f64>, doubles);
geometry!(ArrayView2<'_, f64>, doubles);
geometry!(ArrayView2<'_, f32>, singles);
