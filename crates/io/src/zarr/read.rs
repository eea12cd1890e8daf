//! Nodes of a store: which there are, and what their metadata says.

use super::array::Array;
use crate::hdf5::{Attribute, NodeKind};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Metadata beyond this are refused.
const LARGEST: u64 = 1 << 24;

/// An open store.
pub(crate) struct Store {
    root: PathBuf,
}

/// A node's kind and attributes.
pub(crate) type Found = Option<(NodeKind, BTreeMap<String, Attribute>)>;

/// Whether a folder holds a store.
pub(crate) fn is_store(path: &Path) -> bool {
    path.is_dir() && ["zarr.json", ".zgroup", ".zarray"].iter().any(|name| path.join(name).is_file())
}

impl Store {
    pub(crate) fn open(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// The folder of a node; names that lead out of the store lead nowhere.
    fn folder(&self, element: &str) -> Option<PathBuf> {
        let mut folder = self.root.clone();
        for part in element.split('/').filter(|_| !element.is_empty()) {
            if matches!(part, "" | "." | "..") || part.contains(['\\', '\0']) {
                return None;
            }
            folder.push(part);
        }
        Some(folder)
    }

    /// What is at `element`; the error is the reason in words.
    pub(crate) fn node(&self, element: &str) -> Result<Found, String> {
        let Some(folder) = self.folder(element) else { return Ok(None) };
        if let Some(meta) = json(&folder.join("zarr.json"))? {
            let kind = match meta.get("node_type").and_then(Value::as_str) {
                Some("group") => NodeKind::Group,
                Some("array") => NodeKind::Dataset,
                _ => return Err("its zarr.json has no node_type".to_string()),
            };
            return Ok(Some((kind, attributes(meta.get("attributes")))));
        }
        let kind = if folder.join(".zarray").is_file() {
            NodeKind::Dataset
        } else if folder.join(".zgroup").is_file() {
            NodeKind::Group
        } else {
            return Ok(None);
        };
        let values = json(&folder.join(".zattrs"))?.map(Value::Object);
        Ok(Some((kind, attributes(values.as_ref()))))
    }

    /// The members of a group.
    pub(crate) fn children(&self, element: &str) -> Result<BTreeMap<String, NodeKind>, String> {
        let Some(folder) = self.folder(element) else { return Ok(BTreeMap::new()) };
        let mut members = BTreeMap::new();
        let entries = std::fs::read_dir(&folder).map_err(|e| e.to_string())?;
        for entry in entries {
            let name = entry.map_err(|e| e.to_string())?.file_name();
            let Some(name) = name.to_str() else { return Err("a name in it is not UTF-8".to_string()) };
            let path = if element.is_empty() { name.to_string() } else { format!("{element}/{name}") };
            if folder.join(name).is_dir()
                && let Some((kind, _)) = self.node(&path)?
            {
                members.insert(name.to_string(), kind);
            }
        }
        Ok(members)
    }

    /// An array's metadata.
    pub(crate) fn array(&self, element: &str) -> Result<Array, String> {
        let folder = self.folder(element).ok_or("it is not there")?;
        if let Some(meta) = json(&folder.join("zarr.json"))? {
            return Array::v3(folder, &meta);
        }
        match json(&folder.join(".zarray"))? {
            Some(meta) => Array::v2(folder, &meta),
            None => Err("it is not an array".to_string()),
        }
    }
}

/// The object in a file, if the file is there.
fn json(path: &Path) -> Result<Option<Map<String, Value>>, String> {
    let Ok(meta) = std::fs::metadata(path) else { return Ok(None) };
    let name = path.file_name().unwrap_or_default().display().to_string();
    if meta.len() > LARGEST {
        return Err(format!("its {name} is larger than {LARGEST} bytes"));
    }
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(map)) => Ok(Some(map)),
        Ok(_) => Err(format!("its {name} is not an object")),
        Err(error) => Err(format!("its {name} is not JSON: {error}")),
    }
}

/// Attributes of the types that AnnData uses; others are left out.
fn attributes(values: Option<&Value>) -> BTreeMap<String, Attribute> {
    let Some(Value::Object(values)) = values else { return BTreeMap::new() };
    values.iter().filter_map(|(name, value)| Some((name.clone(), attribute(value)?))).collect()
}

fn attribute(value: &Value) -> Option<Attribute> {
    Some(match value {
        Value::String(text) => Attribute::text(text),
        Value::Bool(flag) => Attribute::flag(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => Attribute::integer(integer),
            None => Attribute::real(number.as_f64()?),
        },
        Value::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(|v| v.as_str().map(String::from)).collect();
            if let Some(texts) = texts {
                return Some(Attribute::texts(texts));
            }
            let integers: Option<Vec<i64>> = items.iter().map(Value::as_i64).collect();
            Attribute::signed(integers?)
        }
        _ => return None,
    })
}
