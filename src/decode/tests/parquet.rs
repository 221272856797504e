//! Parquet: values as text, and files that claim what they are not.

mod lies;

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, BinaryArray, BooleanArray, Date32Array, Date64Array, Decimal128Array,
    DictionaryArray, Float32Array, Float64Array, Int8Array, Int64Array, LargeListArray,
    LargeStringArray, ListArray, NullArray, RecordBatch, StringArray, StringViewArray, StructArray,
    Time32MillisecondArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Int32Type};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use crate::pipeline::encoding::Encoding;
use crate::pipeline::profile::Profile;

use super::{Trickle, decode, lines, profile, reading, records};

fn texts(n: usize, of: impl Fn(usize) -> String) -> ArrayRef {
    Arc::new((0..n).map(|at| Some(of(at))).collect::<StringArray>())
}

/// A file with a column of its own beside the two that are required.
fn file(name: &str, column: ArrayRef, properties: WriterProperties) -> Vec<u8> {
    let n = column.len();
    let number = texts(n, |at| format!("HS-{}", at + 1));
    let day = texts(n, |_| "1/7".to_owned());
    let columns = [("MaHoSo", number, false), ("NgayTiepNhan", day, true), (name, column, true)];
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn plain(name: &str, column: ArrayRef) -> Vec<u8> {
    file(name, column, WriterProperties::default())
}

fn packed(compression: Compression) -> WriterProperties {
    WriterProperties::builder().set_compression(compression).build()
}

/// The statuses of a file whose statuses are this column.
fn statuses(column: ArrayRef) -> Vec<String> {
    let lines = records(&*plain("TrangThai", column), &profile()).unwrap();
    let status = |line: &String| line.split(" | ").nth(3).unwrap().to_owned();
    lines.iter().map(status).collect()
}

/// Two records: one with two fees, one with an empty list.
fn fees() -> ArrayRef {
    let fee = Arc::new(Field::new("Gia", DataType::Int64, true));
    let name = Arc::new(Field::new("Ten", DataType::Utf8, true));
    let columns: Vec<ArrayRef> =
        vec![texts(2, |_| "a".to_owned()), Arc::new(Int64Array::from(vec![120_000, 30_000]))];
    let values = StructArray::new(vec![name, fee].into(), columns, None);
    let element = Arc::new(Field::new("element", values.data_type().clone(), true));
    let offsets = OffsetBuffer::from_lengths([2, 0]);
    Arc::new(ListArray::new(element, offsets, Arc::new(values), None))
}

#[test]
fn rows_are_records_whatever_the_codec() {
    let expected = ["HS-1 | - | 1/7 | a | 0", "HS-2 | - | 1/7 | · | 0"];
    let status: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(ZstdLevel::default()),
        Compression::GZIP(GzipLevel::default()),
    ];
    for codec in codecs {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for dictionary in [false, true] {
                let properties = WriterProperties::builder().set_writer_version(version);
                let properties = properties.set_dictionary_enabled(dictionary);
                let bytes =
                    file("TrangThai", status.clone(), properties.set_compression(codec).build());
                assert_eq!(records(&*bytes, &profile()).unwrap(), expected, "{codec:?}");
                assert_eq!(records(Trickle(&bytes), &profile()).unwrap(), expected);
                assert_eq!(lines(&*bytes, &profile()), [1, 2]);
            }
        }
    }
}

#[test]
fn row_groups_and_batches_follow_each_other() {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(9000)).build();
    let bytes = file("TrangThai", texts(20_000, |at| at.to_string()), properties);
    let lines = records(&*bytes, &profile()).unwrap();
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(*line, format!("HS-{} | - | 1/7 | {at} | 0", at + 1));
    }
    assert_eq!(lines.len(), 20_000);
}

#[test]
fn texts_of_every_kind_are_texts() {
    let two = || vec![Some("Đang xử lý"), None];
    let expected = ["Đang xử lý", "·"];
    assert_eq!(statuses(Arc::new(StringArray::from(two()))), expected);
    assert_eq!(statuses(Arc::new(LargeStringArray::from(two()))), expected);
    assert_eq!(statuses(Arc::new(StringViewArray::from(two()))), expected);
    let dictionary: DictionaryArray<Int32Type> = two().into_iter().collect();
    assert_eq!(statuses(Arc::new(dictionary)), expected);
    let bytes = two().into_iter().map(|text| text.map(str::as_bytes)).collect::<BinaryArray>();
    assert_eq!(statuses(Arc::new(bytes)), expected);
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![&b"\xe9"[..]]));
    let line = records(&*plain("TrangThai", bytes), &profile()).unwrap().remove(0);
    assert_eq!(line, "HS-1 | - | 1/7 | · | 0 !invalid_text");
    assert_eq!(statuses(Arc::new(NullArray::new(1))), ["·"]);
    assert_eq!(statuses(Arc::new(BooleanArray::from(vec![true, false]))), ["true", "false"]);
}

#[test]
fn numbers_are_written_short_and_marked() {
    assert_eq!(statuses(Arc::new(Int64Array::from(vec![i64::MIN]))), ["-9223372036854775808#"]);
    assert_eq!(statuses(Arc::new(UInt64Array::from(vec![u64::MAX]))), ["18446744073709551615#"]);
    assert_eq!(statuses(Arc::new(Int8Array::from(vec![Some(-7), None]))), ["-7#", "·"]);
    let floats = vec![0.1, 1e21, -2.50, 120_000.0, 1e-7];
    let expected = ["0.1#", "1000000000000000000000#", "-2.5#", "120000#", "0.0000001#"];
    assert_eq!(statuses(Arc::new(Float64Array::from(floats))), expected);
    assert_eq!(statuses(Arc::new(Float32Array::from(vec![0.1]))), ["0.1#"]);
    let decimals = Decimal128Array::from(vec![12_000_000, 150, -5, 0]);
    let decimals = decimals.with_precision_and_scale(20, 2).unwrap();
    assert_eq!(statuses(Arc::new(decimals)), ["120000#", "1.5#", "-0.05#", "0#"]);
    let decimals = Decimal128Array::from(vec![100]).with_precision_and_scale(20, 0).unwrap();
    assert_eq!(statuses(Arc::new(decimals)), ["100#"]);
}

#[test]
fn days_and_times_are_written_in_order() {
    assert_eq!(statuses(Arc::new(Date32Array::from(vec![18_444]))), ["2020-07-01"]);
    let days: ArrayRef = Arc::new(Date64Array::from(vec![18_444 * 86_400_000]));
    let bytes = file("TrangThai", days, WriterProperties::builder().set_coerce_types(true).build());
    assert_eq!(records(&*bytes, &profile()).unwrap(), ["HS-1 | - | 1/7 | 2020-07-01 | 0"]);
    let noon = 18_444 * 86_400 + 43_200;
    let expected = "2020-07-01T12:00:00";
    let times = TimestampMillisecondArray::from(vec![noon * 1000 + 5]);
    assert_eq!(statuses(Arc::new(times)), ["2020-07-01T12:00:00.005"]);
    let times = TimestampMicrosecondArray::from(vec![Some(noon * 1_000_000), None]);
    assert_eq!(statuses(Arc::new(times.clone())), [expected, "·"]);
    let zoned = statuses(Arc::new(times.with_timezone("Asia/Ho_Chi_Minh")));
    assert_eq!(zoned, ["2020-07-01T12:00:00+00:00", "·"]);
    let times = TimestampNanosecondArray::from(vec![noon * 1_000_000_000]).with_timezone("+07:00");
    assert_eq!(statuses(Arc::new(times)), ["2020-07-01T12:00:00+00:00"]);
    let times = TimestampMillisecondArray::from(vec![i64::MAX]);
    assert_eq!(statuses(Arc::new(times)), ["·"]);
    assert_eq!(statuses(Arc::new(Time32MillisecondArray::from(vec![3_600_000]))), ["01:00:00"]);
}

#[test]
fn structures_and_lists_have_paths() {
    let bytes = plain("DanhSachLePhi", fees());
    // An empty list is there, without a fee.
    let found = records(&*bytes, &profile()).unwrap();
    assert_eq!(found, ["HS-1 | 150000# | 1/7 | - | 0", "HS-2 | · | 1/7 | - | 0"]);
    let counted = records(&*plain("DanhSachHoSoBoSung", fees()), &profile()).unwrap();
    assert_eq!(counted, ["HS-1 | - | 1/7 | - | 2", "HS-2 | - | 1/7 | - | 0"]);
    // Of a structure that is counted and read in part, what is read is enough.
    let both = Profile {
        columns: [
            reading("fee_vnd", &["sum(DanhSachLePhi.Gia)"]).columns,
            reading("supplement_count", &["count(DanhSachLePhi)"]).columns,
        ]
        .into_iter()
        .flatten()
        .collect(),
        ..profile()
    };
    let found = records(&*bytes, &both).unwrap();
    assert_eq!(found, ["HS-1 | 150000# | 1/7 | - | 2", "HS-2 | · | 1/7 | - | 0"]);
    let words = LargeListArray::new(
        Arc::new(Field::new("item", DataType::Utf8, true)),
        OffsetBuffer::from_lengths([2, 0, 1]),
        Arc::new(StringArray::from(vec![Some("a"), None, Some("b")])),
        None,
    );
    assert_eq!(statuses(Arc::new(words)), ["a", "·", "b"]);
}

#[test]
fn the_declared_encoding_is_kept() {
    let declared = Profile { encoding: Some(Encoding::Tcvn3), ..profile() };
    let bytes = plain("TrangThai", texts(50, |_| "a".to_owned()));
    let log = decode(&*bytes, &declared).unwrap();
    assert_eq!((log.written.encoding, &*log.written.format), (Encoding::Tcvn3, "parquet"));
    assert_eq!(log.records.map(|batch| batch.unwrap().n_records()).sum::<usize>(), 50);
}

#[test]
fn a_file_without_headings_or_records_is_refused() {
    let rule = |bytes: Vec<u8>| records(&*bytes, &profile()).unwrap_err();
    assert_eq!(rule(plain("TrangThai", texts(0, |_| String::new()))), "no_records");
    let batch = RecordBatch::try_from_iter([("a", texts(1, |_| "b".to_owned()))]).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    assert_eq!(rule(writer.into_inner().unwrap()), "heading_missing");
}

#[test]
fn what_is_cut_or_changed_is_refused_or_read_but_never_a_panic() {
    let bytes = file("DanhSachLePhi", fees(), packed(Compression::SNAPPY));
    for end in 4..bytes.len() {
        assert_eq!(records(&bytes[..end], &profile()), Err("damaged".to_owned()), "{end}");
    }
    let mut state = 1_u64;
    let mut random = |n: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for codec in [Compression::UNCOMPRESSED, Compression::GZIP(GzipLevel::default())] {
        let bytes = file("DanhSachLePhi", fees(), packed(codec));
        let mut n_refused = 0;
        for _ in 0..std::env::var("FUZZ").map_or(4000, |n| n.parse().unwrap()) {
            let mut changed = bytes.clone();
            for _ in 0..=random(3) {
                let at = 4 + random(changed.len() - 4);
                changed[at] = random(256) as u8;
            }
            n_refused += usize::from(records(&*changed, &profile()).is_err());
        }
        assert!(n_refused > 1000, "{n_refused}");
    }
}

#[test]
fn a_long_text_in_every_row_is_held_once() {
    // A dictionary of one text: 30 GiB if each row had its own.
    let long = "x".repeat(3 << 20);
    let keys = arrow::array::Int32Array::from(vec![0; 10_000]);
    let values: ArrayRef = Arc::new(StringArray::from(vec![long]));
    let column = DictionaryArray::<Int32Type>::new(keys, values);
    let bytes = plain("TenHoSo", Arc::new(column.clone()));
    assert_eq!(records(&*bytes, &profile()).unwrap().len(), 10_000);
    let log_of = reading("status", &["TenHoSo"]);
    let log = decode(&*bytes, &log_of).unwrap();
    let n: usize = log.records.take(2).map(|batch| batch.unwrap().n_records()).sum();
    assert!(n > 0 && n < 1000, "{n}");
}

#[test]
fn a_record_of_ever_more_values_is_refused() {
    let words = ListArray::new(
        Arc::new(Field::new("item", DataType::Utf8, true)),
        OffsetBuffer::from_lengths([1_000_000]),
        texts(1_000_000, |_| "abcdef".to_owned()),
        None,
    );
    let bytes = plain("TrangThai", Arc::new(words));
    assert_eq!(records(&*bytes, &profile()), Err("record_too_long".to_owned()));
    let nothing = ListArray::new(
        Arc::new(Field::new("item", DataType::Null, true)),
        OffsetBuffer::from_lengths([20_000_000]),
        Arc::new(NullArray::new(20_000_000)),
        None,
    );
    let bytes = plain("TrangThai", Arc::new(nothing));
    assert!(bytes.len() < 1 << 20);
    assert_eq!(records(&*bytes, &profile()), Err("too_large".to_owned()));
}
