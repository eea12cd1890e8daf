//! Running sums of masses, to find what a share of them falls on.

/// The running sums of some masses.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cumulative(Vec<f64>);

impl Cumulative {
    /// Of `masses`, none of them negative.
    pub(crate) fn of(masses: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let add = |mass| {
            sum += mass;
            sum
        };
        Self(masses.into_iter().map(add).collect())
    }

    /// The sum of all.
    pub(crate) fn total(&self) -> f64 {
        self.0.last().copied().unwrap_or(0.0)
    }

    /// The index of the mass in which `at` lies, a number from 0 to the total; the last one beyond it.
    pub(crate) fn find(&self, at: f64) -> usize {
        self.0.partition_point(|&sum| sum <= at).min(self.0.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mass_has_its_share() {
        let sums = Cumulative::of([1.0, 0.0, 2.0, 1.0]);
        assert_eq!(sums.total(), 4.0);
        assert_eq!([0.0, 0.5, 1.0, 2.9, 3.0, 4.0, 5.0].map(|at| sums.find(at)), [0, 0, 2, 2, 3, 3, 3]);
        assert_eq!(Cumulative::of([]).total(), 0.0);
    }
}
