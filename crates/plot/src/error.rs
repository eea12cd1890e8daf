//! What can go wrong with a picture.

/// Why a picture could not be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The picture could not be turned into PNG.
    #[error("{0}")]
    Png(String),
    /// A chart has no point that can be drawn.
    #[error("the chart {title:?} has no point with positive coordinates; add a series with results")]
    Empty {
        /// Title of the chart.
        title: String,
    },
    /// A point cannot stand on logarithmic axes.
    #[error(
        "point {index} of series {series:?} is ({x:e}, {y:e}), and logarithmic axes need finite positive \
         numbers; leave that point out"
    )]
    NotPositive {
        /// The series.
        series: String,
        /// The point, from zero.
        index: usize,
        /// Its first coordinate.
        x: f64,
        /// Its second coordinate.
        y: f64,
    },
}
