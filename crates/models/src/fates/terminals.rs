//! Where cells end.

use crate::{ModelError, error::require};
use ndarray::ArrayView2;

/// A ball in the space of states.
#[derive(Clone, Debug, PartialEq)]
pub struct Terminal {
    /// What cells in it are called.
    pub label: String,
    /// Its centre.
    pub centre: Vec<f64>,
    /// Its radius.
    pub radius: f64,
}

/// Terminal sets: the ends that cells can come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Terminals(Vec<Terminal>);

impl Terminals {
    /// These balls.
    ///
    /// # Errors
    /// Fewer than two, centres of different lengths, or a radius that is not above 0.
    pub fn new(sets: Vec<Terminal>) -> Result<Self, ModelError> {
        require("the number of terminal sets", sets.len() as f64, sets.len() >= 2, "at least 2")?;
        for set in &sets {
            let (expected, found) = (sets[0].centre.len(), set.centre.len());
            if expected != found {
                return Err(ModelError::Dimensions { expected, found });
            }
            require("the radius of a terminal set", set.radius, set.radius > 0.0, "above 0")?;
        }
        Ok(Self(sets))
    }

    /// A ball around the cells of each label, sorted by label: their mean, and the radius that `share` of them lie within.
    /// Cells without a label are in none.
    ///
    /// # Errors
    /// As [`new`](Self::new), other labels than points, or a share outside (0, 1].
    pub fn around(
        points: ArrayView2<'_, f32>,
        labels: &[Option<String>],
        share: f64,
    ) -> Result<Self, ModelError> {
        require("share", share, share > 0.0 && share <= 1.0, "above 0 and at most 1")?;
        let same = labels.len() == points.nrows();
        require("the number of labels", labels.len() as f64, same, "that of the cells")?;
        let mut names: Vec<&String> = labels.iter().flatten().collect();
        names.sort_unstable();
        names.dedup();
        let around = |name: &String| {
            let rows: Vec<usize> = (0..labels.len()).filter(|&i| labels[i].as_ref() == Some(name)).collect();
            let n = rows.len() as f64;
            let mean = |j: usize| rows.iter().map(|&i| f64::from(points[[i, j]])).sum::<f64>() / n;
            let centre: Vec<f64> = (0..points.ncols()).map(mean).collect();
            let mut far: Vec<f64> = rows.iter().map(|&i| distance(points.row(i).iter(), &centre)).collect();
            far.sort_by(f64::total_cmp);
            let radius = far[((share * n).ceil() as usize).clamp(1, rows.len()) - 1];
            Terminal { label: name.clone(), centre, radius }
        };
        Self::new(names.into_iter().map(around).collect())
    }

    /// The sets.
    pub fn sets(&self) -> &[Terminal] {
        &self.0
    }

    /// Columns of a state.
    pub fn dims(&self) -> usize {
        self.0[0].centre.len()
    }

    /// The set that holds `x`; of several the one whose centre is nearest in radii.
    pub fn holding<'x>(&self, x: impl Iterator<Item = &'x f32> + Clone) -> Option<usize> {
        let (set, far) = self.least(|set| distance(x.clone(), &set.centre) / set.radius);
        (far <= 1.0).then_some(set)
    }

    /// The set whose centre is nearest to `x`.
    pub fn nearest<'x>(&self, x: impl Iterator<Item = &'x f32> + Clone) -> usize {
        self.least(|set| distance(x.clone(), &set.centre)).0
    }

    fn least(&self, far: impl Fn(&Terminal) -> f64) -> (usize, f64) {
        let far = self.0.iter().map(far).enumerate();
        far.fold((0, f64::INFINITY), |best, next| if next.1 < best.1 { next } else { best })
    }
}

fn distance<'x>(x: impl Iterator<Item = &'x f32>, centre: &[f64]) -> f64 {
    x.zip(centre).map(|(&x, c)| (f64::from(x) - c).powi(2)).sum::<f64>().sqrt()
}
