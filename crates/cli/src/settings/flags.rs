//! Flags over the settings of a model: one way for all models and all their settings.

use crate::args::ModelArgs;
use anyhow::{Result, anyhow, bail};
use chreode_models::ModelConfig;
use toml::{Table, Value};

/// `config` with the flags' values.
pub(crate) fn over(config: &ModelConfig, args: &ModelArgs) -> Result<ModelConfig> {
    let changes = changes(args)?;
    if changes.is_empty() {
        return Ok(config.clone());
    }
    let mut table = Table::try_from(config)?;
    // A table with one entry: the settings, under the name of the family.
    let settings = table.iter_mut().find_map(|(_, value)| value.as_table_mut());
    let settings = settings.ok_or_else(|| anyhow!("{} has no settings", config.method()))?;
    for (key, value) in changes {
        set(settings, &key, value).map_err(|known| {
            anyhow!(
                "{} has no setting `{key}`; it has {known} (`chreode models NAME` shows them)",
                config.method()
            )
        })?;
    }
    table.try_into().map_err(|error: toml::de::Error| anyhow!("{}", error.message()))
}

/// What the flags ask for, by the key of each setting.
fn changes(args: &ModelArgs) -> Result<Vec<(String, Value)>> {
    let mut changes = Vec::new();
    let mut put = |key: &str, value: Option<Value>| changes.extend(value.map(|v| (key.to_string(), v)));
    let integer = |v: u64| Value::Integer(i64::try_from(v).unwrap_or(i64::MAX));
    put("coupling", args.coupling.map(|name| Value::String(name.name().into())));
    put("sampling", args.sampling.map(|name| Value::String(name.name().into())));
    put("epsilon", args.epsilon.map(Value::Float));
    put("sigma", args.sigma.map(Value::Float));
    let widths = |h: &Vec<usize>| Value::Array(h.iter().map(|&w| integer(w as u64)).collect());
    put("fit.hidden", args.hidden.as_ref().map(widths));
    put("fit.activation", args.activation.map(|a| Value::String(a.to_string())));
    put("fit.batch", args.batch.map(|b| integer(b as u64)));
    put("fit.lr", args.lr.map(Value::Float));
    put("fit.weight_decay", args.weight_decay.map(Value::Float));
    put("fit.ema", args.ema.map(Value::Float));
    put("fit.clip", args.clip.map(Value::Float));
    put("fit.seed", args.seed.map(integer));
    for text in &args.set {
        let Some((key, value)) = text.split_once('=') else {
            bail!("--set {text} is not KEY=VALUE; write e.g. --set fit.lr=1e-4");
        };
        changes.push((key.trim().to_string(), parsed(value.trim())));
    }
    Ok(changes)
}

/// A value as in a settings file; a bare word is a text.
fn parsed(text: &str) -> Value {
    let line: Result<Table, _> = toml::from_str(&format!("value = {text}"));
    let value = line.ok().and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| Value::String(text.into()))
}

/// Replaces the value at `key`, e.g. `fit.lr`; refused with the keys there are.
fn set(table: &mut Table, key: &str, value: Value) -> std::result::Result<(), String> {
    let (head, rest) = key.split_once('.').map_or((key, None), |(head, rest)| (head, Some(rest)));
    let names = table.keys().cloned().collect::<Vec<_>>().join(", ");
    match (table.get_mut(head), rest) {
        (Some(Value::Table(inner)), Some(rest)) => set(inner, rest, value),
        (Some(slot), None) => {
            // 1 is a number with a point where one is expected.
            *slot = match (&slot, value) {
                (Value::Float(_), Value::Integer(i)) => Value::Float(i as f64),
                (_, value) => value,
            };
            Ok(())
        }
        _ => Err(names),
    }
}
