//! Values of Parquet columns as text.

use std::sync::Arc;

use arrow::array::cast::AsArray as _;
use arrow::array::{Array as _, ArrayRef, ArrowPrimitiveType, StructArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Decimal256Type, DecimalType, Float16Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow::temporal_conversions as temporal;
use arrow::util::display::array_value_to_string;

use super::super::keyed::{Gather, push_key};

/// Puts a value, with all that it holds, under its path.
pub(super) fn put_value(gather: &mut Gather, path: &mut String, array: &ArrayRef, at: usize) {
    if array.is_null(at) || *array.data_type() == DataType::Null {
        return gather.put_nothing(path);
    }
    match array.data_type() {
        DataType::Utf8View => gather.put(path, array.as_string_view().value(at)),
        DataType::BinaryView => put_bytes(gather, path, array.as_binary_view().value(at)),
        DataType::FixedSizeBinary(_) => {
            put_bytes(gather, path, array.as_fixed_size_binary().value(at));
        }
        DataType::Boolean => {
            gather.put(path, if array.as_boolean().value(at) { "true" } else { "false" });
        }
        DataType::Struct(_) => put_struct(gather, path, array.as_struct(), at),
        DataType::List(_) => put_list(gather, path, &array.as_list::<i32>().value(at)),
        DataType::Map(..) => {
            let entries: ArrayRef = Arc::new(array.as_map().value(at));
            put_list(gather, path, &entries);
        }
        kind if kind.is_numeric() => match number(array, at) {
            Some(text) => gather.put_number(path, &text),
            None => gather.put_flaw(path, "invalid_text"),
        },
        DataType::Date32 | DataType::Timestamp(..) => match day_or_time(array, at) {
            Some(text) => gather.put(path, &text),
            None => gather.put_flaw(path, "invalid_text"),
        },
        _ => match array_value_to_string(array, at) {
            Ok(text) => gather.put(path, &text),
            Err(_) => gather.put_flaw(path, "invalid_text"),
        },
    }
}

fn put_list(gather: &mut Gather, path: &mut String, elements: &ArrayRef) {
    gather.put_nothing(path);
    if elements.is_empty() {
        gather.put_empty_list(path);
    }
    for at in 0..elements.len() {
        // What is dropped anyhow need not be read.
        if gather.is_too_long() {
            return;
        }
        put_value(gather, path, elements, at);
    }
}

fn put_struct(gather: &mut Gather, path: &mut String, values: &StructArray, at: usize) {
    gather.put_object(path);
    let n_bytes = path.len();
    for (field, column) in values.fields().iter().zip(values.columns()) {
        push_key(path, field.name());
        put_value(gather, path, column, at);
        path.truncate(n_bytes);
    }
}

/// Old writers do not say which of their bytes are texts.
fn put_bytes(gather: &mut Gather, path: &str, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(text) => gather.put(path, text),
        Err(_) => gather.put_flaw(path, "invalid_text"),
    }
}

/// Writes a number in the shortest form without an exponent.
fn number(array: &ArrayRef, at: usize) -> Option<String> {
    Some(match array.data_type() {
        DataType::Int8 => value::<Int8Type>(array, at).to_string(),
        DataType::Int16 => value::<Int16Type>(array, at).to_string(),
        DataType::Int32 => value::<Int32Type>(array, at).to_string(),
        DataType::Int64 => value::<Int64Type>(array, at).to_string(),
        DataType::UInt8 => value::<UInt8Type>(array, at).to_string(),
        DataType::UInt16 => value::<UInt16Type>(array, at).to_string(),
        DataType::UInt32 => value::<UInt32Type>(array, at).to_string(),
        DataType::UInt64 => value::<UInt64Type>(array, at).to_string(),
        DataType::Float16 => value::<Float16Type>(array, at).to_f32().to_string(),
        DataType::Float32 => value::<Float32Type>(array, at).to_string(),
        DataType::Float64 => value::<Float64Type>(array, at).to_string(),
        DataType::Decimal128(..) => decimal::<Decimal128Type>(array, at),
        DataType::Decimal256(..) => decimal::<Decimal256Type>(array, at),
        _ => return None,
    })
}

fn value<T: ArrowPrimitiveType>(array: &ArrayRef, at: usize) -> T::Native {
    array.as_primitive::<T>().value(at)
}

fn decimal<T: DecimalType>(array: &ArrayRef, at: usize) -> String {
    let text = array.as_primitive::<T>().value_as_string(at);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Writes a day, or a time: with an offset where the column says that its times have a zone.
fn day_or_time(array: &ArrayRef, at: usize) -> Option<String> {
    let (time, zone) = match array.data_type() {
        DataType::Date32 => {
            let day = temporal::date32_to_datetime(value::<Date32Type>(array, at))?;
            return Some(day.format("%Y-%m-%d").to_string());
        }
        DataType::Timestamp(TimeUnit::Millisecond, zone) => {
            (temporal::timestamp_ms_to_datetime(value::<TimestampMillisecondType>(array, at)), zone)
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            (temporal::timestamp_us_to_datetime(value::<TimestampMicrosecondType>(array, at)), zone)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            (temporal::timestamp_ns_to_datetime(value::<TimestampNanosecondType>(array, at)), zone)
        }
        _ => return None,
    };
    // Whatever the zone, what is stored is UTC.
    let offset = if zone.is_some() { "+00:00" } else { "" };
    Some(format!("{}{offset}", time?.format("%Y-%m-%dT%H:%M:%S%.f")))
}
