//! The figures of a report, each in a file of its own.

mod cells;
mod field;
mod loss;
mod prediction;
mod scores;
mod trajectories;

use super::check::check;
use super::data::Report;
use super::error::ReportError;
use chreode_plot::{Paint, Scene, Theme, png, svg};

/// A drawn figure, ready to be written.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Stem of its file names.
    pub name: &'static str,
    /// A few words on what it shows.
    pub title: String,
    /// What a reader must know to read it.
    pub caption: String,
    pub(super) scene: Scene,
    pub(super) width: Width,
}

/// The place of a figure on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// Beside another one.
    Half,
    /// Alone.
    Full,
}

impl Figure {
    /// The figure as an SVG file, in the colours of one theme.
    #[must_use]
    pub fn svg(&self, theme: Theme) -> String {
        svg(&self.scene, Paint::Fixed(theme), &self.title)
    }

    /// The figure as a PNG file of three dots a unit.
    ///
    /// # Errors
    /// [`ReportError::Png`] when the encoder refuses.
    pub fn png(&self, theme: Theme) -> Result<Vec<u8>, ReportError> {
        png(&self.scene, theme)
            .map_err(|error| ReportError::Png { figure: self.name.into(), reason: error.to_string() })
    }

    /// The figure as an element of a page that declares the colours.
    pub(super) fn inline(&self) -> String {
        svg(&self.scene, Paint::Variables, &self.title)
    }
}

impl Report {
    /// The figures for which there is data: scores, cells, trajectories, prediction, field, loss.
    ///
    /// # Errors
    /// Every variant of [`ReportError`] that speaks of the data: a value that is not finite, a wrong shape, times that
    /// do not increase.
    pub fn figures(&self) -> Result<Vec<Figure>, ReportError> {
        check(self)?;
        let all = [
            scores::draw(self),
            cells::draw(self),
            trajectories::draw(self),
            prediction::draw(self),
            field::draw(self),
            loss::draw(self),
        ];
        Ok(all.into_iter().flatten().collect())
    }

    /// A time with its name: "day 3".
    pub(super) fn time_text(&self, time: f64) -> String {
        format!("{} {}", self.time_name, chreode_plot::text::time(time)).trim().to_string()
    }

    /// First and last measured time.
    pub(super) fn time_span(&self) -> [f64; 2] {
        let end = |cells: Option<&super::data::Cells>| cells.map_or(0.0, |c| c.time);
        [end(self.cells.first()), end(self.cells.last())]
    }
}
