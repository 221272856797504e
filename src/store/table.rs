//! Delta tables at a version: which files are live, and in which cell.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use deltalake_core::errors::DeltaTableError;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel as _;
use deltalake_core::kernel::transaction::{CommitProperties, TransactionError};
use deltalake_core::kernel::{EagerSnapshot, LogicalFileView, Remove, StructType};
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::table::config::TableProperty;
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::prefix::PrefixStore;

use crate::pipeline::tables::{Cell, Table};

use super::location::ObjectInfo;
use super::parquet::DataFile;
use super::{RUNTIME, Store, StoreError};

pub(super) const CELL_MONTH: &str = "cell_month";
pub(super) const BUCKET: &str = "bucket";
pub(super) const RELEASE_APP: &str = "release";

/// The live files of a table at a version.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub version: i64,
    /// By path.
    pub files: Vec<DataFile>,
    table: Table,
    pub(super) state: EagerSnapshot,
    pub(super) log: LogStoreRef,
}

impl Snapshot {
    /// Returns the file of each cell; two live files of one cell are [`StoreError::Corrupt`].
    pub fn cells(&self) -> Result<BTreeMap<Cell, DataFile>, StoreError> {
        let mut cells = BTreeMap::new();
        for file in &self.files {
            let Some(cell) = &file.cell else {
                return Err(StoreError::corrupt(&file.path, "a file without a cell"));
            };
            match cells.entry(cell.clone()) {
                Entry::Vacant(entry) => {
                    entry.insert(file.clone());
                }
                Entry::Occupied(entry) => {
                    let text = format!("its cell has another live file `{}`", entry.get().path);
                    return Err(StoreError::corrupt(
                        format!("{}/{}", self.table.name(), file.path),
                        text,
                    ));
                }
            }
        }
        Ok(cells)
    }

    /// Returns the last release that the table was rolled forward to.
    pub fn release(&self) -> Result<Option<u64>, StoreError> {
        let version = self.state.transaction_version(&self.log, RELEASE_APP);
        let version =
            RUNTIME.block_on(version).map_err(|error| failure("read", self.table, error))?;
        Ok(version.and_then(|version| u64::try_from(version).ok()))
    }

    /// Makes the actions that remove live files, as they were added.
    pub(super) fn removes(&self, files: &[DataFile]) -> Result<Vec<Remove>, StoreError> {
        let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let views: Result<Vec<_>, _> =
            RUNTIME.block_on(self.state.file_views(&self.log, None).try_collect());
        let views = views.map_err(|error| failure("read", self.table, error))?;
        let gone = views.iter().filter(|view| paths.contains(view.path().as_ref()));
        let removes: Vec<_> = gone.map(|view| view.remove_action(true)).collect();
        assert_eq!(removes.len(), files.len(), "only live files are removed");
        Ok(removes)
    }
}

impl Store {
    /// Creates every table that is absent and widens those of an older version; others may do the
    /// same at the same time.
    pub fn create_tables(&self) -> Result<(), StoreError> {
        Table::ALL.into_iter().try_for_each(|table| self.create_table(table, &table.schema()))
    }

    /// Creates a table, or adds to it the columns that it lacks.
    pub(super) fn create_table(&self, table: Table, schema: &Schema) -> Result<(), StoreError> {
        let failed = |error| failure("create", table, error);
        let schema = delta_schema(table, schema)
            .map_err(|error| StoreError::io("create", table.name(), error))?;
        let log = self.log(table);
        let is_there = || RUNTIME.block_on(log.is_delta_table_location()).map_err(failed);
        if is_there()? {
            return self.widen(table, &schema);
        }
        let mut create = CreateBuilder::new()
            .with_log_store(log.clone())
            .with_columns(schema.fields().cloned())
            .with_configuration_property(TableProperty::EnableExpiredLogCleanup, Some("false"))
            .with_commit_properties(CommitProperties::default().with_max_retries(0));
        if table.is_celled() {
            create = create.with_partition_columns([CELL_MONTH, BUCKET]);
        }
        match RUNTIME.block_on(create.into_future()) {
            Ok(_) => Ok(()),
            Err(_) if is_there()? => self.widen(table, &schema),
            Err(error) => Err(failed(error)),
        }
    }

    /// Loads a table's newest version.
    pub fn snapshot(&self, table: Table) -> Result<Snapshot, StoreError> {
        self.load(table, None)
    }

    /// Loads a table at a version.
    pub fn snapshot_at(&self, table: Table, version: i64) -> Result<Snapshot, StoreError> {
        self.load(table, Some(version))
    }

    /// Lists the data files that lie in a table's folder, whether or not a version knows them: the
    /// size of each by its path below the folder.
    pub fn files_in_folder(&self, table: Table) -> Result<BTreeMap<String, u64>, StoreError> {
        let folder = format!("{}/", table.name());
        let below = |object: ObjectInfo| {
            let path = object.name.strip_prefix(&folder)?;
            (!path.starts_with("_delta_log/")).then(|| (path.to_owned(), object.size_bytes))
        };
        Ok(self.root.list(&folder)?.into_iter().filter_map(below).collect())
    }

    /// Returns where a table lies, as other engines name it.
    pub fn table_url(&self, table: Table) -> String {
        format!("{}{}", self.root.url(), table.name())
    }

    /// Returns where the store lies.
    pub fn url(&self) -> &url::Url {
        self.root.url()
    }

    fn load(&self, table: Table, version: Option<i64>) -> Result<Snapshot, StoreError> {
        let log = self.log(table);
        let version = version.map(i64::cast_unsigned);
        let loaded = RUNTIME.block_on(async {
            let state = EagerSnapshot::try_new(&log, version).await?;
            let views: Vec<_> = state.file_views(&log, None).try_collect().await?;
            Ok((state, views))
        });
        let (state, views) = match loaded {
            Ok(loaded) => loaded,
            Err(error) => match RUNTIME.block_on(log.is_delta_table_location()) {
                Ok(false) => return Err(StoreError::NotFound { path: table.name().to_owned() }),
                _ => return Err(failure("read", table, error)),
            },
        };
        let files: Result<Vec<_>, _> = views.iter().map(|view| data_file(table, view)).collect();
        let mut files = files?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Snapshot { version: state.version().cast_signed(), files, table, state, log })
    }

    fn log(&self, table: Table) -> LogStoreRef {
        let url = self.root.url().join(table.name()).expect("a table's name is a path");
        let objects = PrefixStore::new(self.root.objects(), Path::from(table.name()));
        default_logstore(Arc::new(objects), self.root.bucket(), &url, &StorageConfig::default())
    }
}

/// Whether a commit failed because another writer took its version.
pub(super) fn is_conflict(error: &DeltaTableError) -> bool {
    matches!(
        error,
        DeltaTableError::VersionAlreadyExists(_)
            | DeltaTableError::Transaction {
                source: TransactionError::MaxCommitAttempts(_)
                    | TransactionError::VersionAlreadyExists(_),
            }
    )
}

/// What the log says of a table: the columns of its files, and those that it is cut by.
fn delta_schema(table: Table, schema: &Schema) -> Result<StructType, ArrowError> {
    let mut fields = schema.fields().to_vec();
    if table.is_celled() {
        fields.push(Arc::new(Field::new(CELL_MONTH, DataType::Utf8, true)));
        fields.push(Arc::new(Field::new(BUCKET, DataType::Int32, true)));
    }
    (&Schema::new(fields)).try_into_kernel()
}

pub(super) fn failure(deed: &'static str, table: Table, error: DeltaTableError) -> StoreError {
    StoreError::io(deed, table.name(), error)
}

fn data_file(table: Table, view: &LogicalFileView) -> Result<DataFile, StoreError> {
    let path = view.path().into_owned();
    let unclear = |what| StoreError::corrupt(format!("{}/{path}", table.name()), what);
    let partition = view.partition_values_map();
    let value = |column| partition.get(column).cloned().flatten();
    let cell = match (value(CELL_MONTH), value(BUCKET)) {
        _ if !table.is_celled() => None,
        (Some(month), Some(bucket)) => {
            let bucket = bucket.parse().ok();
            let bucket = bucket.ok_or_else(|| unclear("its bucket is not a number"))?;
            Some(Cell { month, bucket })
        }
        _ => return Err(unclear("a file without a cell")),
    };
    let n_rows = view.num_records().ok_or_else(|| unclear("the log does not say how many rows"))?;
    let size_bytes = u64::try_from(view.size()).ok();
    let size_bytes = size_bytes.ok_or_else(|| unclear("a negative size"))?;
    Ok(DataFile { path, cell, size_bytes, n_rows: n_rows as u64 })
}
