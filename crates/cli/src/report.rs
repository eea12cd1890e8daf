//! A run as pictures and one HTML page: figures (SVG, PNG; light and dark), scores, manifest, commands.
//!
//! [`Report`] is plain data. [`Report::write`] checks it once, draws every figure that has data, and leaves out the
//! rest. Nothing is read from the clock, the network or the machine, so the same value gives the same bytes.
//!
//! A figure is drawn once, as a list of marks in named inks ([`Theme`] gives the inks their colours), and written by
//! `chreode-plot` as SVG text and as PNG.

mod check;
mod data;
mod error;
mod figures;
mod html;
mod panels;
mod streamlines;
mod summary;
mod write;

pub use chreode_plot::Theme;
pub use data::{
    Cells, Command, Entry, FieldGrid, Loss, Metric, MetricScores, Prediction, Report, Role, Score, ScoreRow,
    Scores, Split, Trajectories,
};
pub use error::ReportError;
pub use figures::Figure;
pub use write::Written;
