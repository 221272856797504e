//! How fast each format is read, as a ratio to the bare library that reads it: the same file, in
//! the same run, best of some rounds. `cargo bench --bench decode` prints the table, with the name
//! of a format its line alone; it gates nothing.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints and may panic")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{Cursor, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use calamine::Reader as _;
use hoso::decode::decode;
use hoso::pipeline::heading::Heading;
use hoso::pipeline::profile::Profile;

const N_ROWS: usize = 200_000;
const N_ROUNDS: usize = 15;

/// The headings of the log; all but the personal ones are read.
const HEADINGS: [(&str, &str); 12] = [
    ("STT", ""),
    ("MaHoSo", "dossier_number"),
    ("MaTTHC", "procedure_code"),
    ("TenTTHC", ""),
    ("ChuHoSo", ""),
    ("DiaChi", ""),
    ("KenhThucHien", "channel"),
    ("NgayTiepNhan", "received_on"),
    ("NgayHenTra", "due_on"),
    ("NgayKetThucXuLy", "completed_on"),
    ("TrangThaiHoSo", "status"),
    ("Phi", "fee_vnd"),
];

type Write = fn(&[[String; 12]]) -> Vec<u8>;
type Bare = fn(&[u8]) -> usize;

/// Each format with what writes it and the bare library that reads it.
const FORMATS: &[(&str, Write, Bare)] = &[
    ("csv", as_csv, bare_csv),
    ("csv-arrow", as_csv, arrow_csv),
    ("xlsx", as_xlsx, bare_xlsx),
    ("html", as_html, bare_html),
    ("json", as_json, bare_json),
    ("xml", as_xml, bare_xml),
    ("parquet", as_parquet, bare_parquet),
];

fn main() {
    let rows: Vec<[String; 12]> = (0..N_ROWS).map(row).collect();
    println!("{N_ROWS} rows of {} columns, best of {N_ROUNDS}", HEADINGS.len());
    println!("{:<10} {:>8} {:>12} {:>12} {:>8}", "format", "MiB", "bare", "hoso", "ratio");
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    for (format, write, bare) in FORMATS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == format) {
            report(format, &write(&rows), *bare);
        }
    }
}

/// One invented dossier.
fn row(n: usize) -> [String; 12] {
    let (day, month) = (n % 28 + 1, n % 12 + 1);
    [
        (n + 1).to_string(),
        format!("000.00.{:02}.G16-20{month:02}{day:02}-{:04}", n % 12 + 1, n % 9999 + 1),
        format!("1.00{:04}", n % 95),
        "Cấp giấy phép tổ chức biểu diễn nghệ thuật".to_owned(),
        format!("Người nộp thứ {n}"),
        format!("Số {}, phường Thử Nghiệm", n % 500),
        ["Trực tiếp", "Trực tuyến"][n % 2].to_owned(),
        format!("{day:02}/{month:02}/2020 08:15"),
        format!("{day:02}/{month:02}/2020"),
        format!("{day:02}/{month:02}/2020 16:45"),
        "Đã trả kết quả".to_owned(),
        (n % 40 * 5000).to_string(),
    ]
}

fn profile() -> Profile {
    let taken = HEADINGS.iter().filter(|(_, column)| !column.is_empty());
    let columns: BTreeMap<&'static str, Vec<Heading>> =
        taken.map(|(heading, column)| (*column, vec![Heading::new(heading)])).collect();
    let required = vec!["MaHoSo".to_owned(), "NgayTiepNhan".to_owned()];
    Profile { columns, required, key: vec!["dossier_number"], ..Profile::default() }
}

/// Reads a file in turns with the bare library and with ours, so that both meet the same noise.
fn report(format: &str, file: &[u8], bare: Bare) {
    let profile = profile();
    let ours = |file: &[u8]| {
        let log = decode(Cursor::new(file), &profile).unwrap();
        log.records.map(|records| black_box(records.unwrap()).n_records()).sum::<usize>()
    };
    let (mut bare_time, mut our_time) = (Duration::MAX, Duration::MAX);
    for _ in 0..N_ROUNDS {
        bare_time = bare_time.min(timed(|| assert!(bare(file) >= N_ROWS)));
        our_time = our_time.min(timed(|| assert_eq!(ours(file), N_ROWS)));
    }
    let ratio = our_time.as_secs_f64() / bare_time.as_secs_f64();
    let size = file.len() as f64 / f64::from(1 << 20);
    println!("{format:<10} {size:>8.1} {bare_time:>12.1?} {our_time:>12.1?} {ratio:>8.2}");
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn as_csv(rows: &[[String; 12]]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADINGS.map(|(heading, _)| heading)).unwrap();
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.into_inner().unwrap()
}

fn bare_csv(file: &[u8]) -> usize {
    let mut reader = csv::Reader::from_reader(file);
    let mut record = csv::ByteRecord::new();
    let mut n = 0;
    while reader.read_byte_record(&mut record).unwrap() {
        n += usize::from(!black_box(&record).is_empty());
    }
    n
}

/// Arrow's own reader of the same columns: unlike raw records, what it yields is what we yield.
fn arrow_csv(file: &[u8]) -> usize {
    let fields = HEADINGS.map(|(heading, _)| Field::new(heading, DataType::Utf8, true));
    let taken = (0..HEADINGS.len()).filter(|at| !HEADINGS[*at].1.is_empty()).collect();
    let builder = ReaderBuilder::new(Arc::new(Schema::new(fields.to_vec())));
    let reader = builder.with_header(true).with_batch_size(4096).with_projection(taken);
    reader.build(file).unwrap().map(|batch| black_box(batch.unwrap()).num_rows()).sum()
}

/// A workbook as Excel writes it: shared strings, a number a cell where it is one.
fn as_xlsx(rows: &[[String; 12]]) -> Vec<u8> {
    let mut strings: BTreeMap<&str, usize> = BTreeMap::new();
    let mut sheet = String::from(
        r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#,
    );
    let headings = HEADINGS.map(|(heading, _)| heading.to_owned());
    for (at, row) in std::iter::once(&headings).chain(rows).enumerate() {
        sheet += &format!("<row r=\"{}\">", at + 1);
        for (column, text) in row.iter().enumerate() {
            let place = format!("{}{}", char::from(b'A' + column as u8), at + 1);
            if at > 0 && matches!(column, 0 | 11) {
                sheet += &format!("<c r=\"{place}\"><v>{text}</v></c>");
            } else {
                let next = strings.len();
                let index = *strings.entry(text).or_insert(next);
                sheet += &format!("<c r=\"{place}\" t=\"s\"><v>{index}</v></c>");
            }
        }
        sheet += "</row>";
    }
    sheet += "</sheetData></worksheet>";
    let mut by_index = vec![""; strings.len()];
    strings.iter().for_each(|(text, index)| by_index[*index] = text);
    let items: String = by_index.iter().map(|text| format!("<si><t>{text}</t></si>")).collect();
    let n = by_index.len();
    let shared = format!(
        r#"<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="{n}" uniqueCount="{n}">{items}</sst>"#
    );
    let parts = [
        ("[Content_Types].xml", r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>"#.to_owned()),
        ("_rels/.rels", r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#.to_owned()),
        ("xl/workbook.xml", r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="HoSo" sheetId="1" r:id="rId1"/></sheets></workbook>"#.to_owned()),
        ("xl/_rels/workbook.xml.rels", r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#.to_owned()),
        ("xl/sharedStrings.xml", shared),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn bare_xlsx(file: &[u8]) -> usize {
    let mut workbook: calamine::Xlsx<_> = calamine::Xlsx::new(Cursor::new(file)).unwrap();
    let mut cells = workbook.worksheet_cells_reader("HoSo").unwrap();
    let mut n_rows = 0;
    while let Some(cell) = cells.next_cell().unwrap() {
        n_rows = black_box(cell).get_position().0 as usize;
    }
    n_rows
}

fn as_html(rows: &[[String; 12]]) -> Vec<u8> {
    let mut html = String::from("<html><body><table><tr>");
    HEADINGS.iter().for_each(|(heading, _)| html += &format!("<th>{heading}</th>"));
    for row in rows {
        html += "</tr>\n<tr>";
        row.iter().for_each(|text| html += &format!("<td>{text}</td>"));
    }
    html += "</tr></table></body></html>";
    html.into_bytes()
}

fn bare_html(file: &[u8]) -> usize {
    let tokens = html5gum::Tokenizer::new(html5gum::IoReader::new(file));
    tokens.filter(|token| black_box(token).is_ok()).count()
}

fn as_json(rows: &[[String; 12]]) -> Vec<u8> {
    let record = |row: &[String; 12]| -> BTreeMap<&str, String> {
        HEADINGS.iter().zip(row).map(|((heading, _), text)| (*heading, text.clone())).collect()
    };
    serde_json::to_vec(&rows.iter().map(record).collect::<Vec<_>>()).unwrap()
}

fn bare_json(file: &[u8]) -> usize {
    use struson::reader::JsonReader as _;
    let mut reader = struson::reader::JsonStreamReader::new(file);
    let mut n = 0;
    reader.begin_array().unwrap();
    while reader.has_next().unwrap() {
        reader.begin_object().unwrap();
        while reader.has_next().unwrap() {
            black_box(reader.next_name().unwrap());
            black_box(reader.next_str().unwrap());
        }
        reader.end_object().unwrap();
        n += 1;
    }
    n
}

fn as_xml(rows: &[[String; 12]]) -> Vec<u8> {
    let mut xml = String::from("<?xml version=\"1.0\"?>\n<HoSos>");
    for row in rows {
        xml += "\n<HoSo>";
        for ((heading, _), text) in HEADINGS.iter().zip(row) {
            xml += &format!("<{heading}>{text}</{heading}>");
        }
        xml += "</HoSo>";
    }
    xml += "</HoSos>";
    xml.into_bytes()
}

fn bare_xml(file: &[u8]) -> usize {
    let mut reader = quick_xml::Reader::from_reader(file);
    let mut buffer = Vec::new();
    let mut n = 0;
    loop {
        match reader.read_event_into(&mut buffer).unwrap() {
            quick_xml::events::Event::Eof => return n,
            event => n += usize::from(!black_box(event).is_empty()),
        }
        buffer.clear();
    }
}

fn as_parquet(rows: &[[String; 12]]) -> Vec<u8> {
    let column = |at: usize| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row[at])))
    };
    let columns = HEADINGS.iter().enumerate().map(|(at, (heading, _))| (*heading, column(at)));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut file = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

fn bare_parquet(file: &[u8]) -> usize {
    let file = Bytes::copy_from_slice(file);
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(file, 8192);
    reader.unwrap().map(|batch| black_box(batch.unwrap()).num_rows()).sum()
}
