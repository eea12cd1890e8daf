//! The files of a report.

use std::fs;
use std::path::{Path, PathBuf};

use super::data::Report;
use super::error::ReportError;
use chreode_plot::Theme;

/// What [`Report::write`] has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// The figures: for each SVG and PNG, light and dark.
    pub figures: Vec<PathBuf>,
}

impl Report {
    /// Writes `report.html`, `figures/NAME.svg`, `figures/NAME.png` and their `NAME-dark` versions into `folder`, which
    /// is made if it does not exist. Files with the same names are replaced, others are left alone.
    ///
    /// # Errors
    /// [`ReportError::Write`] with the path that failed, and every error of [`Report::figures`]; nothing is written
    /// when the data are refused.
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<Written, ReportError> {
        let folder = folder.as_ref();
        let figures = self.figures()?;
        let at = folder.join("figures");
        fs::create_dir_all(&at).map_err(|source| ReportError::Write { path: at.clone(), source })?;
        let mut paths = Vec::new();
        for figure in &figures {
            for theme in Theme::ALL {
                let mark = if theme == Theme::Dark { "-dark" } else { "" };
                paths.push(put(at.join(format!("{}{mark}.svg", figure.name)), figure.svg(theme).as_bytes())?);
                paths.push(put(at.join(format!("{}{mark}.png", figure.name)), &figure.png(theme)?)?);
            }
        }
        let page = put(folder.join("report.html"), self.page(&figures).as_bytes())?;
        Ok(Written { page, figures: paths })
    }

    /// The page as text.
    ///
    /// # Errors
    /// As [`Report::figures`].
    pub fn html(&self) -> Result<String, ReportError> {
        Ok(self.page(&self.figures()?))
    }
}

fn put(path: PathBuf, bytes: &[u8]) -> Result<PathBuf, ReportError> {
    match fs::write(&path, bytes) {
        Ok(()) => Ok(path),
        Err(source) => Err(ReportError::Write { path, source }),
    }
}
