//! XLS, made by hand from its records.

use std::io::{Cursor, Write as _};

use super::{HEADINGS, read, whys};

/// A workbook of the older format in the making: its sheets with their states and cells.
struct Xls {
    sheets: Vec<(&'static str, u8, Vec<u8>)>,
    /// Records before the sheets.
    globals: Vec<u8>,
}

impl Xls {
    fn new(sheets: &[(&'static str, u8, &[Vec<u8>])]) -> Self {
        let sheets = sheets.iter().map(|(name, state, cells)| (*name, *state, cells.concat()));
        // Style 0 is a number, style 1 a day, style 2 a duration.
        let style = |format: u16| rec(0xE0, &[[0; 2], format.to_le_bytes()].concat());
        let form = [&164_u16.to_le_bytes()[..], &wide("dd/mm/yyyy")].concat();
        let globals = [rec(0x41E, &form), style(0), style(164), style(46)].concat();
        Self { sheets: sheets.collect(), globals }
    }

    fn stream(&self) -> Vec<u8> {
        let begin = |kind: u8| rec(0x809, &[0, 6, kind, 0]);
        let entry = |at: u32, name: &str, state: u8| {
            let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let head = [&at.to_le_bytes()[..], &[state, 0, (name.len() / 2) as u8, 1]].concat();
            rec(0x85, &[head, name].concat())
        };
        let list = |at: &mut dyn FnMut(usize) -> u32| -> Vec<u8> {
            let sheets = self.sheets.iter().enumerate();
            sheets.flat_map(|(i, (name, state, _))| entry(at(i), name, *state)).collect()
        };
        let n_list = list(&mut |_| 0).len();
        let head = [begin(5), self.globals.clone()].concat();
        let mut places = Vec::new();
        let mut sheets = Vec::new();
        for (_, _, cells) in &self.sheets {
            places.push((head.len() + n_list + 4 + sheets.len()) as u32);
            sheets.extend([begin(16), cells.clone(), rec(0x0A, &[])].concat());
        }
        [head, list(&mut |i| places[i]), rec(0x0A, &[]), sheets].concat()
    }

    fn bytes(&self) -> Vec<u8> {
        compound("/Workbook", &self.stream())
    }
}

fn compound(name: &str, stream: &[u8]) -> Vec<u8> {
    let mut compound = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    compound.create_stream(name).unwrap().write_all(stream).unwrap();
    compound.into_inner().into_inner()
}

fn rec(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let chars: Vec<u8> = units.iter().copied().flat_map(u16::to_le_bytes).collect();
    [&(units.len() as u16).to_le_bytes()[..], &[1], &chars].concat()
}

/// A record of a cell: where it stands, its style, what it holds.
fn at(kind: u16, row: u16, column: u16, style: u16, rest: &[u8]) -> Vec<u8> {
    rec(kind, &[&[row, column, style].map(u16::to_le_bytes).concat(), rest].concat())
}

fn label(row: u16, column: u16, text: &str) -> Vec<u8> {
    at(0x204, row, column, 0, &wide(text))
}

fn labels(row: u16, texts: &[&str]) -> Vec<u8> {
    (0..)
        .zip(texts)
        .filter(|(_, text)| !text.is_empty())
        .flat_map(|(c, t)| label(row, c, t))
        .collect()
}

fn float(row: u16, column: u16, style: u16, number: f64) -> Vec<u8> {
    at(0x203, row, column, style, &number.to_le_bytes())
}

fn formula(row: u16, column: u16, value: [u8; 8], flags: u16) -> Vec<u8> {
    at(0x06, row, column, 0, &[&value[..], &flags.to_le_bytes(), &[0; 6]].concat())
}

#[test]
fn older_workbooks_are_read_alike() {
    let rows = [
        labels(0, &["DANH SÁCH HỒ SƠ"]),
        labels(2, &HEADINGS),
        labels(3, &["000.01"]),
        float(3, 1, 1, 45_730.395_833_333_336),
        at(0x27E, 3, 3, 0, &(500_000_u32 << 2 | 3).to_le_bytes()),
        // Three numbers in a record: a whole one, a day and a hundredth.
        [0xBD_u16, 24, 5, 0].map(u16::to_le_bytes).concat(),
        [&[0, 0][..], &(7_u32 << 2 | 2).to_le_bytes()].concat(),
        [&[1, 0][..], &(45_730_u32 << 2 | 2).to_le_bytes()].concat(),
        [&[0, 0][..], &(12_345_u32 << 2 | 3).to_le_bytes(), &2_u16.to_le_bytes()].concat(),
        // Rows may lie out of order.
        labels(7, &["Tổng số"]),
        labels(6, &["000.04", "14/03/2025"]),
        at(0x205, 6, 3, 0, &[1, 0]),
        float(6, 2, 2, 1.5),
    ];
    let hidden = [labels(0, &HEADINGS), labels(1, &["X", "Y"])];
    let book = Xls::new(&[("Ẩn", 1, &hidden), ("Hồ sơ", 0, &rows)]);
    let read = read(&book.bytes()).unwrap();
    let records = [
        "4: 000.01|2025-03-14T09:30:00|-|5000#",
        "6: 7#|2025-03-14T00:00:00|123.45#|-",
        "7: 000.04|14/03/2025|1.5|true",
        "8: -|-|-|- totals_row",
    ];
    assert_eq!(read.records, records);
    assert_eq!(read.titles, ["DANH SÁCH HỒ SƠ"]);
    assert_eq!(whys(&read), ["1 hidden"]);
}

#[test]
fn what_a_merged_cell_of_an_older_workbook_holds_stands_in_each_of_its_rows() {
    let merged = [1_u16, 1, 2, 1, 1].map(u16::to_le_bytes).concat();
    let rows = [
        labels(0, &HEADINGS),
        labels(1, &["000.01", "14/03/2025"]),
        labels(2, &["000.02"]),
        labels(3, &["000.03"]),
        rec(0xE5, &merged),
    ];
    let records = ["2: 000.01|14/03/2025|-|-", "3: 000.02|14/03/2025|-|-", "4: 000.03|-|-|-"];
    assert_eq!(read(&Xls::new(&[("1", 0, &rows)]).bytes()).unwrap().records, records);
}

#[test]
fn shared_strings_go_on_in_other_records() {
    let halves = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    // The third string is cut after two characters, and goes on in narrow ones.
    let first =
        [&[5, 0, 0, 0, 5, 0, 0, 0][..], &wide("Mã hồ sơ"), &wide("Ngày tiếp nhận"), &[6, 0, 1]];
    let first = [first.concat(), halves("00")].concat();
    // The fourth has one run of letters in a style, and two bytes of readings; the fifth is empty.
    let rich = [&[2, 0, 0x0C, 1, 0, 2, 0, 0, 0, b'o', b'k'][..], &[0; 6]].concat();
    let then = [&[0, b'0', b'.', b'0', b'1'][..], &rich, &[0, 0, 0]].concat();
    let cell = |row, column, string: u32| at(0xFD, row, column, 0, &string.to_le_bytes());
    let rows =
        [cell(0, 0, 0), cell(0, 1, 1), cell(1, 0, 2), cell(1, 1, 3), cell(2, 0, 4), cell(2, 1, 2)];
    let mut book = Xls::new(&[("1", 0, &rows)]);
    book.globals.extend([rec(0xFC, &first), rec(0x3C, &then)].concat());
    assert_eq!(read(&book.bytes()).unwrap().records, ["2: 000.01|ok", "3: -|000.01"]);

    let rows = [labels(0, &HEADINGS), cell(1, 0, 5)];
    let book = Xls { globals: book.globals, ..Xls::new(&[("1", 0, &rows)]) };
    assert_eq!(read(&book.bytes()).unwrap_err(), "damaged");
}

#[test]
fn formulas_of_older_workbooks_yield_what_was_saved() {
    let special = |kind: u8, value: u8| [kind, 0, value, 0, 0, 0, 0xFF, 0xFF];
    let rows = [
        labels(0, &HEADINGS),
        formula(1, 0, special(0, 0), 0),
        rec(0x4BC, &[0; 10]),
        rec(0x207, &wide("000.01")),
        label(1, 1, "14/03/2025"),
        formula(1, 3, 7_f64.to_le_bytes(), 0),
        labels(2, &["000.02"]),
        formula(2, 1, special(2, 0x2A), 0),
        labels(3, &["000.03", "14/03/2025"]),
        formula(3, 2, special(3, 0), 0),
        formula(4, 0, special(3, 0), 3),
        label(4, 1, "14/03/2025"),
    ];
    let records = [
        "2: 000.01|14/03/2025|-|7#",
        "3: 000.02|-|-|- cell_error",
        "4: 000.03|14/03/2025|-|-",
        "5: -|14/03/2025|-|- formula_without_value",
    ];
    assert_eq!(read(&Xls::new(&[("1", 0, &rows)]).bytes()).unwrap().records, records);
}

#[test]
fn older_workbooks_may_be_bytes_in_a_code_page() {
    let label = |row, column, text: &str| {
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        at(0x204, row, column, 0, &[&(bytes.len() as u16).to_le_bytes()[..], &bytes].concat())
    };
    // "Mã hồ sơ" and "Ngày tiếp nhận" in TCVN3.
    let number = label(0, 0, "M· hå s¬");
    let day = label(0, 1, "Ngµy tiÕp nhËn");
    let state = [label(0, 2, "Tr¹ng th¸i"), label(1, 2, "§ang xö lý")];
    let record = [label(1, 0, "000.01"), label(1, 1, "14/03/2025")];
    let cells = [vec![number, day], state.to_vec(), record.to_vec()].concat().concat();
    let begin = rec(0x809, &[0, 5, 5, 0]);
    let page = rec(0x42, &1252_u16.to_le_bytes());
    // How numbers are shown is told with its length in one byte.
    let form = rec(0x41E, &[&164_u16.to_le_bytes()[..], &[10], b"dd/mm/yyyy"].concat());
    let sheet = |at: u32| rec(0x85, &[&at.to_le_bytes()[..], &[0, 0, 1, b'1']].concat());
    let at = (begin.len() + page.len() + form.len() + sheet(0).len() + 4) as u32;
    let stream =
        [begin.clone(), page, form, sheet(at), rec(0x0A, &[]), begin, cells, rec(0x0A, &[])];
    let read = read(&compound("/Book", &stream.concat())).unwrap();
    assert_eq!(read.records, ["2: 000.01|14/03/2025|Đang xử lý"]);
}

#[test]
fn a_sheet_that_claims_every_cell_costs_nothing() {
    let claim =
        rec(0x200, &[[0; 4], 65_536_u32.to_le_bytes(), [0, 0, 0, 1], [0; 4]].concat()[..14]);
    let far = [label(1, 0, "000.01"), label(1, 1, "14/03/2025"), label(65_535, 255, "x")];
    let book = Xls::new(&[("1", 0, &[&[claim, labels(0, &HEADINGS)], &far[..]].concat())]);
    let records = ["2: 000.01|14/03/2025|-|-", "65536: -|-|-|- field_count"];
    assert_eq!(read(&book.bytes()).unwrap().records, records);
}

#[test]
fn older_workbooks_that_cannot_be_read_are_refused() {
    let rows = [labels(0, &HEADINGS), labels(1, &["000.01", "14/03/2025"])];
    let book = Xls::new(&[("1", 0, &rows), ("2", 0, &rows)]);
    let stream = book.stream();
    let rule = |stream: &[u8]| read(&compound("/Workbook", stream)).unwrap_err();

    assert_eq!(read(&compound("/EncryptedPackage", &[0; 64])).unwrap_err(), "password");
    assert_eq!(read(&compound("/WordDocument", &[0; 64])).unwrap_err(), "not_text");
    let locked = Xls { globals: rec(0x2F, &[1, 0]), ..Xls::new(&[("1", 0, &rows)]) };
    assert_eq!(read(&locked.bytes()).unwrap_err(), "password");

    // Cut off, within the compound file and within its stream.
    let bytes = book.bytes();
    assert_eq!(read(&bytes[..bytes.len() / 2]).unwrap_err(), "damaged");
    assert_eq!(rule(&stream[..stream.len() - 4]), "damaged");
    let short = [labels(0, &HEADINGS), rec(0x203, &[1, 0, 0, 0, 0, 0])];
    assert_eq!(read(&Xls::new(&[("1", 0, &short)]).bytes()).unwrap_err(), "damaged");
    assert_eq!(read(&compound("/Workbook", &vec![0; 65 << 20])).unwrap_err(), "too_large");
}
