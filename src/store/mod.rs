//! Object storage: raw bytes, manifests, Delta tables and releases behind synchronous calls.
//! The only module that names `object_store` or `deltalake_core`; the async runtime stays inside.

use std::error::Error;
use std::sync::LazyLock;

use thiserror::Error;
use tokio::runtime::Runtime;

use self::cloud::Access;
use self::location::Location;

// A place that holds objects: the store's root, or where a source drops its files.
pub mod location;

// Bytes as they were received.
pub mod raw;

// The manifests that give deliveries their order.
pub mod landed;

// Parquet files in and out.
pub mod parquet;

// Delta tables at a version.
pub mod table;

// The commit loop.
pub mod commit;

// What a store is.
pub mod identity;

// What a run is about to fold.
pub mod intents;

// Release objects and the public copies.
pub mod releases;

// Object storage by URL.
pub mod cloud;

mod cause;

mod chunks;

mod listing;

mod local;

mod overlay;

mod row_groups;

mod schema;

// A store whose writes fail on purpose.
#[cfg(test)]
pub(crate) mod faults;

#[cfg(test)]
mod tests;

/// The one runtime of the process, on which every call of the store and of a networked source waits.
pub(crate) static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Runtime::new().expect("the operating system gives threads to a runtime"));

/// The warehouse: a folder or a prefix of a bucket.
#[derive(Debug, Clone)]
pub struct Store {
    root: Location,
}

impl Store {
    /// Opens the store at a path or a URL; a local folder is created.
    pub fn open(url: &str, access: &Access) -> Result<Self, StoreError> {
        Ok(Self { root: Location::open_or_create(url, access)? })
    }

    /// Opens a store that must be there, to be read.
    pub fn open_existing(url: &str, access: &Access) -> Result<Self, StoreError> {
        Ok(Self { root: Location::open_existing(url, access)? })
    }
}

impl Store {
    /// Returns a store that has nothing and lies nowhere, for an overlay to be laid over.
    pub fn nowhere() -> Self {
        Self { root: Location::nowhere() }
    }

    /// Returns the same store, but that nothing written to it reaches it: it lies beside, in a
    /// temporary file without a name, and is gone with the process.
    pub fn overlaid(&self) -> Result<Self, StoreError> {
        let root = self.root.overlaid();
        let failed = |error| StoreError::io("lay an overlay over", self.root.url().as_str(), error);
        Ok(Self { root: root.map_err(failed)? })
    }
}

/// What can go wrong with a store, by what a caller can do about it.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The store or the location cannot be opened, created or listed.
    #[error("failed to reach `{place}`")]
    Unreachable { place: String, source: Cause },

    /// The object is absent: it expired, or was never there.
    #[error("failed to find `{path}`")]
    NotFound { path: String },

    /// Other writers won every try.
    #[error("failed to commit to `{table}`")]
    Contended { table: &'static str },

    /// What is stored contradicts itself or cannot be understood.
    #[error("failed to trust `{path}`")]
    Corrupt { path: String, source: Cause },

    /// A table has what this version does not know.
    #[error("failed to use `{table}`: a newer hoso wrote this store, run that one")]
    Newer { table: &'static str, source: Cause },

    /// Anything else that storage refused.
    #[error("failed to {deed} `{path}`")]
    Io { deed: &'static str, path: String, source: Cause },
}

/// The reason under a [`StoreError`].
pub type Cause = Box<dyn Error + Send + Sync>;

impl StoreError {
    fn unreachable(place: &str, source: impl Into<Cause>) -> Self {
        Self::Unreachable { place: place.to_owned(), source: source.into() }
    }

    /// What a reader of an object failed with on the way.
    pub(crate) fn read(path: &str, source: std::io::Error) -> Self {
        Self::io("read", path, source)
    }

    fn corrupt(path: impl Into<String>, source: impl Into<Cause>) -> Self {
        Self::Corrupt { path: path.into(), source: source.into() }
    }

    fn io(deed: &'static str, path: impl Into<String>, source: impl Into<Cause>) -> Self {
        Self::Io { deed, path: path.into(), source: source.into() }
    }

    /// Tells an absent object from the other failures of object storage.
    fn object(deed: &'static str, path: &str, source: object_store::Error) -> Self {
        match source {
            object_store::Error::NotFound { .. } => Self::NotFound { path: path.to_owned() },
            other => Self::io(deed, path, cause::cause(&other)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
