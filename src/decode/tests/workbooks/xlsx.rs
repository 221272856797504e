//! XLSX, made by hand from its parts.

mod sheets;

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::pipeline::profile::Profile;

use super::{HEADINGS, profile, read, read_by, whys};

/// A workbook in the making: its sheets with their states and rows, as XML.
#[derive(Default)]
struct Xlsx {
    sheets: Vec<(&'static str, &'static str, String)>,
    shared: Option<String>,
    /// Of every sheet.
    merged: String,
    is_1904: bool,
}

impl Xlsx {
    fn sheet(mut self, name: &'static str, rows: impl AsRef<[String]>) -> Self {
        self.sheets.push((name, "visible", rows.as_ref().concat()));
        self
    }

    fn hidden(mut self, name: &'static str, state: &'static str, rows: &[String]) -> Self {
        self.sheets.push((name, state, rows.concat()));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let mut part = |name: &str, pieces: &[&str]| {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            pieces.iter().for_each(|piece| zip.write_all(piece.as_bytes()).unwrap());
        };
        let rel = |id: usize, kind: &str, target: &str| {
            format!(
                "<Relationship Id=\"rId{id}\" Type=\"http://x/relationships/{kind}\" Target=\"{target}\"/>"
            )
        };
        part("[Content_Types].xml", &["<Types/>"]);
        let root = rel(1, "officeDocument", "xl/workbook.xml");
        part("_rels/.rels", &["<Relationships>", &root, "</Relationships>"]);
        let (mut list, mut rels) = (String::new(), String::new());
        for (at, (name, state, _)) in self.sheets.iter().enumerate() {
            list += &format!("<sheet name=\"{name}\" state=\"{state}\" r:id=\"rId{at}\"/>");
            rels += &rel(at, "worksheet", &format!("worksheets/sheet{at}.xml"));
        }
        let epoch =
            format!("<workbook><workbookPr date1904=\"{}\"/><sheets>", u8::from(self.is_1904));
        part("xl/workbook.xml", &[&epoch, &list, "</sheets></workbook>"]);
        part("xl/_rels/workbook.xml.rels", &["<Relationships>", &rels, "</Relationships>"]);
        // Style 1 is a day, style 2 a duration.
        let styles = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"dd/mm/yyyy hh:mm\"/>\
            <numFmt numFmtId=\"165\" formatCode=\"[h]:mm\"/></numFmts><cellXfs><xf numFmtId=\"0\"/>\
            <xf numFmtId=\"164\"/><xf numFmtId=\"165\"/></cellXfs></styleSheet>";
        part("xl/styles.xml", &[styles]);
        if let Some(shared) = &self.shared {
            part("xl/sharedStrings.xml", &[shared]);
        }
        for (at, (_, _, rows)) in self.sheets.iter().enumerate() {
            let name = format!("xl/worksheets/sheet{at}.xml");
            let begin = "<worksheet><dimension ref=\"A1:XFD1048576\"/><cols>\
                <col min=\"1\" max=\"16384\" width=\"9\"/></cols><sheetData>";
            part(&name, &[begin, rows, "</sheetData>", &self.merged, "</worksheet>"]);
        }
        zip.finish().unwrap().into_inner()
    }
}

/// A cell by its column: what stands between `<c r="..."` and `</c>`.
type Cell = (&'static str, String);

fn text(column: &'static str, text: &str) -> Cell {
    (column, format!(" t=\"inlineStr\"><is><t>{text}</t></is>"))
}

fn shared(column: &'static str, at: usize) -> Cell {
    (column, format!(" t=\"s\"><v>{at}</v>"))
}

fn number(column: &'static str, number: &str) -> Cell {
    (column, format!("><v>{number}</v>"))
}

fn styled(column: &'static str, style: u8, number: &str) -> Cell {
    (column, format!(" s=\"{style}\"><v>{number}</v>"))
}

fn row(line: u32, cells: impl AsRef<[Cell]>) -> String {
    let cell = |(column, cell): &Cell| format!("<c r=\"{column}{line}\"{cell}</c>");
    let cells: String = cells.as_ref().iter().map(cell).collect();
    format!("<row r=\"{line}\">{cells}</row>")
}

fn texts(line: u32, cells: &[&str]) -> String {
    let columns = ["A", "B", "C", "D", "E", "F"];
    let cells = columns.into_iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
    row(line, cells.map(|(column, cell)| text(column, cell)).collect::<Vec<_>>())
}

fn headings(line: u32) -> String {
    texts(line, &HEADINGS)
}

/// A workbook of one sheet with headings and these rows below them.
fn one(rows: impl AsRef<[String]>) -> Xlsx {
    Xlsx::default().sheet("Hồ sơ", [&[headings(1)], rows.as_ref()].concat())
}

#[test]
fn titles_stand_above_the_headings_and_totals_below_the_records() {
    let rows = [
        texts(1, &["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"]),
        texts(3, &["(Từ ngày 01/03/2025 đến ngày 31/03/2025)"]),
        headings(13),
        texts(14, &["(1)", "(2)", "(3)", "(4)"]),
        texts(15, &["000.01", "14/03/2025", "Đang xử lý", "5.000"]),
        texts(18, &["000.02", "15/03/2025"]),
        texts(19, &["Tổng số", "", "", "5.000"]),
        texts(22, &["", "", "NGƯỜI LẬP BIỂU"]),
        row(900, [("A", " s=\"1\">".to_owned())]),
    ];
    let read = read(&Xlsx::default().sheet("Sheet1", rows).bytes()).unwrap();
    let titles = ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "(Từ ngày 01/03/2025 đến ngày 31/03/2025)"];
    assert_eq!(read.titles, titles);
    let records = [
        "14: -|-|-|- column_numbers",
        "15: 000.01|14/03/2025|Đang xử lý|5.000",
        "18: 000.02|15/03/2025|-|-",
        "19: -|-|-|- totals_row",
        "22: -|-|-|- after_totals",
    ];
    assert_eq!(read.records, records);
}

#[test]
fn headings_may_be_merged_over_two_rows() {
    let rows = [
        texts(1, &["TT", "Hồ sơ", "", "Ngày", "", "Phí"]),
        texts(2, &["", "Mã hồ sơ", "Trạng thái", "Ngày tiếp nhận", "Ngày hẹn trả", ""]),
        texts(3, &["1", "000.01", "Xong", "14/03/2025", "20/03/2025", "0"]),
    ];
    let read = read(&Xlsx::default().sheet("Sheet1", rows).bytes()).unwrap();
    assert_eq!(read.records, ["3: 000.01|Xong|14/03/2025|0"]);
}

#[test]
fn what_a_merged_cell_holds_stands_in_each_of_its_rows() {
    let rows = [
        texts(1, &["Danh sách"]),
        headings(3),
        texts(4, &["000.01", "14/03/2025", "", "1000"]),
        texts(5, &["000.02"]),
        row(6, [text("A", "000.03"), number("C", "7")]),
        texts(7, &["000.04"]),
        texts(8, &["000.05", "15/03/2025"]),
    ];
    let merged = "<mergeCells count=\"4\"><mergeCell ref=\"A1:D2\"/><mergeCell ref=\"B4:B7\"/>\
        <mergeCell ref=\"C6:C7\"/><mergeCell ref=\"A3:A3\"/></mergeCells>";
    let book = Xlsx { merged: merged.to_owned(), ..Xlsx::default() }.sheet("Hồ sơ", rows);
    let records = [
        "4: 000.01|14/03/2025|-|1000",
        "5: 000.02|14/03/2025|-|-",
        "6: 000.03|14/03/2025|7#|-",
        "7: 000.04|14/03/2025|7#|-",
        "8: 000.05|15/03/2025|-|-",
    ];
    assert_eq!(read(&book.bytes()).unwrap().records, records);
}

#[test]
fn cells_become_texts() {
    let bool = ("D", " t=\"b\"><v>1</v>".to_owned());
    let iso = |text: &str| ("B", format!(" t=\"d\"><v>{text}</v>"));
    let rows = [
        row(2, [text("A", "000.01"), styled("B", 1, "45730.395833333336"), number("D", "5000")]),
        row(3, [number("A", "12345678901"), text("B", "14/03/2025"), bool]),
        row(4, [text("A", "000.03"), styled("B", 1, "0.5"), styled("C", 2, "1.5")]),
        row(5, [text("A", "000.04"), iso("2025-03-14T09:30:00.6Z"), number("D", "1234.5")]),
        row(6, [text("A", "000.05"), iso("2025-03-14"), number("D", "1.5E+20")]),
        row(7, [text("A", "000.06"), number("B", "45730"), styled("C", 1, "45730")]),
        row(8, [text("A", "a &amp; b"), styled("B", 1, "59"), styled("C", 1, "60")]),
    ];
    let records = [
        "2: 000.01|2025-03-14T09:30:00|-|5000#",
        "3: 12345678901#|14/03/2025|-|true",
        "4: 000.03|0.5|1.5|-",
        "5: 000.04|2025-03-14T09:30:00|-|1234.5#",
        "6: 000.05|2025-03-14T00:00:00|-|150000000000000000000#",
        "7: 000.06|45730#|2025-03-14T00:00:00|-",
        "8: a &amp; b|1900-02-28T00:00:00|60|-",
    ];
    let records = records.map(|record| record.replace("&amp;", "&"));
    assert_eq!(read(&one(rows).bytes()).unwrap().records, records);
}

#[test]
fn workbooks_may_count_days_from_1904() {
    let rows = [row(2, [text("A", "000.01"), styled("B", 1, "44268.5"), number("D", "44268")])];
    let book = Xlsx { is_1904: true, ..one(rows) };
    assert_eq!(read(&book.bytes()).unwrap().records, ["2: 000.01|2025-03-14T12:00:00|-|44268"]);
}

#[test]
fn strings_are_shared_rich_or_in_their_cells() {
    let strings = ["Mã hồ sơ", "Ngày tiếp nhận", "000.01"].map(|s| format!("<si><t>{s}</t></si>"));
    let rich = "<si><r><t>14/03</t></r><r><rPr><b/></rPr><t>/2025</t></r></si><si/>";
    let rows = [
        row(1, [shared("A", 0), shared("B", 1)]),
        row(2, [shared("A", 2), shared("B", 3), shared("C", 4)]),
    ];
    let count = "<sst count=\"5\" uniqueCount=\"5\">";
    let strings = format!("{count}{}{rich}</sst>", strings.concat());
    let book = Xlsx { shared: Some(strings), ..Xlsx::default().sheet("1", rows) };
    assert_eq!(read(&book.bytes()).unwrap().records, ["2: 000.01|14/03/2025"]);
}

#[test]
fn a_formula_without_its_value_is_told() {
    let formula = |column, value: &str| (column, format!("><f>B1&amp;C1</f>{value}"));
    let empty_text = ("C", " t=\"str\"><f>\"\"</f><v></v>".to_owned());
    let styled_only = ("C", " s=\"1\">".to_owned());
    let rows = [
        row(2, [formula("A", ""), text("B", "14/03/2025")]),
        row(3, [text("A", "000.02"), formula("B", "<v></v>")]),
        row(
            4,
            [text("A", "000.03"), text("B", "14/03/2025"), empty_text, formula("D", "<v>7</v>")],
        ),
        row(5, [text("A", "000.04"), text("B", "14/03/2025"), styled_only]),
        row(6, [formula("A", "<v/>"), formula("B", "<v/>")]),
    ];
    let records = [
        "2: -|14/03/2025|-|- formula_without_value",
        "3: 000.02|-|-|- formula_without_value",
        "4: 000.03|14/03/2025|-|7#",
        "5: 000.04|14/03/2025|-|-",
        "6: -|-|-|- formula_without_value",
    ];
    assert_eq!(read(&one(rows).bytes()).unwrap().records, records);
}

#[test]
fn a_cell_that_holds_an_error_is_told() {
    let error = ("B", " t=\"e\"><f>X</f><v>#N/A</v>".to_owned());
    let rows =
        [row(2, [text("A", "000.01"), error]), row(3, [text("A", "000.02"), number("D", "NaN")])];
    let records = ["2: 000.01|-|-|- cell_error", "3: 000.02|-|-|- cell_error"];
    assert_eq!(read(&one(rows).bytes()).unwrap().records, records);
}

#[test]
fn older_characters_are_mended_in_all_sheets() {
    // The characters of TCVN3 bytes, as its fonts show them.
    let sheet = |number: &str| {
        [
            texts(1, &["M· hå s¬", "Ngµy tiÕp nhËn", "Tr¹ng th¸i"]),
            texts(2, &[number, "14/03/2025", "§ang xö lý"]),
            texts(3, &[number, "15/03/2025", "§· tr¶ kÕt qu¶"]),
        ]
    };
    let book = Xlsx::default().sheet("1", sheet("000.01")).sheet("2", sheet("000.02"));
    let read = read(&book.bytes()).unwrap();
    assert_eq!(read.encoding, "tcvn3");
    assert_eq!(read.records[0], "1!2: 000.01|14/03/2025|Đang xử lý");
    assert_eq!(read.records[3], "2!3: 000.02|15/03/2025|Đã trả kết quả");
}

#[test]
fn what_unpacks_to_too_much_is_refused() {
    let shared = |text: String| {
        let rows = [headings(1), row(2, [shared("A", 0), self::text("B", "14/03/2025")])];
        read(&Xlsx { shared: Some(text), ..one(rows) }.bytes()).unwrap_err()
    };
    // A text beyond all measure, and so many texts that each costs more than it says.
    assert_eq!(shared(format!("<sst><si><t>{}</t></si></sst>", "0".repeat(150 << 20))), "bomb");
    assert_eq!(shared(format!("<sst><si><t>{}</t></si></sst>", "0".repeat(20 << 20))), "bomb");
    assert_eq!(shared(format!("<sst>{}</sst>", "<si/>".repeat(6 << 20))), "too_large");
    let cell = |text: &str| {
        let rows = [row(2, [("A", format!(" t=\"inlineStr\"><is><t>{text}</t></is>"))])];
        read(&one(rows).bytes()).unwrap_err()
    };
    assert_eq!(cell(&"0".repeat(300 << 20)), "bomb");
    assert_eq!(cell(&"0".repeat(60 << 20)), "bomb");
    assert_eq!(cell(&"0".repeat(10 << 20)), "record_too_long");
    // What looks like cells, but is text.
    let piece = format!("<![CDATA[<c <c <c {}]]>", "0".repeat(1 << 20));
    assert_eq!(cell(&piece.repeat(50)), "damaged");
    let runs = format!("<t>{}</t>", "0".repeat(1 << 20));
    assert_eq!(cell(&format!("</t>{}<t>", runs.repeat(50))), "bomb");
}

#[test]
fn what_becomes_too_much_in_memory_is_refused() {
    // One text in many cells.
    let strings = format!("<sst><si><t>{}</t></si></sst>", "0".repeat(1 << 20));
    let rows: Vec<String> =
        (2..200).map(|line| row(line, [shared("A", 0), text("B", "x")])).collect();
    let book = Xlsx { shared: Some(strings), ..one(rows) };
    assert_eq!(read(&book.bytes()).unwrap_err(), "bomb");
    // A cell far to the right in many rows.
    let far = |line| row(line, [text("A", "000.01"), text("XFD", "x")]);
    let rows: Vec<String> = (2..2000).map(far).collect();
    assert_eq!(read(&one(rows).bytes()).unwrap_err(), "bomb");
    let record = read(&one([far(2)]).bytes()).unwrap().records;
    assert_eq!(record, ["2: -|-|-|- field_count"]);
}

#[test]
fn places_that_no_cell_can_have_are_refused() {
    let rule = |rows: &[String]| read(&one(rows).bytes()).unwrap_err();
    assert_eq!(rule(&[row(2, [text("XFE", "x")])]), "too_many_fields");
    assert_eq!(rule(&[row(1_048_577, [text("A", "x")])]), "damaged");
    assert_eq!(rule(&[row(3, [text("A", "x")]), row(2, [text("A", "y")])]), "damaged");
    assert_eq!(rule(&[row(2, [text("B", "x"), text("A", "y")])]), "damaged");
}

#[test]
fn many_rows_without_cells_are_no_bomb() {
    let empty = |line: u32| format!("<row r=\"{line}\" spans=\"1:4\" ht=\"{}\"/>", line % 7);
    let rows: Vec<String> = (3..400_000).map(empty).collect();
    let rows = [&[texts(2, &["000.01", "14/03/2025"])], rows.as_slice()].concat();
    let rows = [rows, vec![texts(400_000, &["000.02", "15/03/2025"])]].concat();
    let records = ["2: 000.01|14/03/2025|-|-", "400000: 000.02|15/03/2025|-|-"];
    assert_eq!(read(&one(rows).bytes()).unwrap().records, records);
}

#[test]
fn sizes_and_counts_that_lie_are_refused() {
    let mut bytes = one([texts(2, &["000.01", "14/03/2025"])]).bytes();
    assert!(read(&bytes).is_ok());
    // The size that the directory gives for the sheet, the last part.
    let entry = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    bytes[entry + 24..entry + 28].copy_from_slice(&100_u32.to_le_bytes());
    assert_eq!(read(&bytes).unwrap_err(), "damaged");
    for count in ["4000000000", "18446744073709551615", "1000"] {
        let shared = Some(format!("<sst uniqueCount=\"{count}\"><si><t>x</t></si></sst>"));
        assert_eq!(read(&Xlsx { shared, ..one([]) }.bytes()).unwrap_err(), "damaged");
    }
}

#[test]
fn damage_within_a_sheet_ends_the_reading_with_a_refusal() {
    let record = |line: u32| texts(line, &[&format!("000.{}", line * 7919 % 10_007), "14/03/2025"]);
    let rows: Vec<String> = (2..50_000).map(record).collect();
    let mut bytes = one(rows).bytes();
    let middle = bytes.len() - 20_000;
    bytes[middle..middle + 64].fill(0xFF);
    assert_eq!(read(&bytes).unwrap_err(), "damaged");
    bytes.truncate(bytes.len() / 2);
    assert_eq!(read(&bytes).unwrap_err(), "damaged");
}
