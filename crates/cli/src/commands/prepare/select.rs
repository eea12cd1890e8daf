//! An object with some of its cells and genes.

use chreode_io::{AnnData, Annotation, Csr, Frame, Matrix};
use ndarray::Axis;

/// Keeps the cells and genes marked, in every part.
pub(super) fn select(data: &mut AnnData, cells: &[bool], genes: &[bool]) {
    let places = |keep: &[bool]| -> Vec<usize> { (0..keep.len()).filter(|&i| keep[i]).collect() };
    let (rows, columns) = (places(cells), places(genes));
    data.obs = data.obs.select(&rows);
    data.var = data.var.select(&columns);
    let part = |matrix: &Matrix, rows: &[usize], columns: &[usize]| of_matrix(matrix, rows, columns);
    data.x = data.x.as_ref().map(|x| part(x, &rows, &columns));
    data.layers.values_mut().for_each(|m| *m = part(m, &rows, &columns));
    data.obsp.values_mut().for_each(|m| *m = part(m, &rows, &rows));
    data.varp.values_mut().for_each(|m| *m = part(m, &columns, &columns));
    data.obsm.values_mut().for_each(|a| *a = of_annotation(a, &rows));
    data.varm.values_mut().for_each(|a| *a = of_annotation(a, &columns));
}

fn of_annotation(annotation: &Annotation, rows: &[usize]) -> Annotation {
    match annotation {
        Annotation::F32(a) => Annotation::F32(a.select(Axis(0), rows)),
        Annotation::F64(a) => Annotation::F64(a.select(Axis(0), rows)),
        Annotation::Sparse(m) => {
            let all: Vec<usize> = (0..m.shape().1).collect();
            Annotation::Sparse(of_matrix(m, rows, &all))
        }
        Annotation::Frame(f) => Annotation::Frame(Frame::select(f, rows)),
        other => other.clone(),
    }
}

/// A matrix of the same kind, but compressed along rows where it was along columns.
fn of_matrix(matrix: &Matrix, rows: &[usize], columns: &[usize]) -> Matrix {
    let csr = match matrix {
        Matrix::Dense(m) => return Matrix::Dense(m.select(Axis(0), rows).select(Axis(1), columns)),
        Matrix::Csr(m) => m.clone(),
        Matrix::Csc(m) => m.to_csr(),
    };
    let mut place = vec![None; csr.shape().1];
    for (new, &old) in (0u32..).zip(columns) {
        place[old] = Some(new);
    }
    let (mut indptr, mut indices, mut data) = (vec![0], Vec::new(), Vec::new());
    for &row in rows {
        for (j, v) in csr.row(row) {
            if let Some(new) = place[j] {
                indices.push(new);
                data.push(v);
            }
        }
        indptr.push(data.len());
    }
    let shape = (rows.len(), columns.len());
    Matrix::Csr(Csr::new(shape, indptr, indices, data).expect("a part of a valid matrix is one"))
}
