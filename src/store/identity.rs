//! What a store is: fixed when it is made, in `store.json`.

use serde::{Deserialize, Serialize};

use super::{Store, StoreError};

/// The pipeline that a store belongs to, and how its cells are cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    pub pipeline: String,
    pub buckets: i32,
}

impl Store {
    /// Gives a new store its identity; returns the one that it has.
    pub fn identify(&self, identity: &Identity) -> Result<Identity, StoreError> {
        let bytes = serde_json::to_vec_pretty(identity).expect("an identity is plain data");
        if self.root.put_if_absent("store.json", bytes)? {
            return Ok(identity.clone());
        }
        self.identity()
    }

    /// Reads the identity of a store.
    pub fn identity(&self) -> Result<Identity, StoreError> {
        serde_json::from_slice(&self.root.read("store.json")?)
            .map_err(|error| StoreError::corrupt("store.json", error))
    }
}
