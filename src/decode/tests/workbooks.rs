//! Workbooks of both formats, as people and systems write them, and as nobody should: a profile,
//! and deliveries read into lines.

mod xls;
mod xlsx;

use crate::pipeline::heading::Heading;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Note;
use crate::pipeline::text::fold;

use super::super::{Log, decode};

/// A profile of four columns, two of which every log has.
fn profile() -> Profile {
    let columns = [
        ("dossier_number", "Mã hồ sơ"),
        ("received_on", "Ngày tiếp nhận"),
        ("status", "Trạng thái"),
        ("fee_vnd", "Phí"),
    ];
    Profile {
        required: vec!["Mã hồ sơ".to_owned(), "Ngày tiếp nhận".to_owned()],
        totals: vec![fold("Tổng số"), fold("Tổng cộng")],
        columns: columns.map(|(column, name)| (column, vec![Heading::new(name)])).into(),
        ..Profile::default()
    }
}

/// A delivery as it was read.
#[derive(Debug)]
struct Read {
    titles: Vec<String>,
    /// A line a record: `[sheet!]line: text|text|... remark`; `-` where there is no text, `#`
    /// behind a number.
    records: Vec<String>,
    notes: Vec<Note>,
    encoding: &'static str,
}

/// Reads a delivery by [`profile`]; returns the rule by which it is refused, if it is.
fn read(bytes: &[u8]) -> Result<Read, String> {
    read_by(bytes, &profile())
}

/// Reads a delivery.
fn read_by(bytes: &[u8], profile: &Profile) -> Result<Read, String> {
    let log = decode(bytes, profile).map_err(|refusal| refusal.rule)?;
    let Log { header, written, records, notes } = log;
    let mut lines = Vec::new();
    for batch in records {
        let batch = batch.map_err(|refusal| refusal.rule)?;
        for row in 0..batch.n_records() {
            let place = batch.place(row);
            let mut texts = Vec::new();
            for taken in 0..header.taken.len() {
                let column = batch.texts(taken);
                let text = column.iter().nth(row).flatten().unwrap_or("-");
                let is_number = batch.numbers(row) >> taken & 1 == 1;
                texts.push(format!("{text}{}", if is_number { "#" } else { "" }));
            }
            let sheet = place.sheet.map(|sheet| format!("{sheet}!")).unwrap_or_default();
            let remark = batch.remark(row).map(|(rule, _)| format!(" {rule}")).unwrap_or_default();
            lines.push(format!("{sheet}{}: {}{remark}", place.line, texts.join("|")));
        }
    }
    let notes = notes.take();
    Ok(Read { titles: header.titles, records: lines, notes, encoding: written.encoding.name() })
}

const HEADINGS: [&str; 4] = ["Mã hồ sơ", "Ngày tiếp nhận", "Trạng thái", "Phí"];

/// Why sheets were not read.
fn whys(read: &Read) -> Vec<String> {
    read.notes
        .iter()
        .map(|note| format!("{} {}", note.params["sheet"], note.params["why"]))
        .collect()
}
