//! Release objects, each the commit of its release, and the copies for the public.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::pipeline::ReferenceHashes;
use crate::pipeline::rules::Params;

use super::{Store, StoreError};

/// What was published at once, and from what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    pub number: u64,
    pub as_of: NaiveDate,
    /// RFC 3339 in UTC.
    pub published_at: String,
    /// The name of the pipeline.
    pub pipeline: String,
    /// The hash of the definitions.
    pub definitions: String,
    /// The hash of each version of each indicator, with what it counts.
    #[serde(default)]
    pub formulas: BTreeMap<String, String>,
    /// The hash of the reference data.
    pub reference: String,
    /// The hash of each of its parts.
    #[serde(default)]
    pub reference_parts: ReferenceHashes,
    /// Identifies all that the rows were computed from, hoso's own sources among it; `None` where
    /// an older hoso made the release.
    #[serde(default)]
    pub inputs: Option<String>,
    /// The Delta version read, by table.
    pub source_versions: BTreeMap<String, i64>,
    /// The data file written, by table.
    pub files: BTreeMap<String, ReleaseFile>,
    pub rows_changed: u64,
    /// What guards over history said, and was published all the same.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// The guards that were accepted, each with the reason that was given.
    #[serde(default)]
    pub accepted: BTreeMap<String, String>,
}

/// What a guard over history saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The guard's id.
    pub guard: String,
    /// The unit that strays from its own past; `None` where the whole ministry does.
    pub unit: Option<String>,
    pub feed: Option<String>,
    /// The half-open period.
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// The numbers of its message.
    pub params: Params,
}

/// A data file of a release, below its table's folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseFile {
    pub path: String,
    pub size_bytes: u64,
    pub n_rows: u64,
}

impl Store {
    /// Publishes a release; false when another has its number.
    pub fn publish_release(&self, release: &Release) -> Result<bool, StoreError> {
        let bytes = serde_json::to_vec_pretty(release).expect("a release is plain data");
        self.root.put_if_absent(&release_name(release.number), bytes)
    }

    /// Reads the release with the highest number.
    pub fn latest_release(&self) -> Result<Option<Release>, StoreError> {
        self.release_numbers()?.last().map(|number| self.release(*number)).transpose()
    }

    /// Reads a release.
    pub fn release(&self, number: u64) -> Result<Release, StoreError> {
        let name = release_name(number);
        let release: Release = serde_json::from_slice(&self.root.read(&name)?)
            .map_err(|error| StoreError::corrupt(&name, error))?;
        if release.number != number {
            return Err(StoreError::corrupt(name, "the release has another number"));
        }
        Ok(release)
    }

    /// Lists the numbers of all releases, ascending.
    pub fn release_numbers(&self) -> Result<Vec<u64>, StoreError> {
        let mut numbers = Vec::new();
        for object in self.root.list("releases/")? {
            let number = object.name.strip_prefix("releases/").and_then(|name| {
                let number = name.strip_suffix(".json")?;
                number.parse().ok()
            });
            numbers.push(
                number.ok_or_else(|| {
                    StoreError::corrupt(&object.name, "not the name of a release")
                })?,
            );
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Writes `publish/<name>`, over what was there.
    pub fn put_public(&self, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.root.put(&public_name(name), bytes)
    }

    /// Reads `publish/<name>`, where it is.
    pub fn read_public(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.root.read(&public_name(name)) {
            Err(StoreError::NotFound { .. }) => Ok(None),
            bytes => bytes.map(Some),
        }
    }

    /// Returns how many bytes `publish/<name>` has, where it is.
    pub fn size_of_public(&self, name: &str) -> Result<Option<u64>, StoreError> {
        Ok(self.root.find(&public_name(name))?.map(|found| found.size_bytes))
    }
}

fn release_name(number: u64) -> String {
    format!("releases/{number:08}.json")
}

fn public_name(name: &str) -> String {
    format!("publish/{name}")
}
