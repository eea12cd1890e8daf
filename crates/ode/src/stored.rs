//! Tableaus and pieces of trajectories as they are stored: methods of this crate by name, others by their
//! coefficients.

use crate::{Coefficients, Embedded, Extra, Interpolant, Piece, Tableau};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Mutex;

/// Methods that were read and are not of this crate, each kept once for as long as the program runs: a
/// [`Tableau`] borrows its numbers for ever.
static READ: Mutex<Vec<Tableau>> = Mutex::new(Vec::new());

/// An embedded solution.
#[derive(PartialEq, Serialize, Deserialize)]
struct Pair {
    error: Vec<f64>,
    order: u8,
}

/// Dense output.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    Quadratic,
    Hermite,
    Quartic(Vec<f64>),
    Polynomial(Vec<Vec<f64>>),
    Extended { c: Vec<f64>, a: Vec<Vec<f64>>, d: Vec<Vec<f64>> },
}

/// All coefficients.
#[derive(PartialEq, Serialize, Deserialize)]
struct Table {
    name: String,
    order: u8,
    c: Vec<f64>,
    a: Vec<Vec<f64>>,
    b: Vec<f64>,
    embedded: Option<Pair>,
    second: Option<Pair>,
    interpolant: Form,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Method {
    Name(String),
    Table(Box<Table>),
}

fn rows(rows: &[&[f64]]) -> Vec<Vec<f64>> {
    rows.iter().map(|row| row.to_vec()).collect()
}

fn keep(list: Vec<f64>) -> &'static [f64] {
    Vec::leak(list)
}

fn keep_rows(rows: Vec<Vec<f64>>) -> &'static [&'static [f64]] {
    Vec::leak(rows.into_iter().map(keep).collect())
}

impl From<&Tableau> for Table {
    fn from(tableau: &Tableau) -> Self {
        let it = tableau.coefficients();
        let pair = |embedded: Embedded| Pair { error: embedded.error.to_vec(), order: embedded.order };
        Self {
            name: it.name.to_string(),
            order: it.order,
            c: it.c.to_vec(),
            a: rows(it.a),
            b: it.b.to_vec(),
            embedded: it.embedded.map(pair),
            second: tableau.second().map(pair),
            interpolant: match it.interpolant {
                Interpolant::Quadratic => Form::Quadratic,
                Interpolant::Hermite => Form::Hermite,
                Interpolant::Quartic(d) => Form::Quartic(d.to_vec()),
                Interpolant::Polynomial(p) => Form::Polynomial(rows(p)),
                Interpolant::Extended { extra, d } => {
                    Form::Extended { c: extra.c.to_vec(), a: rows(extra.a), d: rows(d) }
                }
            },
        }
    }
}

impl Table {
    /// The method, checked like any other.
    fn keep(self) -> Result<Tableau, String> {
        let pair = |pair: Pair| Embedded { error: keep(pair.error), order: pair.order };
        let second = self.second.map(pair);
        let coefficients = Coefficients {
            name: String::leak(self.name),
            order: self.order,
            c: keep(self.c),
            a: keep_rows(self.a),
            b: keep(self.b),
            embedded: self.embedded.map(pair),
            interpolant: match self.interpolant {
                Form::Quadratic => Interpolant::Quadratic,
                Form::Hermite => Interpolant::Hermite,
                Form::Quartic(d) => Interpolant::Quartic(keep(d)),
                Form::Polynomial(p) => Interpolant::Polynomial(keep_rows(p)),
                Form::Extended { c, a, d } => {
                    Interpolant::Extended { extra: Extra { c: keep(c), a: keep_rows(a) }, d: keep_rows(d) }
                }
            },
        };
        let tableau = Tableau::new(coefficients).map_err(|error| error.to_string())?;
        let Some(second) = second else { return Ok(tableau) };
        let adds_up = second.error.iter().sum::<f64>().abs() < 1e-12;
        match coefficients.embedded {
            Some(first)
                if first.order > second.order && second.error.len() == first.error.len() && adds_up =>
            {
                Ok(tableau.combined_with(second))
            }
            _ => Err("a second estimate goes with an embedded solution of higher order".to_string()),
        }
    }
}

/// The name for a method of this crate, all coefficients for any other.
impl Serialize for Tableau {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = self.coefficients().name;
        match Self::named(name) {
            Ok(known) if known == *self => serializer.serialize_str(name),
            _ => Table::from(self).serialize(serializer),
        }
    }
}

/// Coefficients that are read are checked; each distinct method stays in memory until the program ends.
impl<'de> Deserialize<'de> for Tableau {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = match Method::deserialize(deserializer)? {
            Method::Name(name) => return Self::named(&name).map_err(D::Error::custom),
            Method::Table(table) => table,
        };
        let mut read = READ.lock().map_err(|_| D::Error::custom("another thread failed while reading"))?;
        if let Some(known) = read.iter().find(|known| Table::from(*known) == *table) {
            return Ok(*known);
        }
        let tableau = table.keep().map_err(D::Error::custom)?;
        read.push(tableau);
        Ok(tableau)
    }
}

/// A piece before its stages are counted.
#[derive(Deserialize)]
#[serde(rename = "Piece")]
struct Unchecked<Y> {
    method: Tableau,
    t: f64,
    h: f64,
    y: Y,
    k: Vec<Y>,
}

impl<'de, Y: Deserialize<'de>> Deserialize<'de> for Piece<Y> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Unchecked { method, t, h, y, k } = Unchecked::deserialize(deserializer)?;
        if k.len() != method.dense_stages() {
            return Err(D::Error::invalid_length(k.len(), &"one state a stage of the method"));
        }
        Ok(Self { tableau: method, t, h, y, k })
    }
}
