//! What a row of the table is: a model, or several whose predictions are put together.

use anyhow::{Result, bail};
use chreode_benches::changed;
use chreode_models::{Card, ModelConfig};

/// The cells that are pushed to the time in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Those of the time before, as published.
    Before,
    /// Those of the time after, backwards.
    After,
    /// Both, the nearer ones with more of the mass.
    Both,
    /// Of both so many cells, drawn at random, that they are together as many as before: what two sides gain beside twice
    /// the points.
    Halves,
}

/// One model of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// Which of [`Rows::models`].
    pub(crate) model: usize,
    pub(crate) side: Side,
}

/// The rows, and the models that they are made of, each once.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) models: Vec<(String, ModelConfig)>,
    /// By name; of several members each has an equal share of the mass.
    pub(crate) rows: Vec<(String, Vec<Member>)>,
}

impl Rows {
    /// Of names such as `ot-cfm`, `uot-fm/relax=earlier/penalty=0.3`, `uot-mmfm:both` and `ot-cfm+uot-mmfm`.
    pub(crate) fn parse(names: &[String], settings: &[String]) -> Result<Self> {
        let mut all = Self::default();
        for name in names {
            let members =
                name.split('+').map(|member| all.member(member, settings)).collect::<Result<_>>()?;
            all.rows.push((name.clone(), members));
        }
        Ok(all)
    }

    fn member(&mut self, text: &str, settings: &[String]) -> Result<Member> {
        let (model, side) = match text.split_once(':') {
            None => (text, Side::Before),
            Some((model, "before")) => (model, Side::Before),
            Some((model, "after")) => (model, Side::After),
            Some((model, "both")) => (model, Side::Both),
            Some((model, "halves")) => (model, Side::Halves),
            Some((_, other)) => bail!("{other} is not before, after, both or halves"),
        };
        if let Some(known) = self.models.iter().position(|(name, _)| name == model) {
            return Ok(Member { model: known, side });
        }
        let mut parts = model.split('/');
        let card = Card::named(parts.next().unwrap_or_default())?;
        let own: Vec<String> = settings.iter().cloned().chain(parts.map(Into::into)).collect();
        self.models.push((model.into(), changed((card.config)(), &own)?));
        Ok(Member { model: self.models.len() - 1, side })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_share_models_and_keep_their_sides_and_settings() {
        let names = ["ot-cfm", "ot-cfm:both+uot-fm/penalty=0.3/relax=earlier:after"].map(String::from);
        let rows = Rows::parse(&names, &["fit.steps=7".into()]).unwrap();
        assert_eq!(rows.models.len(), 2);
        assert_eq!(rows.models[1].1.fit().steps, 7);
        assert_eq!(rows.rows[0].1, [Member { model: 0, side: Side::Before }]);
        let both = [Member { model: 0, side: Side::Both }, Member { model: 1, side: Side::After }];
        assert_eq!(rows.rows[1].1, both);
        let error = Rows::parse(&["ot-cfm:near".into()], &[]).unwrap_err();
        assert_eq!(error.to_string(), "near is not before, after, both or halves");
    }
}
