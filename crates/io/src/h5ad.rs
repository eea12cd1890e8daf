//! Reading `.h5ad` files, element by element.

mod backed;
mod backed_csc;
mod batches;
mod concat;
mod copy;
mod encode;
mod frame;
mod kind;
mod legacy;
mod load;
mod matrix;
mod raw;
mod sparse_sink;
mod stream;
mod subset;
mod summary;
mod table;
mod uns;

pub use backed::BackedMatrix;
pub use batches::{Batch, Batches, shuffled};
pub use concat::{Join, concatenate};
pub use copy::Additions;
pub(crate) use encode::encode;
pub use encode::{write_h5ad, write_h5ad_as};
pub use frame::{ColumnInfo, ColumnKind};
pub use kind::ElementKind;
pub use load::{LeftOut, Loaded};
pub use stream::{RowSink, write_rows};
pub use subset::Subset;
pub use summary::{ElementInfo, Summary};

use crate::hdf5::{Container, NodeKind};
use crate::zarr::is_store;
use crate::{Frame, IoError};
use std::path::Path;

/// An open `.h5ad` file. Nothing is read but what is asked for.
///
/// Files of anndata 0.8 and later are read by their encoding attributes (anndata file format,
/// <https://anndata.readthedocs.io/en/latest/fileformat-prose.html>), those of 0.7 and earlier by their
/// layout. An element in an encoding that is not read is an error when it is asked for, and only then.
pub struct H5ad {
    pub(super) container: Container,
    n_obs: usize,
    n_vars: usize,
}

impl H5ad {
    /// Opens a file, or the folder of a zarr store, and counts its cells and variables.
    ///
    /// # Errors
    /// [`IoError::NoSuchFile`], [`IoError::IsFolder`], [`IoError::NotHdf5`], [`IoError::NotAnnData`],
    /// [`IoError::Corrupt`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, IoError> {
        let path = path.as_ref();
        Self::over(if is_store(path) { Container::store(path) } else { Container::open(path)? })
    }

    /// A file that is in memory; `name` is what messages call it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_bytes(name: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Self, IoError> {
        Self::over(Container::of_bytes(name.as_ref(), bytes)?)
    }

    pub(crate) fn over(container: Container) -> Result<Self, IoError> {
        for missing in ["obs", "var"] {
            if container.kind(missing)?.is_none() {
                return Err(IoError::NotAnnData { path: container.path().to_path_buf(), missing });
            }
        }
        let mut file = Self { container, n_obs: 0, n_vars: 0 };
        file.n_obs = file.frame_rows("obs")?;
        file.n_vars = file.frame_rows("var")?;
        Ok(file)
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        self.container.path()
    }

    /// The number of cells.
    pub fn n_obs(&self) -> usize {
        self.n_obs
    }

    /// The number of variables.
    pub fn n_vars(&self) -> usize {
        self.n_vars
    }

    /// The names of the cells.
    ///
    /// # Errors
    /// [`IoError::Corrupt`], [`IoError::Encoding`].
    pub fn obs_index(&self) -> Result<Vec<String>, IoError> {
        self.index_of("obs")
    }

    /// The names of the variables.
    ///
    /// # Errors
    /// As [`obs_index`](Self::obs_index).
    pub fn var_index(&self) -> Result<Vec<String>, IoError> {
        self.index_of("var")
    }

    /// The columns of `obs`, in order, without their values.
    ///
    /// # Errors
    /// [`IoError::Corrupt`].
    pub fn obs(&self) -> Result<Vec<ColumnInfo>, IoError> {
        self.columns_of("obs")
    }

    /// The columns of `var`, in order, without their values.
    ///
    /// # Errors
    /// [`IoError::Corrupt`].
    pub fn var(&self) -> Result<Vec<ColumnInfo>, IoError> {
        self.columns_of("var")
    }

    /// One column of `obs`.
    ///
    /// # Errors
    /// [`IoError::NoSuchElement`] with the columns there are, [`IoError::Encoding`],
    /// [`IoError::Corrupt`], [`IoError::Length`].
    pub fn obs_column(&self, name: &str) -> Result<crate::Column, IoError> {
        self.column_of("obs", name, self.n_obs)
    }

    /// One column of `var`.
    ///
    /// # Errors
    /// As [`obs_column`](Self::obs_column).
    pub fn var_column(&self, name: &str) -> Result<crate::Column, IoError> {
        self.column_of("var", name, self.n_vars)
    }

    /// All of `obs`.
    ///
    /// # Errors
    /// As [`obs_column`](Self::obs_column).
    pub fn obs_frame(&self) -> Result<Frame, IoError> {
        self.frame("obs")
    }

    /// All of `var`.
    ///
    /// # Errors
    /// As [`obs_column`](Self::obs_column).
    pub fn var_frame(&self) -> Result<Frame, IoError> {
        self.frame("var")
    }

    /// The keys of a mapping such as `obsm`, `layers` or `uns`; empty if the file has no such mapping.
    ///
    /// # Errors
    /// [`IoError::Corrupt`].
    pub fn keys(&self, group: &str) -> Result<Vec<String>, IoError> {
        Ok(match self.container.kind(group)? {
            None => Vec::new(),
            Some(NodeKind::Group) => self.container.children(group)?.keys().cloned().collect(),
            Some(NodeKind::Dataset) => self.record_fields(group)?,
        })
    }

    /// [`IoError::NoSuchElement`] unless `group` has `key`.
    pub(super) fn require(&self, group: &str, key: &str) -> Result<(), IoError> {
        let found = self.keys(group)?;
        if found.iter().any(|k| k == key) {
            return Ok(());
        }
        Err(self.missing(group, key, found))
    }

    pub(super) fn missing(&self, group: &str, key: &str, found: Vec<String>) -> IoError {
        let (path, group) = (self.path().to_path_buf(), group.to_string());
        IoError::NoSuchElement { path, group, key: key.to_string(), found }
    }

    pub(super) fn unread(&self, element: &str, encoding: impl ToString, wanted: &'static str) -> IoError {
        let (path, element) = (self.path().to_path_buf(), element.to_string());
        IoError::Encoding { path, element, encoding: encoding.to_string(), wanted }
    }

    pub(super) fn check(
        &self,
        element: &str,
        what: &'static str,
        expected: usize,
        found: usize,
    ) -> Result<(), IoError> {
        if expected == found {
            return Ok(());
        }
        let (path, element) = (self.path().to_path_buf(), element.to_string());
        Err(IoError::Length { path, element, what, expected, found })
    }
}

/// `group/key`, or `key` at the root.
pub(super) fn join(group: &str, key: &str) -> String {
    if group.is_empty() { key.to_string() } else { format!("{group}/{key}") }
}
