//! What moves each cell of a file.

use super::Labelled;
use crate::args::UnderArgs;
use crate::cells::Cells;
use anyhow::{Context, Result, bail};
use chreode_models::{Condition, Conditional, Conditions, Dynamics, Mixed, Trained};

/// The motion of the cells of each snapshot.
pub(crate) enum Motions {
    /// All alike.
    All(Box<dyn Dynamics>),
    /// All under one condition, or under none.
    Under(Box<dyn Conditional>, Option<Condition>, f64),
    /// Each under its own, of those in the file.
    Each(Box<dyn Conditional>, f64),
}

impl Motions {
    /// What the arguments ask of a model.
    pub(crate) fn of(model: Trained, args: &UnderArgs) -> Result<Self> {
        let model = match model {
            Trained::Conditional(model) => model,
            other => {
                if args.condition.is_some() || args.guidance.is_some() {
                    bail!("this run knows no conditions; leave out --as and --guidance");
                }
                return Ok(Self::All(other.dynamics()?));
            }
        };
        let guidance = args.guidance.unwrap_or(model.guidance());
        Ok(match asked(args, model.conditions())? {
            Some(condition) => {
                model.under(Some(&condition), guidance)?;
                Self::Under(model, Some(condition), guidance)
            }
            None => Self::Each(model, guidance),
        })
    }

    /// The motion of snapshot `k` of `cells`.
    pub(crate) fn of_snapshot<'m>(&'m self, cells: &'m Cells, k: usize) -> Result<Box<dyn Dynamics + 'm>> {
        match self {
            Self::All(model) => Ok(Box::new(&**model)),
            Self::Under(model, condition, guidance) => Ok(model.under(condition.as_ref(), *guidance)?),
            Self::Each(model, guidance) => {
                let labels =
                    cells.conditions.as_ref().context("the cells were read without their conditions")?;
                let motion = Mixed::new(&**model, &labels.known, &labels.of[k], *guidance)
                    .context("say with --as VALUE under which condition all cells are to move")?;
                Ok(Box::new(motion))
            }
        }
    }

    /// Whether cells are to be read with their conditions.
    pub(crate) fn labelled(&self) -> Labelled {
        if matches!(self, Self::Each(..)) { Labelled::Each } else { Labelled::None }
    }
}

/// The condition that `--as` and `--covariate` name.
fn asked(args: &UnderArgs, conditions: &Conditions) -> Result<Option<Condition>> {
    let Some(label) = &args.condition else { return Ok(None) };
    let mut given = Vec::new();
    for text in &args.covariate {
        let number =
            text.split_once('=').and_then(|(name, value)| Some((name, value.trim().parse::<f64>().ok()?)));
        let Some((name, value)) = number else {
            bail!("--covariate {text} is not COLUMN=NUMBER; write e.g. --covariate dose=0.5");
        };
        if !conditions.covariates.iter().any(|covariate| covariate.name == name) {
            let known: Vec<&str> = conditions.covariates.iter().map(|c| c.name.as_str()).collect();
            bail!(
                "this run knows no covariate {name}; it was trained with {}",
                match &known[..] {
                    [] => "none".to_string(),
                    known => known.join(", "),
                }
            );
        }
        given.push((name, value));
    }
    let value = |name: &str| {
        let found = given.iter().find(|(given, _)| *given == name);
        found.map(|(_, value)| *value).with_context(|| {
            format!("--as {label} needs a value of {name}; give it with --covariate {name}=NUMBER")
        })
    };
    let covariates = conditions.covariates.iter().map(|covariate| value(&covariate.name));
    Ok(Some(Condition::new(label).with(covariates.collect::<Result<_>>()?)))
}
