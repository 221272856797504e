//! Plain single-file copies of the released tables, for people who only know `read_parquet`.

use anyhow::Context as _;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::json;

use crate::indicators::{Indicators, Revisions};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;

use super::suppress::Suppression;

/// The name below `publish/` of what the copies are of.
pub const ABOUT: &str = "about.json";

/// Says what the copies are of: a release, and the number below which cells are suppressed.
pub fn about(release: u64, as_of: NaiveDate, pipeline: &Pipeline) -> Vec<u8> {
    let about = json!({
        "release": release,
        "as_of": as_of.to_string(),
        "suppress_below": pipeline.settings.suppress_below,
    });
    format!("{about:#}\n").into_bytes()
}

/// Takes out of a table what must not be open: its small cells, and what would tell them.
pub fn open_copy(
    table: Table,
    batches: Vec<RecordBatch>,
    suppression: &Suppression<'_>,
) -> anyhow::Result<Vec<RecordBatch>> {
    if !matches!(table, Table::Indicators | Table::Revisions) {
        return Ok(batches);
    }
    let all = concat_batches(&table.schema(), &batches)?;
    let open = match table {
        Table::Revisions => Revisions::from_batch(all)
            .map(|revisions| suppression.open_revisions(&revisions).batch().clone()),
        _ => Indicators::from_batch(all)
            .map(|indicators| suppression.open_indicators(&indicators).batch().clone()),
    };
    let open = open.with_context(|| format!("the table `{}` has other columns", table.name()))?;
    Ok(vec![open])
}

/// Makes the copy of a table: its name below `publish/`, and its bytes.
pub fn plain_copy(table: Table, batches: &[RecordBatch]) -> anyhow::Result<(String, Vec<u8>)> {
    let level = ZstdLevel::try_new(3).context("zstd has a level 3")?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), table.schema(), Some(properties))?;
    for batch in batches {
        writer.write(batch)?;
    }
    Ok((copy_name(table), writer.into_inner()?))
}

/// Returns the name of a table's copy below `publish/`.
pub fn copy_name(table: Table) -> String {
    format!("{}.parquet", table.name())
}
