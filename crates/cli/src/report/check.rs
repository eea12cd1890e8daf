//! Checks of a report, made once before anything is drawn.

use ndarray::Array2;

use super::data::{FieldGrid, Loss, Report, Scores, Trajectories};
use super::error::ReportError;

/// Refuses a report that cannot be drawn truthfully.
pub(super) fn check(report: &Report) -> Result<(), ReportError> {
    let times: Vec<f64> = report.cells.iter().map(|c| c.time).collect();
    increasing("the times of the cells", &times)?;
    for cells in &report.cells {
        points(&format!("the cells at time {}", cells.time), &cells.points)?;
    }
    if let Some(trajectories) = &report.trajectories {
        check_trajectories(trajectories)?;
    }
    let times: Vec<f64> = report.predictions.iter().map(|p| p.time).collect();
    increasing("the times of the predictions", &times)?;
    for prediction in &report.predictions {
        points(&format!("the prediction at time {}", prediction.time), &prediction.points)?;
    }
    let times: Vec<f64> = report.fields.iter().map(|f| f.time).collect();
    increasing("the times of the fields", &times)?;
    report.fields.iter().try_for_each(check_field)?;
    report.loss.as_ref().map_or(Ok(()), check_loss)?;
    report.scores.as_ref().map_or(Ok(()), check_scores)
}

fn check_trajectories(trajectories: &Trajectories) -> Result<(), ReportError> {
    increasing("the times of the trajectories", &trajectories.times)?;
    for (index, path) in trajectories.paths.iter().enumerate() {
        let what = format!("trajectory {index}");
        points(&what, path)?;
        length(&what, "points", path.nrows(), trajectories.times.len())?;
    }
    Ok(())
}

fn check_field(field: &FieldGrid) -> Result<(), ReportError> {
    let what = format!("the field at time {}", field.time);
    increasing(&format!("the x positions of {what}"), &field.x)?;
    increasing(&format!("the y positions of {what}"), &field.y)?;
    let expected = (field.y.len(), field.x.len());
    if expected.0 < 2 || expected.1 < 2 {
        return Err(ReportError::Shape {
            what,
            found: format!("a grid of {} by {} positions", expected.1, expected.0),
            expected: "at least 2 by 2".into(),
        });
    }
    for (name, component) in [("u", &field.u), ("v", &field.v)] {
        if component.dim() != expected {
            return Err(ReportError::Shape {
                what: format!("component {name} of {what}"),
                found: format!("shape {:?}", component.dim()),
                expected: format!("shape {expected:?} (y positions by x positions)"),
            });
        }
        finite(&format!("component {name} of {what}"), component)?;
    }
    Ok(())
}

fn check_loss(loss: &Loss) -> Result<(), ReportError> {
    length("the loss", "values", loss.values.len(), loss.steps.len())?;
    if let Some(smoothed) = &loss.smoothed {
        length("the smoothed loss", "values", smoothed.len(), loss.steps.len())?;
    }
    match loss.steps.windows(2).position(|pair| pair[1] <= pair[0]) {
        Some(index) => {
            Err(ReportError::NotIncreasing { what: "the steps of the loss".into(), position: index + 1 })
        }
        None => Ok(()),
    }
}

fn check_scores(scores: &Scores) -> Result<(), ReportError> {
    increasing("the held-out times of the scores", &scores.times)?;
    for row in &scores.rows {
        for metric in &row.metrics {
            let what = format!("{} of {}", metric.metric.name(), row.method);
            length(&what, "scores", metric.by_time.len(), scores.times.len())?;
            for (index, score) in metric.by_time.iter().chain([&metric.mean]).enumerate() {
                let Some(score) = score else { continue };
                let [low, high] = score.interval.unwrap_or([score.value; 2]);
                let sd = score.sd.unwrap_or(0.0);
                if ![score.value, low, high, sd].iter().all(|v| v.is_finite()) {
                    return Err(ReportError::NotFinite { what, row: index });
                }
                if low > high {
                    return Err(ReportError::Interval { what, low, high });
                }
            }
        }
    }
    Ok(())
}

fn points(what: &str, points: &Array2<f64>) -> Result<(), ReportError> {
    if points.ncols() != 2 {
        return Err(ReportError::Shape {
            what: what.into(),
            found: format!("{} columns", points.ncols()),
            expected: "2 (the plotted components)".into(),
        });
    }
    finite(what, points)
}

fn finite(what: &str, values: &Array2<f64>) -> Result<(), ReportError> {
    match values.rows().into_iter().position(|row| row.iter().any(|v| !v.is_finite())) {
        Some(row) => Err(ReportError::NotFinite { what: what.into(), row }),
        None => Ok(()),
    }
}

fn length(what: &str, unit: &str, found: usize, expected: usize) -> Result<(), ReportError> {
    if found == expected {
        return Ok(());
    }
    Err(ReportError::Shape {
        what: what.into(),
        found: format!("{found} {unit}"),
        expected: expected.to_string(),
    })
}

fn increasing(what: &str, values: &[f64]) -> Result<(), ReportError> {
    if let Some(row) = values.iter().position(|v| !v.is_finite()) {
        return Err(ReportError::NotFinite { what: what.into(), row });
    }
    match values.windows(2).position(|pair| pair[1] <= pair[0]) {
        Some(index) => Err(ReportError::NotIncreasing { what: what.into(), position: index + 1 }),
        None => Ok(()),
    }
}
