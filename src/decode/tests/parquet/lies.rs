//! Footers and pages that say what is not so.

use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
    RowGroupMetaData,
};
use parquet::file::properties::WriterProperties;

use super::super::{profile, records};
use super::{file, plain, texts};

/// Writes a footer after bytes.
fn with_footer(mut bytes: Vec<u8>, footer: &[u8]) -> Vec<u8> {
    bytes.extend_from_slice(footer);
    bytes.extend_from_slice(&u32::try_from(footer.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(b"PAR1");
    bytes
}

/// Writes a file's footer anew, with its first row group and that one's column changed.
fn refooted(
    data: Vec<u8>,
    footer: ParquetMetaData,
    group: impl Fn(RowGroupMetaData) -> RowGroupMetaData,
    column: impl Fn(ColumnChunkMetaData) -> ColumnChunkMetaData,
) -> Vec<u8> {
    let mut builder = footer.into_builder();
    let mut groups = builder.take_row_groups();
    let first = groups.remove(0);
    let mut columns = first.columns().to_vec();
    let last = column(columns.pop().unwrap());
    columns.push(last);
    let first = first.into_builder().set_column_metadata(columns).build().unwrap();
    groups.insert(0, group(first));
    let metadata = builder.set_row_groups(groups).build();
    let mut bytes = data;
    ParquetMetaDataWriter::new(&mut bytes, &metadata).finish().unwrap();
    bytes
}

/// Splits a file into what stands above its footer, and the footer.
fn split(bytes: &[u8]) -> (Vec<u8>, ParquetMetaData) {
    let n = bytes.len();
    let footer_bytes = u32::from_le_bytes(bytes[n - 8..n - 4].try_into().unwrap()) as usize;
    let footer = &bytes[n - 8 - footer_bytes..n - 8];
    let metadata = ParquetMetaDataReader::decode_metadata(footer).unwrap();
    (bytes[..n - 8 - footer_bytes].to_vec(), metadata)
}

#[test]
fn footers_that_lie_are_refused() {
    let bytes = plain("TrangThai", texts(10, |_| "a".to_owned()));
    let of = |group: &dyn Fn(RowGroupMetaData) -> RowGroupMetaData| {
        let (data, footer) = split(&bytes);
        records(&*refooted(data, footer, group, |column| column), &profile())
    };
    assert_eq!(of(&|group| group).unwrap().len(), 10);
    let sized = |size| {
        move |g: RowGroupMetaData| g.into_builder().set_total_byte_size(size).build().unwrap()
    };
    assert_eq!(of(&sized(1 << 40)), Err("too_large".to_owned()));
    assert_eq!(of(&sized(-1)), Err("too_large".to_owned()));
    let rows = |n| move |g: RowGroupMetaData| g.into_builder().set_num_rows(n).build().unwrap();
    assert_eq!(of(&rows(1 << 40)), Err("bomb".to_owned()));
    assert_eq!(of(&rows(-1)), Err("damaged".to_owned()));
    let (data, footer) = split(&bytes);
    let far = refooted(
        data,
        footer,
        |group| group,
        |column| column.into_builder().set_total_compressed_size(1 << 40).build().unwrap(),
    );
    assert_eq!(records(&*far, &profile()), Err("damaged".to_owned()));

    // A version, a schema that is but a root, no rows, and as many row groups as it likes.
    let mut footer = vec![0x15, 4, 0x19, 0x1c, 0x48, 1, b'r', 0, 0x16, 0, 0x19];
    footer.extend([0xfc, 0xff, 0xff, 0xff, 0xff, 7]);
    let lists = with_footer(b"PAR1".to_vec(), &footer);
    assert_eq!(records(&*lists, &profile()), Err("damaged".to_owned()));

    let n_levels = 100_000;
    let mut footer = vec![0x15, 4, 0x19, 0xfc];
    footer.extend([(n_levels & 0x7f | 0x80) as u8, (n_levels >> 7 & 0x7f | 0x80) as u8]);
    footer.push((n_levels >> 14) as u8);
    (0..n_levels).for_each(|_| footer.extend([0x35, 0, 0x18, 1, b'a', 0x15, 2, 0]));
    footer.extend([0x16, 0, 0x19, 0x0c, 0]);
    let deep = with_footer(b"PAR1".to_vec(), &footer);
    assert_eq!(records(&*deep, &profile()), Err("damaged".to_owned()));
}

/// A file of one long column, its page said to have another size: its header begins with the type
/// of the page and, as a varint, that size.
fn page_of(codec: Compression, size: impl Fn(i64) -> i64) -> Vec<u8> {
    let properties = WriterProperties::builder().set_dictionary_enabled(false);
    let properties = properties.set_data_page_size_limit(16 << 20).set_compression(codec);
    let column = texts(3000, |_| "x".repeat(1000));
    let (mut data, footer) = split(&file("TrangThai", column, properties.build()));
    let at = usize::try_from(footer.row_group(0).column(2).data_page_offset()).unwrap();
    assert_eq!(data[at..at + 3], [0x15, 0, 0x15]);
    let old = &data[at + 3..at + 7];
    let digit = |(at, byte): (usize, &u8)| i64::from(byte & 0x7f) << (7 * at);
    let old = old.iter().enumerate().map(digit).sum::<i64>() / 2;
    assert!(old > 3_000_000, "{old}");
    let new = varint(size(old));
    let n_more = new.len() - 4;
    data.splice(at + 3..at + 7, new);
    refooted(
        data,
        footer,
        |group| group,
        |column| {
            let size = column.compressed_size() + i64::try_from(n_more).unwrap();
            column.into_builder().set_total_compressed_size(size).build().unwrap()
        },
    )
}

#[test]
fn pages_that_lie_are_refused() {
    let codecs = [Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())];
    for codec in codecs.into_iter().chain([Compression::GZIP(GzipLevel::default())]) {
        let of = |size: &dyn Fn(i64) -> i64| {
            records(&*page_of(codec, size), &profile()).map(|records| records.len())
        };
        assert_eq!(of(&|size| size), Ok(3000), "{codec:?}");
        assert_eq!(of(&|_| i32::MAX.into()), Err("too_large".to_owned()));
        assert_eq!(of(&|_| -1), Err("too_large".to_owned()));
        assert_eq!(of(&|size| size - 1), Err("damaged".to_owned()), "{codec:?}");
    }
}

/// Writes a number as Thrift does, in four bytes at least.
fn varint(number: i64) -> Vec<u8> {
    let mut rest = (number << 1 ^ number >> 63).cast_unsigned();
    let mut bytes = Vec::new();
    loop {
        let low = (rest & 0x7f) as u8;
        rest >>= 7;
        if rest == 0 && bytes.len() >= 3 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
