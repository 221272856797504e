//! Intents, `intents/<hash>.json`: what a run is about to fold, put before and taken away after, so
//! that what a run that was killed has left in cells is found again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Store, StoreError, hex};

/// The judgement that is made of each delivery, by which profile, and the cells that its observations
/// go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intent {
    pub cells: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub judgements: BTreeMap<String, Judging>,
}

/// A judgement that is being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judging {
    pub judgement: i64,
    pub profile_hash: String,
}

impl Store {
    /// Records an intent and returns its name.
    pub fn put_intent(&self, intent: &Intent) -> Result<String, StoreError> {
        let bytes = serde_json::to_vec_pretty(intent).expect("an intent is plain data");
        let name = format!("intents/{}.json", &hex(&Sha256::digest(&bytes))[..32]);
        self.root.put(&name, bytes)?;
        Ok(name)
    }

    /// Reads the intents that are not taken away yet, by name.
    pub fn intents(&self) -> Result<Vec<(String, Intent)>, StoreError> {
        let mut intents = Vec::new();
        for object in self.root.list("intents/")? {
            let bytes = match self.root.read(&object.name) {
                Err(StoreError::NotFound { .. }) => continue,
                bytes => bytes?,
            };
            let intent = serde_json::from_slice(&bytes)
                .map_err(|error| StoreError::corrupt(&object.name, error))?;
            intents.push((object.name, intent));
        }
        Ok(intents)
    }

    /// Takes an intent away.
    pub fn remove_intent(&self, name: &str) -> Result<(), StoreError> {
        self.root.delete(name)
    }
}
