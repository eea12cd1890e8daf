//! A whole file in memory.

use super::{H5ad, join};
use crate::{AnnData, Annotation, IoError, Matrix};
use std::collections::BTreeMap;

/// An element that was not taken over, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it is in the file.
    pub element: String,
    /// Why it was left out.
    pub reason: String,
}

/// A file in memory, with what could not be brought there.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The object.
    pub data: AnnData,
    /// Elements that are not in `data`. [`H5ad::copy_with`] keeps most of these.
    pub left_out: Vec<LeftOut>,
    /// Matrices stored in double precision or as wide integers, which `data` holds in `f32`.
    pub narrowed: Vec<String>,
}

impl H5ad {
    /// Reads everything that [`AnnData`] can hold, and names the rest.
    ///
    /// # Errors
    /// [`IoError::Corrupt`] and its like; an encoding or a way of storing that is not read is no error here but an entry of
    /// [`Loaded::left_out`], unless it is that of `obs` or `var` themselves.
    pub fn load(&self) -> Result<Loaded, IoError> {
        const HELD: [&str; 13] = [
            "X", "obs", "var", "obsm", "varm", "obsp", "varp", "layers", "uns", "raw", "raw.X", "raw.var",
            "raw.varm",
        ];
        let mut left_out = Vec::new();
        let mut narrowed = Vec::new();
        let mut data = AnnData { var: self.var_frame_noting(&mut left_out)?, ..AnnData::default() };
        data.obs = self.obs_frame_noting(&mut left_out)?;
        data.x = match self.x() {
            Ok(x) => Some(x),
            Err(IoError::NoSuchElement { .. }) => None,
            Err(error) => note(error, "X", &mut left_out)?,
        };
        data.layers = self.all("layers", &mut left_out, |key| self.layer(key))?;
        data.obsp = self.all("obsp", &mut left_out, |key| self.obsp(key))?;
        data.varp = self.all("varp", &mut left_out, |key| self.varp(key))?;
        data.obsm = self.all("obsm", &mut left_out, |key| self.obsm_annotation(key))?;
        data.varm = self.all("varm", &mut left_out, |key| self.varm_annotation(key))?;
        for (key, value) in self.uns_leaves()? {
            match value {
                Ok(value) => _ = data.uns.insert(key, value),
                Err(error) => _ = note::<()>(error, &join("uns", &key), &mut left_out)?,
            }
        }
        data.raw = match self.raw() {
            Ok(raw) => raw,
            Err(error) => note(error, "raw", &mut left_out)?,
        };
        for element in self.keys("")? {
            if !HELD.contains(&element.as_str()) && !element.starts_with("__") {
                left_out
                    .push(LeftOut { element, reason: "AnnData in memory has no place for it".to_string() });
            }
        }
        self.note_narrowed(&data, &mut narrowed)?;
        Ok(Loaded { data, left_out, narrowed })
    }

    fn obs_frame_noting(&self, left_out: &mut Vec<LeftOut>) -> Result<crate::Frame, IoError> {
        self.frame_noting("obs", self.n_obs, left_out)
    }

    fn var_frame_noting(&self, left_out: &mut Vec<LeftOut>) -> Result<crate::Frame, IoError> {
        self.frame_noting("var", self.n_vars, left_out)
    }

    fn frame_noting(
        &self,
        frame: &str,
        rows: usize,
        left_out: &mut Vec<LeftOut>,
    ) -> Result<crate::Frame, IoError> {
        let mut table = crate::Frame::new(self.index_of(frame)?);
        for name in self.column_names(frame)? {
            match self.column_of(frame, &name, rows) {
                Ok(column) => table.columns.push((name, column)),
                Err(error) => _ = note::<()>(error, &join(frame, &name), left_out)?,
            }
        }
        Ok(table)
    }

    fn all<T>(
        &self,
        group: &str,
        left_out: &mut Vec<LeftOut>,
        read: impl Fn(&str) -> Result<T, IoError>,
    ) -> Result<BTreeMap<String, T>, IoError> {
        let mut map = BTreeMap::new();
        for key in self.keys(group)? {
            match read(&key) {
                Ok(value) => _ = map.insert(key, value),
                Err(error) => _ = note::<()>(error, &join(group, &key), left_out)?,
            }
        }
        Ok(map)
    }

    /// Lists the matrices that are held in `f32` but stored wider.
    fn note_narrowed(&self, data: &AnnData, narrowed: &mut Vec<String>) -> Result<(), IoError> {
        let in_group = |group: &'static str, keys: Vec<&String>| -> Vec<String> {
            keys.into_iter().map(|key| join(group, key)).collect()
        };
        let mut elements: Vec<String> = data.x.iter().map(|_| "X".to_string()).collect();
        elements.extend(in_group("layers", data.layers.keys().collect()));
        elements.extend(in_group("obsp", data.obsp.keys().collect()));
        elements.extend(in_group("varp", data.varp.keys().collect()));
        for (group, map) in [("obsm", &data.obsm), ("varm", &data.varm)] {
            let sparse =
                map.iter().filter(|(_, a)| matches!(a, Annotation::Sparse(Matrix::Csr(_) | Matrix::Csc(_))));
            elements.extend(sparse.map(|(key, _)| join(group, key)));
        }
        for element in elements {
            let group = self.container.kind(&element)? == Some(crate::hdf5::NodeKind::Group);
            let values = if group { join(&element, "data") } else { element.clone() };
            use crate::Dtype::{Float, Integer, Unsigned};
            if matches!(
                self.container.header(&values)?.dtype,
                Float(64) | Integer(32 | 64) | Unsigned(32 | 64)
            ) {
                narrowed.push(element);
            }
        }
        Ok(())
    }
}

/// Notes an encoding or storage that is not read; passes every other error on.
fn note<T>(error: IoError, element: &str, left_out: &mut Vec<LeftOut>) -> Result<Option<T>, IoError> {
    match error {
        IoError::Encoding { encoding, .. } => {
            let (element, reason) = (element.to_string(), format!("its encoding, {encoding}, is not read"));
            left_out.push(LeftOut { element, reason });
            Ok(None)
        }
        IoError::Storage { storage, .. } => {
            let (element, reason) =
                (element.to_string(), format!("it is stored {storage}, which is not read"));
            left_out.push(LeftOut { element, reason });
            Ok(None)
        }
        error => Err(error),
    }
}
