//! `raw`: all variables, as they were before some were chosen.

use super::{ElementKind, H5ad};
use crate::{Annotation, IoError, Raw};
use std::collections::BTreeMap;

impl H5ad {
    /// `raw`, or `None` if the file has none. Files before 0.7 have `raw.X` and `raw.var` instead.
    ///
    /// # Errors
    /// As [`x`](Self::x).
    pub fn raw(&self) -> Result<Option<Raw>, IoError> {
        let [x, var, varm] = match self.kind("raw")? {
            Some(ElementKind::Mapping) => ["raw/X", "raw/var", "raw/varm"],
            _ if self.container.kind("raw.X")?.is_some() => ["raw.X", "raw.var", "raw.varm"],
            _ => return Ok(None),
        };
        if self.container.kind(var)?.is_none() {
            return Err(self.missing("raw", var, self.keys("raw")?));
        }
        let var = self.frame(var)?;
        let x = match self.kind(x)? {
            None | Some(ElementKind::Null) => None,
            Some(_) => Some(self.sized(x, (self.n_obs, var.len()))?),
        };
        let mut annotations: BTreeMap<String, Annotation> = BTreeMap::new();
        for key in self.keys(varm)? {
            let value = self.annotation(varm, &key, var.len())?;
            annotations.insert(key, value);
        }
        Ok(Some(Raw { x, var, varm: annotations }))
    }
}
