//! Observations: what one record says of one dossier, typed.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayBuilder as _, ArrayRef, BooleanBuilder, Date32Builder, Int32Builder, Int64Builder,
    ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Date32Type, Field, Schema, SchemaRef};
use sha2::Digest as _;

use crate::pipeline::columns::{Kind, SUPPLIED};
use crate::pipeline::tables::{Cell, observation_fields};
use crate::pipeline::{Pipeline, columns};

use super::Origin;
use super::number::{self, DossierKey};
use super::record::Record;
use super::value::Value;

/// A batch of observations: the dossier's key and cell, who said it and when (the fields of
/// [`observation_fields`]), then a column for each of [`SUPPLIED`].
#[derive(Debug, Clone)]
pub struct Observations(RecordBatch);

/// How many columns stand before the supplied ones: key, month, bucket and the facts.
pub const N_FACTS: usize = 12;

/// Returns the position of a supplied column among those of [`Observations`].
pub fn position_of(column: &str) -> usize {
    N_FACTS + columns::supplied_index(column).expect("a supplied column")
}

impl Observations {
    /// Returns the schema of every batch of observations.
    pub fn schema() -> SchemaRef {
        let mut fields = vec![
            Arc::new(Field::new("dossier_key", DataType::Utf8, false)),
            Arc::new(Field::new("cell_month", DataType::Utf8, true)),
            Arc::new(Field::new("bucket", DataType::Int32, true)),
        ];
        fields.extend(observation_fields().into_iter().map(Arc::new));
        fields.extend(columns::fields(SUPPLIED));
        Arc::new(Schema::new(fields))
    }

    /// Wraps a batch.
    ///
    /// # Panics
    ///
    /// Where the batch has other columns than [`Self::schema`]: a fault of the caller.
    pub fn new(batch: RecordBatch) -> Self {
        assert_eq!(batch.schema(), Self::schema(), "observations have one schema");
        Self(batch)
    }

    /// Returns the batch.
    pub fn batch(&self) -> &RecordBatch {
        &self.0
    }
}

enum ValueBuilder {
    Text(StringBuilder),
    Day(Date32Builder),
    Integer(Int64Builder),
    Flag(BooleanBuilder),
}

/// Builds a batch of observations of one delivery.
pub(super) struct ObservationsBuilder<'a> {
    origin: &'a Origin,
    supplied: StringBuilder,
    /// What records share that supply the same columns: their names joined by spaces, and the
    /// beginning of their hash.
    shared: BTreeMap<u64, (String, sha2::Sha256)>,
    keys: StringBuilder,
    months: StringBuilder,
    buckets: Int32Builder,
    item_keys: StringBuilder,
    event_times: TimestampMicrosecondBuilder,
    hashes: Int64Builder,
    marks: ListBuilder<StringBuilder>,
    values: Vec<ValueBuilder>,
    scratch: Vec<u8>,
}

impl<'a> ObservationsBuilder<'a> {
    pub(super) fn new(origin: &'a Origin) -> Self {
        let builder = |column: &columns::Column| match column.kind {
            Kind::Day => ValueBuilder::Day(Date32Builder::new()),
            Kind::Integer => ValueBuilder::Integer(Int64Builder::new()),
            Kind::Flag => ValueBuilder::Flag(BooleanBuilder::new()),
            _ => ValueBuilder::Text(StringBuilder::new()),
        };
        Self {
            origin,
            supplied: StringBuilder::new(),
            shared: BTreeMap::new(),
            keys: StringBuilder::new(),
            months: StringBuilder::new(),
            buckets: Int32Builder::new(),
            item_keys: StringBuilder::new(),
            event_times: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            hashes: Int64Builder::new(),
            marks: ListBuilder::new(StringBuilder::new()),
            values: SUPPLIED.iter().map(builder).collect(),
            scratch: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, key: &DossierKey, n_buckets: i32, record: &Record) {
        let hash = self.hash_of(key, record);
        self.hashes.append_value(hash);
        self.keys.append_value(&key.key);
        self.months.append_value(month(key));
        self.buckets.append_value(bucket(key, n_buckets));
        self.item_keys.append_option(record.item_key.as_deref());
        self.event_times.append_option(record.event_time);
        let own = record.marks.iter().copied();
        for mark in own.chain(record.contract_marks.iter().map(|mark| &**mark)) {
            self.marks.values().append_value(mark);
        }
        self.marks.append(true);
        for (builder, value) in self.values.iter_mut().zip(&record.values) {
            builder.push(value);
        }
    }

    pub(super) fn finish(mut self) -> Observations {
        let n = self.keys.len();
        let origin = self.origin;
        let observed = origin.observed.map(|(micros, _)| micros);
        let mut observed_at = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        (0..n).for_each(|_| observed_at.append_option(observed));
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(self.keys.finish()),
            Arc::new(self.months.finish()),
            Arc::new(self.buckets.finish()),
            repeated(&origin.delivery, n),
            Arc::new(arrow::array::Int64Array::from_value(origin.judgement, n)),
            repeated(&origin.feed, n),
            Arc::new(self.item_keys.finish()),
            Arc::new(self.event_times.finish()),
            Arc::new(observed_at.finish()),
            Arc::new(self.hashes.finish()),
            Arc::new(self.marks.finish()),
            Arc::new(self.supplied.finish()),
        ];
        arrays.extend(self.values.iter_mut().map(ValueBuilder::finish));
        let batch = RecordBatch::try_new(Observations::schema(), arrays);
        Observations::new(batch.expect("each column was given one value a record"))
    }

    /// Hashes the canonical values and says which columns they are of: equal records of one delivery are duplicates.
    fn hash_of(&mut self, key: &DossierKey, record: &Record) -> i64 {
        let scratch = &mut self.scratch;
        scratch.clear();
        let mut put = |tag: u8, bytes: &[u8]| {
            scratch.push(tag);
            scratch.extend((bytes.len() as u32).to_le_bytes());
            scratch.extend(bytes);
        };
        put(b'k', key.key.as_bytes());
        put(b'i', record.item_key.as_deref().unwrap_or_default().as_bytes());
        put(b'e', &record.event_time.unwrap_or(i64::MIN).to_le_bytes());
        for value in &record.values {
            match value {
                Value::Null => put(b'-', b""),
                Value::Text(text) => put(b't', text.as_bytes()),
                Value::Day(day) => put(b'd', &Date32Type::from_naive_date(*day).to_le_bytes()),
                Value::Instant(number) | Value::Integer(number) => put(b'n', &number.to_le_bytes()),
                Value::Flag(flag) => put(b'f', &[u8::from(*flag)]),
            }
        }
        let feed = &self.origin.feed;
        let (names, hash) = self.shared.entry(record.supplied).or_insert_with(|| {
            let names = names_of(record.supplied);
            let hash = sha2::Sha256::new().chain_update(&names).chain_update(feed);
            (names, hash)
        });
        self.supplied.append_value(names);
        let digest = hash.clone().chain_update(&*scratch).finalize();
        i64::from_le_bytes(digest[..8].try_into().expect("a digest has more than 8 bytes"))
    }
}

impl ValueBuilder {
    fn push(&mut self, value: &Value) {
        match self {
            Self::Text(texts) => texts.append_option(value.text()),
            Self::Day(days) => days.append_option(value.day().map(Date32Type::from_naive_date)),
            Self::Integer(numbers) => {
                let number = if let Value::Integer(n) = value { Some(*n) } else { None };
                numbers.append_option(number);
            }
            Self::Flag(flags) => {
                let flag = if let Value::Flag(flag) = value { Some(*flag) } else { None };
                flags.append_option(flag);
            }
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(texts) => Arc::new(texts.finish()),
            Self::Day(days) => Arc::new(days.finish()),
            Self::Integer(numbers) => Arc::new(numbers.finish()),
            Self::Flag(flags) => Arc::new(flags.finish()),
        }
    }
}

/// Returns the names of supplied columns, joined by spaces.
fn names_of(supplied: u64) -> String {
    let columns = SUPPLIED.iter().enumerate().filter(|(at, _)| supplied & 1 << at != 0);
    let names: Vec<&str> = columns.map(|(_, column)| column.name).collect();
    names.join(" ")
}

/// Returns the cell that a dossier's key is given, from the number in it.
pub fn cell_of(key: &str, pipeline: &Pipeline) -> Cell {
    // Where numbers are a unit's own, its code stands before them.
    let unit = key.split_once('/');
    let unit = unit.filter(|(unit, _)| pipeline.reference.units.get(unit).is_some());
    let number = unit.map_or(key, |(_, number)| number);
    let read = DossierKey { key: key.to_owned(), ..number::read(number) };
    Cell { month: month(&read).to_owned(), bucket: bucket(&read, pipeline.settings.buckets) }
}

/// Returns the month of a dossier's cell.
fn month(key: &DossierKey) -> &str {
    key.month.as_deref().unwrap_or("undated")
}

/// Returns the bucket of a dossier: a hash of the agency part, or of the whole number.
fn bucket(key: &DossierKey, n_buckets: i32) -> i32 {
    if n_buckets == 1 {
        return 0;
    }
    let digest = sha2::Sha256::digest(key.agency.as_deref().unwrap_or(&key.key));
    let hash = i32::from_le_bytes(digest[..4].try_into().expect("a digest has more than 4 bytes"));
    hash & (n_buckets - 1)
}

fn repeated(text: &str, n: usize) -> ArrayRef {
    Arc::new(arrow::array::StringArray::from_iter_values(std::iter::repeat_n(text, n)))
}
