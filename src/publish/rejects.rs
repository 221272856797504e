//! Rejected rows as a unit's officer gets them back: rows in, the bytes of a CSV or a workbook out.
//!
//! What is written is to be mended and sent again, so every cell is a text and stays as it was,
//! down to its zeros. That holds for one that begins with `=`, `+`, `-` or `@`, too. In a workbook
//! it is a text by its type and no formula. In a CSV nothing can say so, and a mark before it would
//! come back as data; the rows go to the unit that wrote them, which has had such cells before.

use anyhow::Context as _;
use csv::{Terminator, WriterBuilder};
use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, Workbook, Worksheet};

use crate::pipeline::heading::of_rejects;
use crate::pipeline::rules::Language;

/// A workbook's sheet holds so many rows below its headings.
pub const MAX_ROWS: usize = (1 << 20) - 1;
const MAX_COLUMNS: usize = 1 << 14;
/// A workbook's cell holds so many units of UTF-16.
const MAX_TEXT: usize = 32_767;
/// How wide the columns before the unit's own are, and each of those.
const WIDTHS: [f64; 4] = [24.0, 8.0, 48.0, 24.0];
const WIDTH: f64 = 18.0;

/// Rejected rows under the same headings. They hold personal data: there is no `Debug`.
pub struct Sheet {
    /// The unit's own headings.
    pub headings: Vec<String>,
    pub rows: Vec<RejectedRow>,
}

/// A rejected row.
pub struct RejectedRow {
    /// What stands under the headings of [`of_rejects`].
    pub about: [String; 4],
    /// The unit's own cells; more or fewer than headings where the row has more or fewer.
    pub cells: Vec<String>,
    /// The position of the cell at fault.
    pub at_fault: Option<usize>,
}

/// A delivery that was refused whole: its name and the reason.
pub struct RefusedFile {
    pub name: String,
    pub reason: String,
}

/// Writes rows as a CSV that Excel opens with its letters intact.
pub fn csv(sheet: &Sheet, language: Language) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::from("\u{feff}");
    let mut builder = WriterBuilder::new();
    // A row with too few or too many cells must still have them when it comes back.
    builder.flexible(true).terminator(Terminator::CRLF);
    let mut writer = builder.from_writer(&mut bytes);
    writer.write_record(headings(sheet, language))?;
    for row in &sheet.rows {
        writer.write_record(row.about.iter().chain(&row.cells))?;
    }
    writer.flush().context("failed to write rows as CSV")?;
    drop(writer);
    Ok(bytes)
}

/// Writes rows as a workbook: a sheet for each set of headings, then one of the refused files.
pub fn workbook(
    sheets: &[Sheet],
    refused: &[RefusedFile],
    language: Language,
) -> anyhow::Result<Vec<u8>> {
    let formats = Formats::new();
    let mut book = Workbook::new();
    // Else the writer reads the clock.
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&created));
    for (at, sheet) in sheets.iter().enumerate() {
        let page = book.add_worksheet().set_name((at + 1).to_string())?;
        write_headings(page, &formats, headings(sheet, language), sheet.rows.len())?;
        for (at, width) in (0..).zip(WIDTHS) {
            page.set_column_width(at, width)?;
        }
        for (at, row) in (1..).zip(&sheet.rows) {
            let at_fault = row.at_fault.map(|field| row.about.len() + field);
            write_row(page, &formats, at, row.about.iter().chain(&row.cells), at_fault)?;
        }
    }
    if !refused.is_empty() {
        let [file, _, error, _] = of_rejects(language);
        let name = match language {
            Language::English => "Refused files",
            Language::Vietnamese => "Tệp bị từ chối",
        };
        let page = book.add_worksheet().set_name(name)?;
        write_headings(page, &formats, [file, error].into_iter(), refused.len())?;
        page.set_column_width(0, WIDTHS[0])?.set_column_width(1, 2.0 * WIDTHS[2])?;
        for (at, RefusedFile { name, reason }) in (1..).zip(refused) {
            write_row(page, &formats, at, [name, reason].into_iter(), None)?;
        }
    }
    book.save_to_buffer().context("failed to write rows as a workbook")
}

/// How cells are shown; each is a text.
struct Formats {
    plain: Format,
    heading: Format,
    at_fault: Format,
}

impl Formats {
    fn new() -> Self {
        let plain = Format::new().set_num_format("@");
        let heading = plain.clone().set_bold();
        let at_fault = plain.clone().set_background_color(Color::RGB(0x00FF_C7CE));
        Self { plain, heading, at_fault }
    }
}

fn headings(sheet: &Sheet, language: Language) -> impl Iterator<Item = &str> {
    of_rejects(language).into_iter().chain(sheet.headings.iter().map(String::as_str))
}

/// Writes the headings of a sheet: they stay in sight and filter the rows; what is typed below them
/// is a text.
fn write_headings<'a>(
    page: &mut Worksheet,
    formats: &Formats,
    headings: impl Iterator<Item = &'a str>,
    n_rows: usize,
) -> anyhow::Result<()> {
    let mut last = 0;
    for (at, heading) in (0..).zip(headings.take(MAX_COLUMNS)) {
        page.set_column_format(at, &formats.plain)?.set_column_width(at, WIDTH)?;
        page.write_string_with_format(0, at, fitting(heading), &formats.heading)?;
        last = at;
    }
    page.set_freeze_panes(1, 0)?;
    page.autofilter(0, 0, u32::try_from(n_rows)?, last)?;
    Ok(())
}

/// Writes the cells of a row; the one at fault is shown. What no sheet can hold is in the CSV.
fn write_row<'a>(
    page: &mut Worksheet,
    formats: &Formats,
    row: u32,
    cells: impl Iterator<Item = &'a String>,
    at_fault: Option<usize>,
) -> anyhow::Result<()> {
    for (at, cell) in (0..).zip(cells.take(MAX_COLUMNS)) {
        let is_at_fault = at_fault == Some(usize::from(at));
        let format = if is_at_fault { &formats.at_fault } else { &formats.plain };
        page.write_string_with_format(row, at, fitting(cell), format)?;
    }
    Ok(())
}

/// Cuts a text to what a workbook's cell holds.
fn fitting(text: &str) -> &str {
    let mut n_units = 0;
    let mut is_beyond = |c: char| {
        n_units += c.len_utf16();
        n_units > MAX_TEXT
    };
    let end = text.char_indices().find(|(_, c)| is_beyond(*c)).map(|(at, _)| at);
    end.map_or(text, |end| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(rows: &[&[&str]]) -> Sheet {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let row = |cells: &&[&str]| RejectedRow {
            about: ["a.csv", "2", "thiếu mã hồ sơ", "Mã hồ sơ"].map(str::to_owned),
            cells: texts(cells),
            at_fault: Some(0),
        };
        Sheet { headings: texts(&["Mã hồ sơ", "Số"]), rows: rows.iter().map(row).collect() }
    }

    #[test]
    fn a_csv_keeps_every_cell_as_it_was() {
        let rows: [&[&str]; 3] = [&["=1+1", "007"], &["", "a,\"b\"", "too many"], &["too few"]];
        let written = csv(&sheet(&rows), Language::Vietnamese).unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "\u{feff}Tệp,Dòng,Lỗi,Cột,Mã hồ sơ,Số\r\n\
             a.csv,2,thiếu mã hồ sơ,Mã hồ sơ,=1+1,007\r\n\
             a.csv,2,thiếu mã hồ sơ,Mã hồ sơ,,\"a,\"\"b\"\"\",too many\r\n\
             a.csv,2,thiếu mã hồ sơ,Mã hồ sơ,too few\r\n"
        );
    }

    #[test]
    fn a_workbook_takes_a_text_of_any_length_and_a_row_of_any_width() {
        let long = "😀".repeat(MAX_TEXT);
        assert_eq!(fitting(&long).chars().count(), MAX_TEXT / 2);
        assert_eq!(fitting("Mã hồ sơ"), "Mã hồ sơ");
        let wide = vec!["x"; MAX_COLUMNS + 1];
        let rows: [&[&str]; 2] = [&[&long], &wide];
        let written = workbook(&[sheet(&rows)], &[], Language::English).unwrap();
        assert!(written.starts_with(b"PK"));
    }

    #[test]
    fn the_same_rows_are_the_same_bytes() {
        let refused = [RefusedFile { name: "b.csv".to_owned(), reason: "tệp rỗng".to_owned() }];
        let written = || workbook(&[sheet(&[&["x"]])], &refused, Language::Vietnamese).unwrap();
        assert_eq!(written(), written());
    }
}
