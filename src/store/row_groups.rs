//! Reading a table's file row group by row group, so that memory does not follow its size.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::cast::AsArray as _;
use arrow::array::{BooleanArray, RecordBatch};
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt as _, TryFutureExt as _};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderOptions, ParquetRecordBatchReader, RowFilter,
};
use parquet::arrow::async_reader::{
    AsyncFileReader, ParquetRecordBatchStream, ParquetRecordBatchStreamBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};

use crate::pipeline::tables::Table;

use super::parquet::{BATCH_ROWS, Batches, DataFile, Notes, WIDE_BATCH_ROWS, object_name};
use super::schema::{check, filled};
use super::{RUNTIME, Store, StoreError};

impl Store {
    /// Opens a file's batches: exactly the table's schema, or the columns asked, in that order.
    ///
    /// A column that the file is too old to have is null, at any depth.
    pub fn read(
        &self,
        table: Table,
        file: &DataFile,
        columns: Option<&[&str]>,
    ) -> Result<Batches, StoreError> {
        self.batches(table, file, columns, None)
    }

    /// Opens the batches of those rows of a file whose text in a column is one of some; the pages
    /// that hold none are not read.
    pub fn read_where(
        &self,
        table: Table,
        file: &DataFile,
        column: &str,
        texts: &[String],
    ) -> Result<Batches, StoreError> {
        self.batches(table, file, None, Some((column, texts)))
    }

    fn batches(
        &self,
        table: Table,
        file: &DataFile,
        columns: Option<&[&str]>,
        only: Option<(&str, &[String])>,
    ) -> Result<Batches, StoreError> {
        let object = object_name(table, file);
        let corrupt = |error: ParquetError| unreadable(&object, error);
        let schema = table.schema();
        let fields: Vec<FieldRef> = match columns {
            None => schema.fields().iter().map(Arc::clone).collect(),
            Some(names) => {
                let named = |name: &&str| schema.fields().find(name).map(|(_, field)| field);
                let fields = names.iter().map(named).map(Option::<&FieldRef>::cloned);
                fields.collect::<Option<_>>().expect("a projection names columns of the table")
            }
        };
        let policy = if only.is_some() { PageIndexPolicy::Optional } else { PageIndexPolicy::Skip };
        let options = ArrowReaderOptions::new().with_page_index_policy(policy);
        let opened = self.object(table, file)?;
        let mut builder = RUNTIME
            .block_on(ParquetRecordBatchStreamBuilder::new_with_options(opened, options))
            .map_err(corrupt)?;
        check(builder.schema(), &schema).map_err(|error| StoreError::corrupt(&object, error))?;
        let in_file = builder.schema().fields().iter().enumerate();
        let wanted = in_file
            .filter(|(_, field)| fields.iter().any(|wanted| wanted.name() == field.name()))
            .map(|(root, _)| root);
        let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.collect::<Vec<_>>());
        if let Some((column, texts)) = only {
            let column = ProjectionMask::columns(builder.parquet_schema(), [column]);
            let is_wanted = Box::new(ArrowPredicateFn::new(column, is_one_of(texts)));
            builder = builder.with_row_filter(RowFilter::new(vec![is_wanted]));
        }
        let n_rows = if columns.is_some() { BATCH_ROWS } else { WIDE_BATCH_ROWS };
        let stream =
            builder.with_projection(mask).with_batch_size(n_rows).build().map_err(corrupt)?;
        let schema = Arc::new(Schema::new(fields));
        Ok(Box::new(RowGroups { object, schema, stream, current: None }))
    }

    /// Reads the notes of a file.
    pub fn notes(&self, table: Table, file: &DataFile) -> Result<Notes, StoreError> {
        let footer = self.footer(table, file)?;
        let notes = footer.file_metadata().key_value_metadata().into_iter().flatten();
        let told = |note: &KeyValue| Some((note.key.clone(), note.value.clone()?));
        Ok(notes.filter_map(told).collect())
    }

    pub(super) fn n_rows(&self, table: Table, file: &DataFile) -> Result<u64, StoreError> {
        let footer = self.footer(table, file)?;
        Ok(u64::try_from(footer.file_metadata().num_rows()).expect("rows are counted from 0"))
    }

    fn footer(&self, table: Table, file: &DataFile) -> Result<Arc<ParquetMetaData>, StoreError> {
        let mut object = self.object(table, file)?;
        RUNTIME
            .block_on(object.get_metadata(None))
            .map_err(|error| unreadable(&object_name(table, file), error))
    }

    fn object(&self, table: Table, file: &DataFile) -> Result<ParquetObject, StoreError> {
        let name = object_name(table, file);
        let path = Path::parse(&name).map_err(|error| StoreError::io("parse", name, error))?;
        Ok(ParquetObject { objects: self.root.objects(), path, size_bytes: file.size_bytes })
    }
}

/// Tells whether each text of the only column of a batch is one of some.
fn is_one_of(
    texts: &[String],
) -> impl FnMut(RecordBatch) -> Result<BooleanArray, ArrowError> + use<> {
    let texts = texts.to_vec();
    move |batch| {
        let found = batch.column(0).as_string::<i32>().iter();
        let is_wanted = |found: &str| texts.iter().any(|text| text == found);
        Ok(found.map(|found| Some(found.is_some_and(is_wanted))).collect())
    }
}

/// Tells a file that is gone from one that cannot be read or understood.
fn unreadable(object: &str, error: ParquetError) -> StoreError {
    match error {
        ParquetError::External(source) => match source.downcast::<object_store::Error>() {
            Ok(error) => StoreError::object("read", object, *error),
            Err(source) => StoreError::corrupt(object, source),
        },
        other => StoreError::corrupt(object, other),
    }
}

/// The ranges of an object, as the Parquet reader asks for them.
struct ParquetObject {
    objects: Arc<dyn ObjectStore>,
    path: Path,
    size_bytes: u64,
}

impl AsyncFileReader for ParquetObject {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        let bytes = self.objects.get_range(&self.path, range);
        bytes.map_err(|error| ParquetError::External(Box::new(error))).boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        async move {
            let bytes = self.objects.get_ranges(&self.path, &ranges).await;
            bytes.map_err(|error| ParquetError::External(Box::new(error)))
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        async move {
            let reader = ParquetMetaDataReader::new().with_arrow_reader_options(options);
            let size_bytes = self.size_bytes;
            reader.load_and_finish(self, size_bytes).await.map(Arc::new)
        }
        .boxed()
    }
}

/// One row group in memory at a time: compressed, and a batch of it decoded.
struct RowGroups {
    object: String,
    schema: SchemaRef,
    stream: ParquetRecordBatchStream<ParquetObject>,
    current: Option<ParquetRecordBatchReader>,
}

impl Iterator for RowGroups {
    type Item = Result<RecordBatch, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.current.as_mut().and_then(Iterator::next) {
                let filled = batch.and_then(|batch| filled(&batch, &self.schema));
                return Some(filled.map_err(|error| StoreError::corrupt(&self.object, error)));
            }
            match RUNTIME.block_on(self.stream.next_row_group()) {
                Ok(Some(row_group)) => self.current = Some(row_group),
                Ok(None) => return None,
                Err(error) => return Some(Err(unreadable(&self.object, error))),
            }
        }
    }
}
