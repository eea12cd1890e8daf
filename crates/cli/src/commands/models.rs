//! `chreode models`: what can be trained, and with which settings.

use crate::args::ModelsArgs;
use crate::say::say;
use anyhow::Result;
use chreode_models::Card;

/// Runs the command.
pub(crate) fn run(args: &ModelsArgs) -> Result<()> {
    match &args.name {
        Some(name) => show(Card::named(name)?),
        None => {
            let width = Card::all().iter().map(|card| card.name.len()).max().unwrap_or(0);
            for card in Card::all() {
                say!("{:width$}  {}", card.name, card.line);
                say!("{:width$}  {}", "", card.reference);
            }
            say!("next     chreode models NAME shows a model's settings; chreode train FILE --model NAME");
            Ok(())
        }
    }
}

/// A model with its settings, as they are written in a run.toml.
fn show(card: &Card) -> Result<()> {
    say!("{}: {}", card.name, card.line);
    say!("{}", card.reference);
    say!("needs {}", card.needs);
    let settings = toml::to_string(&toml::Table::from_iter([(
        "model".to_string(),
        toml::Value::try_from((card.config)())?,
    )]))?;
    say!("\n{}", settings.trim_end());
    Ok(())
}
