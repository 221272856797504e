//! The plain copies of the released tables, made where they are not as the last release and its
//! threshold want them.

use std::collections::BTreeMap;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use rayon::prelude::*;

use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::publish::copies::{self, About};
use crate::store::Store;
use crate::store::parquet::DataFile;
use crate::store::releases::Release;

use super::release::{RELEASED, data_file};

/// Writes the copies, and last what they are of, unless they lie there so.
pub(super) fn copy(pipeline: &Pipeline, store: &Store, release: &Release) -> anyhow::Result<()> {
    if are_there(pipeline, store, release)? {
        return Ok(());
    }
    let copies = made(pipeline, store, release)?;
    let about = About::new(release.number, release.as_of, pipeline, &copies);
    for (name, bytes) in copies {
        store.put_public(&name, bytes).with_context(|| format!("failed to write `{name}`"))?;
    }
    store.put_public(copies::ABOUT, about.bytes()).context("failed to say what was copied")
}

/// Whether copies of this release and this threshold lie there, in their sizes.
fn are_there(pipeline: &Pipeline, store: &Store, release: &Release) -> anyhow::Result<bool> {
    let found = store.read_public(copies::ABOUT).context("failed to read what was copied")?;
    let Some(about) = found.as_deref().and_then(About::read) else { return Ok(false) };
    if !about.is_of(release.number, release.as_of, pipeline) {
        return Ok(false);
    }
    for (name, size_bytes) in about.sizes() {
        let found = store.size_of_public(name).with_context(|| format!("failed to find `{name}`"));
        if found? != Some(size_bytes) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the copies, whole but for small cells: the bytes of each by its name.
pub(super) fn made(
    pipeline: &Pipeline,
    store: &Store,
    release: &Release,
) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let name = |table: Table| copies::name_of(table);
    if pipeline.settings.suppress_below.is_some() {
        let open = open_tables(pipeline, store, release)?;
        let copy = |(table, rows): (&Table, &_)| Ok((name(*table), copies::written(*table, rows)?));
        return open.par_iter().map(copy).collect();
    }
    let copy = |(table, _): &(Table, bool)| {
        let files = files(*table, release, store)?;
        let lying = files.iter().map(|file| store.whole(*table, file));
        let copy = match lying.collect::<Result<Option<Vec<_>>, _>>()? {
            Some(lying) => copies::joined(&lying)?,
            None => copies::written(*table, &rows_of(*table, &files, store)?)?,
        };
        Ok((name(*table), copy))
    };
    RELEASED.par_iter().map(copy).collect()
}

/// Reads the released tables as they are open: whole but for small cells.
pub(super) fn open_tables(
    pipeline: &Pipeline,
    store: &Store,
    release: &Release,
) -> anyhow::Result<BTreeMap<Table, RecordBatch>> {
    let read = |(table, _): &(Table, bool)| Ok((*table, read(*table, release, store)?));
    let tables: anyhow::Result<_> = RELEASED.par_iter().map(read).collect();
    let mut tables: BTreeMap<Table, RecordBatch> = tables?;
    if let Some(below) = pipeline.settings.suppress_below {
        copies::suppress(&mut tables, pipeline, below)?;
    }
    Ok(tables)
}

/// Reads a released table as it stands with a release: the newest of one that is replaced, all of
/// one that grows.
pub(super) fn read(table: Table, release: &Release, store: &Store) -> anyhow::Result<RecordBatch> {
    rows_of(table, &files(table, release, store)?, store)
}

fn rows_of(table: Table, files: &[DataFile], store: &Store) -> anyhow::Result<RecordBatch> {
    let mut batches = Vec::new();
    for file in files {
        for batch in store.read(table, file, None)? {
            batches.push(batch?);
        }
    }
    Ok(arrow::compute::concat_batches(&table.schema(), &batches)?)
}

/// Lists the files of a table up to a release; those that it is not yet rolled forward to as well.
fn files(table: Table, release: &Release, store: &Store) -> anyhow::Result<Vec<DataFile>> {
    let lacks = |number: u64| format!("release {number} has no `{}`", table.name());
    let is_replaced = RELEASED.iter().any(|(released, replace)| *released == table && *replace);
    if is_replaced {
        return Ok(vec![data_file(release, table).with_context(|| lacks(release.number))?]);
    }
    let snapshot = store.snapshot(table)?;
    let done = snapshot.release()?.unwrap_or(0);
    let mut files = snapshot.files;
    for number in done + 1..=release.number {
        let missing = store.release(number).context("failed to read a release")?;
        files.push(data_file(&missing, table).with_context(|| lacks(number))?);
    }
    Ok(files)
}
