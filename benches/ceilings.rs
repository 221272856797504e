//! What the parts of a load cost alone, on one core: the same log copied, hashed, compressed, cut
//! into fields and written as Parquet by the bare libraries. `cargo bench --bench ceilings -- LOG`
//! prints a line each: what it is, a tab, how many bytes of the log it does a second.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints and may panic")]

use std::hint::black_box;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use sha2::{Digest as _, Sha256};

const N_ROUNDS: usize = 3;
/// As raw bytes are compressed, and as tables are.
const RAW_LEVEL: i32 = 1;
const TABLE_LEVEL: i32 = 3;
const ROWS_IN_A_BATCH: usize = 32 * 1024;

fn main() {
    let path = std::env::args().skip(1).find(|arg| arg != "--bench");
    let log = std::fs::read(path.expect("the path of a log in CSV")).unwrap();
    let compressed = zstd::encode_all(&*log, RAW_LEVEL).unwrap();
    let batches = batches(&log);
    // What nobody looks at would not be copied.
    let mut copy = vec![0; log.len()];
    tell("memcpy", &log, || {
        copy.copy_from_slice(black_box(&log));
        black_box(&copy).len()
    });
    tell("SHA-256", &log, || Sha256::digest(&log).len());
    tell("zstd 1", &log, || zstd::encode_all(&*log, RAW_LEVEL).unwrap().len());
    tell("unzstd", &log, || zstd::decode_all(&*compressed).unwrap().len());
    tell("csv crate", &log, || n_fields(&log));
    tell("ArrowWriter", &log, || parquet(&batches).len());
}

/// Prints how fast something is done with a log, by the best of some rounds.
fn tell(name: &str, log: &[u8], mut work: impl FnMut() -> usize) {
    let seconds = (0..N_ROUNDS).map(|_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed().as_secs_f64()
    });
    let best = seconds.fold(f64::INFINITY, f64::min);
    println!("{name}\t{:.0}", log.len() as f64 / best);
}

fn n_fields(log: &[u8]) -> usize {
    let mut reader = csv::Reader::from_reader(log);
    let (mut record, mut n_fields) = (csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record).unwrap() {
        n_fields += record.len();
    }
    n_fields
}

/// Reads a log as columns of text.
fn batches(log: &[u8]) -> Vec<RecordBatch> {
    let headings = csv::Reader::from_reader(log).headers().unwrap().clone();
    let fields: Vec<Field> =
        headings.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    let reader = ReaderBuilder::new(Arc::new(Schema::new(fields))).with_header(true);
    let reader = reader.with_batch_size(ROWS_IN_A_BATCH).build(Cursor::new(log)).unwrap();
    reader.map(Result::unwrap).collect()
}

fn parquet(batches: &[RecordBatch]) -> Vec<u8> {
    let level = ZstdLevel::try_new(TABLE_LEVEL).unwrap();
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    let schema = batches[0].schema();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.into_inner().unwrap()
}
