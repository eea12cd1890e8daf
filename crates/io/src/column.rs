//! Columns of a table of cells or variables, and the table.

use crate::IoError;

/// One column.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Column {
    /// Real numbers; a missing one is NaN.
    Numbers(Vec<f64>),
    /// Integers; a missing one is `None`.
    Integers(Vec<Option<i64>>),
    /// Booleans; a missing one is `None`.
    Booleans(Vec<Option<bool>>),
    /// Text; a missing one is `None`.
    Strings(Vec<Option<String>>),
    /// One of a few categories each.
    Categorical {
        /// The category of each row, as an index into `categories`; `None` where missing.
        codes: Vec<Option<u32>>,
        /// What the codes mean.
        categories: Categories,
        /// Whether the categories are in a meaningful order.
        order: CategoryOrder,
    },
}

/// Whether the order of categories means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategoryOrder {
    /// A set of names.
    Unordered,
    /// First is least.
    Ordered,
}

/// The values that a categorical column chooses from.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Categories {
    /// Names.
    Strings(Vec<String>),
    /// Integers.
    Integers(Vec<i64>),
    /// Real numbers.
    Numbers(Vec<f64>),
    /// Booleans.
    Booleans(Vec<bool>),
}

impl Categories {
    /// The number of categories.
    pub fn len(&self) -> usize {
        match self {
            Self::Strings(v) => v.len(),
            Self::Integers(v) => v.len(),
            Self::Numbers(v) => v.len(),
            Self::Booleans(v) => v.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The categories as text.
    pub fn labels(&self) -> Vec<String> {
        match self {
            Self::Strings(v) => v.clone(),
            Self::Integers(v) => v.iter().map(i64::to_string).collect(),
            Self::Numbers(v) => v.iter().map(f64::to_string).collect(),
            Self::Booleans(v) => v.iter().map(bool::to_string).collect(),
        }
    }
}

impl Column {
    /// The given rows, in the given order.
    ///
    /// # Panics
    /// If a row is outside the column.
    pub fn select(&self, rows: &[usize]) -> Self {
        fn of<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&i| values[i].clone()).collect()
        }
        match self {
            Self::Numbers(v) => Self::Numbers(of(v, rows)),
            Self::Integers(v) => Self::Integers(of(v, rows)),
            Self::Booleans(v) => Self::Booleans(of(v, rows)),
            Self::Strings(v) => Self::Strings(of(v, rows)),
            Self::Categorical { codes, categories, order } => {
                Self::Categorical { codes: of(codes, rows), categories: categories.clone(), order: *order }
            }
        }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(v) => v.len(),
            Self::Integers(v) => v.len(),
            Self::Booleans(v) => v.len(),
            Self::Strings(v) => v.len(),
            Self::Categorical { codes, .. } => codes.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each row as text, `None` where missing.
    pub fn labels(&self) -> Vec<Option<String>> {
        match self {
            Self::Numbers(v) => v.iter().map(|x| (!x.is_nan()).then(|| x.to_string())).collect(),
            Self::Integers(v) => v.iter().map(|x| x.map(|x| x.to_string())).collect(),
            Self::Booleans(v) => v.iter().map(|x| x.map(|x| x.to_string())).collect(),
            Self::Strings(v) => v.clone(),
            Self::Categorical { codes, categories, .. } => {
                let labels = categories.labels();
                codes.iter().map(|c| c.map(|c| labels[c as usize].clone())).collect()
            }
        }
    }

    /// Each row as a number, if the column is numeric or has numeric categories; NaN where missing.
    pub fn numbers(&self) -> Option<Vec<f64>> {
        match self {
            Self::Numbers(v) => Some(v.clone()),
            Self::Integers(v) => Some(v.iter().map(|x| x.map_or(f64::NAN, |x| x as f64)).collect()),
            Self::Categorical { codes, categories, .. } => {
                let values: Vec<f64> = match categories {
                    Categories::Integers(v) => v.iter().map(|&x| x as f64).collect(),
                    Categories::Numbers(v) => v.clone(),
                    Categories::Strings(_) | Categories::Booleans(_) => return None,
                };
                Some(codes.iter().map(|c| c.map_or(f64::NAN, |c| values[c as usize])).collect())
            }
            Self::Booleans(_) | Self::Strings(_) => None,
        }
    }
}

/// A table with named rows: `obs`, `var`, or an annotation of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// The name of each row.
    pub index: Vec<String>,
    /// The columns in order, with their names.
    pub columns: Vec<(String, Column)>,
}

impl Frame {
    /// A table without columns.
    pub fn new(index: Vec<String>) -> Self {
        Self { index, columns: Vec::new() }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The given rows, in the given order.
    ///
    /// # Panics
    /// If a row is outside the table.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            index: rows.iter().map(|&i| self.index[i].clone()).collect(),
            columns: self.columns.iter().map(|(name, column)| (name.clone(), column.select(rows))).collect(),
        }
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, c)| c)
    }

    /// Adds a column, or replaces the one of that name in its place.
    ///
    /// # Errors
    /// [`IoError::Mismatch`] if it has not one entry a row.
    pub fn set(&mut self, name: &str, column: Column) -> Result<(), IoError> {
        if column.len() != self.len() {
            let (element, expected, found) = (name.to_string(), self.len(), column.len());
            return Err(IoError::Mismatch { element, what: "rows", expected, found });
        }
        match self.columns.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = column,
            None => self.columns.push((name.to_string(), column)),
        }
        Ok(())
    }
}
