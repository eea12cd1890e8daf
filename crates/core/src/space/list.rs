//! A list of states is a state: the layers of a network, the parts of a model.

use super::{Tolerance, VectorSpace};

impl<V: VectorSpace> VectorSpace for Vec<V> {
    fn plus(&self, terms: &[(f64, &Self)]) -> Self {
        (0..self.len())
            .map(|i| self[i].plus(&terms.iter().map(|(c, x)| (*c, &x[i])).collect::<Vec<_>>()))
            .collect()
    }

    fn zeros_like(&self) -> Self {
        self.iter().map(V::zeros_like).collect()
    }

    fn dot(&self, other: &Self) -> f64 {
        self.iter().zip(other).map(|(a, b)| a.dot(b)).sum()
    }

    fn is_finite(&self) -> bool {
        self.iter().all(V::is_finite)
    }

    fn first_not_finite(&self) -> Option<usize> {
        let i = self.iter().position(|v| !v.is_finite())?;
        Some(self[..i].iter().map(V::entries).sum::<usize>() + self[i].first_not_finite()?)
    }

    fn entries(&self) -> usize {
        self.iter().map(V::entries).sum()
    }

    fn scaled_square_sum(&self, a: &Self, b: &Self, tolerance: Tolerance) -> (f64, usize) {
        self.iter().zip(a.iter().zip(b)).fold((0.0, 0), |(sum, count), (e, (a, b))| {
            let (s, n) = e.scaled_square_sum(a, b, tolerance);
            (sum + s, count + n)
        })
    }
}
