//! Observations: what one record says of one dossier, typed.

use std::mem::replace;
use std::sync::Arc;

use arrow::array::{
    ArrayBuilder as _, ArrayRef, BooleanBuilder, Date32Array, Date32Builder, Int64Builder,
    ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use sha2::Digest as _;

use crate::pipeline::columns::{Kind, SUPPLIED};
use crate::pipeline::tables::{Cell, observation_fields};
use crate::pipeline::{Pipeline, columns};

use super::Origin;
use super::nulls::nulls;
use super::number::DossierKey;
use super::record::Record;
use super::value::Value;

/// A batch of observations: what each says of one dossier, who said it and when.
///
/// Its columns are the dossier's key, the number of its cell, the fields of [`observation_fields`]
/// (which columns a record supplies is a bit for each, not their names), then each of [`SUPPLIED`].
#[derive(Debug, Clone)]
pub struct Observations(RecordBatch);

/// How many columns stand before the supplied ones: key, cell and the facts.
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
            Arc::new(Field::new("cell", DataType::Int64, false)),
        ];
        let mut facts = observation_fields();
        facts.pop();
        facts.push(Field::new("supplied", DataType::Int64, false));
        fields.extend(facts.into_iter().map(Arc::new));
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

/// Builds a batch of observations of one delivery.
pub(super) struct ObservationsBuilder<'a> {
    origin: &'a Origin,
    n_rows: usize,
    supplied: Int64Builder,
    /// The beginning of the hash of records that supply the same columns, by these: most do.
    shared: Option<(u64, sha2::Sha256)>,
    keys: StringBuilder,
    cells: Int64Builder,
    item_keys: StringBuilder,
    event_times: TimestampMicrosecondBuilder,
    hashes: Int64Builder,
    marks: ListBuilder<StringBuilder>,
    values: Vec<ValueBuilder>,
    scratch: Vec<u8>,
}

impl<'a> ObservationsBuilder<'a> {
    pub(super) fn new(origin: &'a Origin) -> Self {
        Self {
            origin,
            n_rows: 0,
            supplied: Int64Builder::new(),
            shared: None,
            keys: StringBuilder::new(),
            cells: Int64Builder::new(),
            item_keys: StringBuilder::new(),
            event_times: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            hashes: Int64Builder::new(),
            marks: ListBuilder::new(StringBuilder::new()),
            values: SUPPLIED.iter().map(ValueBuilder::new).collect(),
            scratch: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, key: &DossierKey, n_buckets: i32, record: &Record<'_>) {
        let hash = self.hash_of(key, record);
        self.hashes.append_value(hash);
        self.keys.append_value(&key.key);
        self.cells.append_value(number_of(key.month, bucket(key, n_buckets)));
        self.item_keys.append_option(record.item_key());
        self.event_times.append_option(record.event_time());
        let own = record.marks.iter().copied();
        for mark in own.chain(record.contract_marks.iter().map(|mark| &**mark)) {
            self.marks.values().append_value(mark);
        }
        self.marks.append(true);
        for (at, value) in record.filled() {
            self.values[at].push(self.n_rows, value);
        }
        self.n_rows += 1;
    }

    pub(super) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Ends the batch; another one begins.
    pub(super) fn finish(&mut self) -> Observations {
        let (n, origin) = (std::mem::take(&mut self.n_rows), self.origin);
        let observed = origin.observed.map(|(micros, _)| micros);
        let period_end = origin.period.map(|(_, end)| end.to_epoch_days());
        let mut observed_at = TimestampMicrosecondBuilder::new().with_timezone("UTC");
        (0..n).for_each(|_| observed_at.append_option(observed));
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(self.keys.finish()),
            Arc::new(self.cells.finish()),
            repeated(&origin.delivery, n),
            Arc::new(arrow::array::Int64Array::from_value(origin.judgement, n)),
            repeated(&origin.feed, n),
            Arc::new(self.item_keys.finish()),
            Arc::new(self.event_times.finish()),
            Arc::new(observed_at.finish()),
            Arc::new(Date32Array::from(vec![period_end; n])),
            Arc::new(self.hashes.finish()),
            Arc::new(self.marks.finish()),
            Arc::new(self.supplied.finish()),
        ];
        arrays.extend(self.values.iter_mut().map(|values| values.finish(n)));
        let batch = RecordBatch::try_new(Observations::schema(), arrays);
        Observations::new(batch.expect("each column was given one value a record"))
    }

    /// Hashes the canonical values and says which columns they are of: equal records of one delivery are duplicates.
    fn hash_of(&mut self, key: &DossierKey, record: &Record<'_>) -> i64 {
        let scratch = &mut self.scratch;
        scratch.clear();
        let mut put = |tag: u8, bytes: &[u8]| {
            scratch.push(tag);
            scratch.extend((bytes.len() as u32).to_le_bytes());
            scratch.extend(bytes);
        };
        put(b'k', key.key.as_bytes());
        put(b'i', record.item_key().unwrap_or_default().as_bytes());
        put(b'e', &record.event_time().unwrap_or(i64::MIN).to_le_bytes());
        for (at, value) in record.filled() {
            // The position tells the type, too.
            let tag = at as u8;
            match value {
                Value::Null => {}
                Value::Text(text) => put(tag, text.as_bytes()),
                Value::Day(day) => put(tag, &day.to_epoch_days().to_le_bytes()),
                Value::Instant(number) | Value::Integer(number) => put(tag, &number.to_le_bytes()),
                Value::Flag(flag) => put(tag, &[u8::from(*flag)]),
            }
        }
        let supplied = record.supplied;
        let shared = self.shared.take().filter(|(of, _)| *of == supplied).unwrap_or_else(|| {
            let names = sha2::Sha256::new().chain_update(names_of(supplied));
            (supplied, names.chain_update(&self.origin.feed))
        });
        self.supplied.append_value(supplied.cast_signed());
        let digest = shared.1.clone().chain_update(&*scratch).finalize();
        self.shared = Some(shared);
        i64::from_le_bytes(digest[..8].try_into().expect("a digest has more than 8 bytes"))
    }
}

/// The values of one column: nothing is made of a column without any.
enum ValueBuilder {
    None(Kind),
    Text(StringBuilder),
    Day(Date32Builder),
    Integer(Int64Builder),
    Flag(BooleanBuilder),
}

impl ValueBuilder {
    fn new(column: &columns::Column) -> Self {
        Self::None(column.kind)
    }

    /// Puts a value into a row; the rows before it that were given none are null.
    fn push(&mut self, row: usize, value: &Value<'_>) {
        if let Self::None(kind) = *self {
            *self = match kind {
                Kind::Day => Self::Day(Date32Builder::new()),
                Kind::Integer => Self::Integer(Int64Builder::new()),
                Kind::Flag => Self::Flag(BooleanBuilder::new()),
                _ => Self::Text(StringBuilder::new()),
            };
        }
        self.pad(row);
        match (self, value) {
            (Self::Text(texts), Value::Text(text)) => texts.append_value(text),
            (Self::Day(days), Value::Day(day)) => days.append_value(day.to_epoch_days()),
            (Self::Integer(numbers), Value::Integer(number)) => numbers.append_value(*number),
            (Self::Flag(flags), Value::Flag(flag)) => flags.append_value(*flag),
            _ => unreachable!("a column is given values of its kind"),
        }
    }

    /// Ends the column; the next is made ready for as many values.
    fn finish(&mut self, n_rows: usize) -> ArrayRef {
        self.pad(n_rows);
        match self {
            Self::None(kind) => nulls(&kind.data_type(), n_rows),
            Self::Text(texts) => {
                let next = StringBuilder::with_capacity(n_rows, texts.values_slice().len());
                Arc::new(replace(texts, next).finish())
            }
            Self::Day(days) => {
                Arc::new(replace(days, Date32Builder::with_capacity(n_rows)).finish())
            }
            Self::Integer(numbers) => {
                Arc::new(replace(numbers, Int64Builder::with_capacity(n_rows)).finish())
            }
            Self::Flag(flags) => {
                Arc::new(replace(flags, BooleanBuilder::with_capacity(n_rows)).finish())
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::None(_) => 0,
            Self::Text(texts) => texts.len(),
            Self::Day(days) => days.len(),
            Self::Integer(numbers) => numbers.len(),
            Self::Flag(flags) => flags.len(),
        }
    }

    /// Fills up with nulls to so many rows.
    fn pad(&mut self, n_rows: usize) {
        let n = n_rows - self.len();
        // Most values stand just below the one before.
        if n == 0 {
            return;
        }
        match self {
            Self::None(_) => {}
            Self::Text(texts) => texts.append_nulls(n),
            Self::Day(days) => days.append_nulls(n),
            Self::Integer(numbers) => numbers.append_nulls(n),
            Self::Flag(flags) => flags.append_nulls(n),
        }
    }
}

/// Returns the names of supplied columns, joined by spaces: as `history` tells them.
pub fn names_of(supplied: u64) -> String {
    let columns = SUPPLIED.iter().enumerate().filter(|(at, _)| supplied & 1 << at != 0);
    let names: Vec<&str> = columns.map(|(_, column)| column.name).collect();
    names.join(" ")
}

/// Returns the cell that a dossier's key is given, from the number in it.
pub fn cell_of(key: &str, pipeline: &Pipeline) -> Cell {
    // Where numbers are a unit's own, its code stands before them.
    let unit = key.split_once('/');
    let unit = unit.filter(|(unit, _)| pipeline.reference.units.get(unit).is_some());
    let mut read = DossierKey::default();
    read.read(unit.map_or(key, |(_, number)| number));
    if let Some((unit, _)) = unit {
        read.put_unit(unit);
    }
    cell_at(number_of(read.month, bucket(&read, pipeline.settings.buckets)))
}

/// Numbers the cells: the months since January of the year 0 (-1 where there is none), then the
/// bucket.
fn number_of(month: Option<(u16, u8)>, bucket: i32) -> i64 {
    let months = month.map_or(-1, |(year, month)| i64::from(year) * 12 + i64::from(month) - 1);
    months << 32 | i64::from(bucket)
}

/// Returns the cell of a number that observations have.
pub fn cell_at(number: i64) -> Cell {
    let (months, bucket) = (number >> 32, number as i32);
    let month = match months {
        ..0 => "undated".to_owned(),
        _ => format!("{:04}-{:02}", months / 12, months % 12 + 1),
    };
    Cell { month, bucket }
}

/// Returns the bucket of a dossier: a hash of the agency part, or of the whole number.
fn bucket(key: &DossierKey, n_buckets: i32) -> i32 {
    if n_buckets == 1 {
        return 0;
    }
    let digest = sha2::Sha256::digest(key.agency());
    let hash = i32::from_le_bytes(digest[..4].try_into().expect("a digest has more than 4 bytes"));
    hash & (n_buckets - 1)
}

fn repeated(text: &str, n: usize) -> ArrayRef {
    Arc::new(arrow::array::StringArray::from_iter_values(std::iter::repeat_n(text, n)))
}
