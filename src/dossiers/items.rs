//! Feeds with many items to a dossier: payments and parcels. Each item folds by itself, then the
//! dossier's columns are sums, flags and last days over them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::Array as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int64Array, ListArray, RecordBatch, StringArray,
    StructArray, UInt32Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Date32Type, Int64Type};

use crate::normalise::position_of;
use crate::pipeline::columns::{FeedKind, PAYMENT, item_columns, supplied_bit, supplied_index};
use crate::pipeline::tables::payments_field;

use super::arrange;

/// The items of one dossier and feed: for each column, the row of the latest observation that
/// supplies it, in the order of the items' keys.
type Items = BTreeMap<String, Item>;
type Item = BTreeMap<&'static str, usize>;

/// Folds the items of every dossier into its columns; `supplied` has a bit for each column that an
/// observation supplies. Returns the `payments` column: each payment by itself.
pub(super) fn fold(
    batch: &RecordBatch,
    groups: &[usize],
    supplied: &[u64],
    values: &mut [ArrayRef],
) -> ArrayRef {
    let mut each = None;
    for kind in [FeedKind::Payment, FeedKind::Postal] {
        let mask = item_columns(kind).fold(0, |mask, column| mask | supplied_bit(column));
        if supplied.iter().all(|row| row & mask == 0) {
            continue;
        }
        let items: Vec<Items> = groups
            .windows(2)
            .map(|group| items(batch, group[0]..group[1], supplied, kind))
            .collect();
        match kind {
            FeedKind::Payment => {
                payments(batch, &items, values);
                each = Some(each_payment(batch, &items));
            }
            _ => parcels(batch, &items, values),
        }
    }
    each.unwrap_or_else(|| each_payment(batch, &vec![Items::new(); groups.len() - 1]))
}

/// Makes the `payments` column, in the order of the payments' keys.
fn each_payment(batch: &RecordBatch, items: &[Items]) -> ArrayRef {
    let field = payments_field();
    let DataType::List(item) = field.data_type() else { unreachable!("payments are a list") };
    let DataType::Struct(fields) = item.data_type() else { unreachable!("of structs") };
    let keys = items.iter().flat_map(BTreeMap::keys).map(Some);
    let mut columns: Vec<ArrayRef> = vec![Arc::new(keys.collect::<StringArray>())];
    columns.extend(PAYMENT.iter().map(|column| {
        let all = items.iter().flat_map(BTreeMap::values);
        let rows = all.map(|item| item.get(column.name).map(|row| *row as u32));
        take(batch.column(position_of(column.name)), &rows.collect::<UInt32Array>(), None)
            .expect("the rows are the batch's own")
    }));
    let offsets = OffsetBuffer::from_lengths(items.iter().map(BTreeMap::len));
    let structs = StructArray::new(fields.clone(), columns, None);
    Arc::new(ListArray::new(Arc::clone(item), offsets, Arc::new(structs), None))
}

fn items(
    batch: &RecordBatch,
    rows: std::ops::Range<usize>,
    supplied: &[u64],
    kind: FeedKind,
) -> Items {
    let keys = batch.column(arrange::ITEM_KEY).as_string::<i32>();
    let mut items = Items::new();
    for row in rows.filter(|row| keys.is_valid(*row)) {
        for column in item_columns(kind).filter(|c| supplied[row] & supplied_bit(c) != 0) {
            // In the order of the fold: the later observation overwrites.
            match items.get_mut(keys.value(row)) {
                Some(item) => {
                    item.insert(column, row);
                }
                None => {
                    items.insert(keys.value(row).to_owned(), [(column, row)].into());
                }
            }
        }
    }
    items
}

/// A payment counts where it is paid: one that was refunded, cancelled or never made does not.
fn payments(batch: &RecordBatch, items: &[Items], values: &mut [ArrayRef]) {
    let read = Reader { batch };
    let is_paid = |item: &&Item| matches!(read.text(item, "payment_status"), None | Some("paid"));
    let paid = |items: &Items| items.values().filter(is_paid).cloned().collect::<Vec<_>>();
    // A sum that no number holds is none.
    let sum = |items: &Items| -> Option<i64> {
        let paid = paid(items);
        let mut amounts = paid.iter().filter_map(|item| read.integer(item, "paid_vnd"));
        let first = amounts.next()?;
        amounts.try_fold(first, i64::checked_add)
    };
    let last_day = |items: &Items| paid(items).iter().filter_map(|i| read.day(i, "paid_on")).max();
    let channel = |items: &Items| {
        let paid = paid(items);
        // A fee paid online stays so whatever is paid at a counter later.
        let is_online = |item| read.flag(item, "paid_online") == Some(true);
        let last = paid.iter().max_by_key(|item| (is_online(item), read.day(item, "paid_on")))?;
        read.text(last, "payment_channel").map(str::to_owned)
    };
    let status = |items: &Items| {
        let statuses = items.values().filter_map(|item| read.text(item, "payment_status"));
        let all: Vec<&str> = statuses.collect();
        all.iter().find(|status| **status == "paid").or(all.last()).map(|s| (*s).to_owned())
    };
    put(values, "paid_vnd", items.iter().map(sum).collect::<Int64Array>());
    let online = items.iter().map(|items| any(paid(items).iter(), &read, "paid_online"));
    put(values, "paid_online", online.collect::<BooleanArray>());
    put(values, "paid_on", items.iter().map(last_day).collect::<Date32Array>());
    put(values, "payment_channel", items.iter().map(channel).collect::<StringArray>());
    put(values, "payment_status", items.iter().map(status).collect::<StringArray>());
}

fn parcels(batch: &RecordBatch, items: &[Items], values: &mut [ArrayRef]) {
    let read = Reader { batch };
    for column in ["post_in", "post_out"] {
        let flags = items.iter().map(|items| any(items.values(), &read, column));
        put(values, column, flags.collect::<BooleanArray>());
    }
    // Both days are those of one parcel, the last: one before it may have been delivered, too.
    for column in ["post_handed_on", "post_delivered_on"] {
        let last = |items: &Items| {
            let days = |item: &&Item| (read.day(item, "post_handed_on"), read.day(item, column));
            read.day(items.values().max_by_key(days)?, column)
        };
        put(values, column, items.iter().map(last).collect::<Date32Array>());
    }
}

/// Whether any item says yes; null where none says anything.
fn any<'i>(items: impl Iterator<Item = &'i Item>, read: &Reader<'_>, column: &str) -> Option<bool> {
    items.filter_map(|item| read.flag(item, column)).reduce(|a, b| a || b)
}

/// Reads the values of an item.
struct Reader<'a> {
    batch: &'a RecordBatch,
}

impl Reader<'_> {
    fn row(&self, item: &Item, column: &str) -> Option<(&ArrayRef, usize)> {
        let values = self.batch.column(position_of(column));
        item.get(column).filter(|row| values.is_valid(**row)).map(|row| (values, *row))
    }

    fn text(&self, item: &Item, column: &str) -> Option<&str> {
        self.row(item, column).map(|(values, row)| values.as_string::<i32>().value(row))
    }

    fn integer(&self, item: &Item, column: &str) -> Option<i64> {
        let (values, row) = self.row(item, column)?;
        Some(values.as_primitive::<Int64Type>().value(row))
    }

    fn day(&self, item: &Item, column: &str) -> Option<i32> {
        let (values, row) = self.row(item, column)?;
        Some(values.as_primitive::<Date32Type>().value(row))
    }

    fn flag(&self, item: &Item, column: &str) -> Option<bool> {
        self.row(item, column).map(|(values, row)| values.as_boolean().value(row))
    }
}

fn put(values: &mut [ArrayRef], column: &str, folded: impl arrow::array::Array + 'static) {
    values[supplied_index(column).expect("a supplied column")] = Arc::new(folded);
}
