//! Arrow batches to polars frames and back through the C data interface, without copies of values.
//! Knows no measure.
#![expect(unsafe_code, reason = "the C data interface hands over raw pointers")]

use std::mem::transmute;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions, make_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use polars::prelude::{Column, CompatLevel, DataFrame, PlSmallStr, PolarsError, Series};
use polars_arrow::datatypes::Field as PolarsField;
use polars_arrow::ffi::{
    ArrowArray, ArrowSchema, export_array_to_c, export_field_to_c, import_array_from_c,
    import_field_from_c,
};

use super::MeasureError;

type PolarsArray = Box<dyn polars_arrow::array::Array>;

/// Hands batches of one schema to polars as one frame; no batch is a frame without columns.
pub(super) fn to_frame(batches: &[RecordBatch]) -> Result<DataFrame, MeasureError> {
    let height = batches.iter().map(RecordBatch::num_rows).sum();
    let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (index, field) in schema.fields().iter().enumerate() {
        let chunks = batches
            .iter()
            .map(|batch| to_polars(batch.column(index)))
            .collect::<Result<Vec<_>, _>>()?;
        let name = PlSmallStr::from_str(field.name());
        let series = Series::try_from((name, chunks)).map_err(engine)?;
        columns.push(Column::from(series));
    }
    DataFrame::new(height, columns).map_err(engine)
}

/// Takes a frame back as one batch; texts become `Utf8`.
pub(super) fn to_batch(frame: &DataFrame) -> Result<RecordBatch, MeasureError> {
    let mut fields = Vec::with_capacity(frame.width());
    let mut arrays = Vec::with_capacity(frame.width());
    for column in frame.columns() {
        let series = column.as_materialized_series().rechunk();
        let array = to_arrow(series.to_arrow(0, CompatLevel::oldest())).map_err(arrow)?;
        fields.push(Field::new(column.name().as_str(), array.data_type().clone(), true));
        arrays.push(array);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(frame.height()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
        .map_err(arrow)
}

fn to_polars(array: &ArrayRef) -> Result<PolarsArray, MeasureError> {
    let (array, schema) = to_ffi(&array.to_data()).map_err(arrow)?;
    // SAFETY: both crates lay these structs out as the C data interface says (the sizes are checked
    // by `transmute`), a moved struct stays valid, and each is released once: by its new owner.
    let (array, schema) = unsafe {
        (
            transmute::<FFI_ArrowArray, ArrowArray>(array),
            transmute::<FFI_ArrowSchema, ArrowSchema>(schema),
        )
    };
    // SAFETY: the structs were exported together just now, so the schema describes the array.
    let imported = unsafe {
        import_field_from_c(&schema).and_then(|field| import_array_from_c(array, field.dtype))
    };
    imported.map_err(engine)
}

fn to_arrow(array: PolarsArray) -> Result<ArrayRef, ArrowError> {
    let field = PolarsField::new("".into(), array.dtype().clone(), true);
    let (array, schema) = (export_array_to_c(array), export_field_to_c(&field));
    // SAFETY: as in `to_polars`.
    let (array, schema) = unsafe {
        (
            transmute::<ArrowArray, FFI_ArrowArray>(array),
            transmute::<ArrowSchema, FFI_ArrowSchema>(schema),
        )
    };
    // SAFETY: the structs were exported together just now, so the schema describes the array.
    let array = make_array(unsafe { from_ffi(array, &schema) }?);
    match array.data_type() {
        DataType::LargeUtf8 => cast(&array, &DataType::Utf8),
        _ => Ok(array),
    }
}

fn engine(source: PolarsError) -> MeasureError {
    MeasureError::Engine { deed: "hand arrow arrays to polars", source }
}

fn arrow(source: ArrowError) -> MeasureError {
    MeasureError::Arrow { deed: "exchange arrow arrays with polars", source }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray as _;
    use arrow::array::BooleanArray;
    use arrow::array::Date32Array;
    use arrow::array::Int64Array;
    use arrow::array::StringArray;
    use arrow::array::TimestampMicrosecondArray;
    use arrow::array::new_null_array;
    use polars::prelude::IntoLazy as _;
    use polars::prelude::col;

    use crate::pipeline::tables::Table;

    use super::*;

    fn sample() -> RecordBatch {
        let long = "longer than the twelve bytes of a view";
        let texts = StringArray::from(vec![Some("á"), None, Some(""), Some(long), Some("z")]);
        let times = TimestampMicrosecondArray::from(vec![Some(-1), None, Some(0), Some(7), None]);
        let columns: [(&str, ArrayRef); 6] = [
            ("text", Arc::new(texts)),
            ("integer", Arc::new(Int64Array::from(vec![Some(1), None, Some(-3), Some(4), None]))),
            ("day", Arc::new(Date32Array::from(vec![None, Some(-1), Some(0), None, Some(9)]))),
            ("time", Arc::new(times.with_timezone("UTC"))),
            (
                "flag",
                Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), None, Some(true)])),
            ),
            ("nothing", new_null_array(&DataType::Utf8, 5)),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(n, array)| (n, array, true)))
            .unwrap()
    }

    fn round_trip(batches: &[RecordBatch]) -> RecordBatch {
        to_batch(&to_frame(batches).unwrap()).unwrap()
    }

    #[test]
    fn every_slice_comes_back_as_it_went() {
        let whole = sample();
        for start in 0..=5 {
            for length in 0..=5 - start {
                let slice = whole.slice(start, length);
                assert_eq!(round_trip(std::slice::from_ref(&slice)), slice, "{start} {length}");
            }
        }
    }

    #[test]
    fn a_sliced_frame_comes_back_as_a_slice() {
        let whole = sample();
        let frame = to_frame(std::slice::from_ref(&whole)).unwrap().slice(1, 3);
        assert_eq!(to_batch(&frame).unwrap(), whole.slice(1, 3));
    }

    #[test]
    fn bits_beyond_the_first_byte_survive_slices() {
        let flags: BooleanArray = (0..100).map(|i| (i % 7 != 0).then_some(i % 3 == 0)).collect();
        let whole = RecordBatch::try_from_iter([("flag", Arc::new(flags) as ArrayRef)]).unwrap();
        for start in [1, 7, 8, 9, 63, 65] {
            let slice = whole.slice(start, 30);
            let back = round_trip(std::slice::from_ref(&slice));
            assert_eq!(back.column(0), slice.column(0), "{start}");
        }
    }

    #[test]
    fn batches_become_one_frame() {
        let whole = sample();
        let parts = [whole.slice(0, 2), whole.slice(2, 0), whole.slice(2, 3)];
        assert_eq!(round_trip(&parts), whole);
        assert_eq!(round_trip(&[]).num_columns(), 0);
    }

    #[test]
    fn values_outlive_what_they_came_from() {
        let frame = {
            let batch = sample().slice(1, 4);
            to_frame(&[batch]).unwrap()
        };
        let text = frame.clone().lazy().select([col("text").max()]).collect().unwrap();
        drop(frame);
        let batch = to_batch(&text).unwrap();
        drop(text);
        assert_eq!(batch.column(0).as_string::<i32>().value(0), "z");
    }

    #[test]
    fn each_table_can_be_handed_over() {
        for table in Table::ALL {
            let schema = table.schema();
            let columns: Vec<ArrayRef> =
                schema.fields().iter().map(|f| new_null_array(f.data_type(), 3)).collect();
            let batch = RecordBatch::try_new(schema, columns).unwrap();
            let back = round_trip(&[batch.slice(1, 2)]);
            assert_eq!((back.num_columns(), back.num_rows()), (batch.num_columns(), 2));
        }
    }
}
