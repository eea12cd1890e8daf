//! Settings that a command line gives to a model.

use anyhow::{Context, Result, bail};
use chreode_models::ModelConfig;
use serde_json::Value;

/// `config` with the settings given as `key=value`; keys reach into tables by dots.
///
/// # Errors
/// A setting that is no `key=value`, that the model does not have, or that has another type.
pub fn changed(config: ModelConfig, settings: &[String]) -> Result<ModelConfig> {
    let mut document = serde_json::to_value(&config)?;
    let table =
        document.as_object_mut().and_then(|map| map.values_mut().next()).context("a model has settings")?;
    for setting in settings {
        let Some((path, text)) = setting.split_once('=') else { bail!("{setting} is not key=value") };
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.into()));
        let pointer = format!("/{}", path.replace('.', "/"));
        let place = table.pointer_mut(&pointer).with_context(|| format!("there is no setting {path}"))?;
        *place = value;
    }
    Ok(serde_json::from_value(document)?)
}
