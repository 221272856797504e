//! Decoding, seen from outside: bytes in, records or a refusal out.

mod csv;
mod html;
mod json;
mod parquet;
mod spreadsheetml;
mod whole;
mod workbooks;
mod xml;

use std::io;
use std::io::Read;

use arrow::array::Array as _;

use crate::pipeline::heading::Heading;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules;
use crate::pipeline::rules::Language;
use crate::pipeline::text::fold;

use super::decode;

/// What the profile reads: canonical columns, and the headings that mean them.
const COLUMNS: &[(&str, &[&str])] = &[
    ("dossier_number", &["Mã hồ sơ", "MaHoSo"]),
    ("received_on", &["Ngày tiếp nhận", "NgayTiepNhan"]),
    ("status", &["Trạng thái", "TrangThai"]),
    ("fee_vnd", &["Phí", "sum(DanhSachLePhi.Gia)"]),
    ("supplement_count", &["count(DanhSachHoSoBoSung)"]),
];

/// A profile of five columns, two of them required.
fn profile() -> Profile {
    let headings = |names: &[&str]| names.iter().map(|name| Heading::new(name)).collect();
    Profile {
        columns: COLUMNS.iter().map(|(column, names)| (*column, headings(names))).collect(),
        required: vec!["Mã hồ sơ".to_owned(), "Ngày tiếp nhận".to_owned()],
        totals: vec![fold("Tổng số")],
        ..Profile::default()
    }
}

/// The profile with other headings for a column.
fn reading(column: &'static str, headings: &[&str]) -> Profile {
    let mut profile = profile();
    profile.columns.insert(column, headings.iter().map(|name| Heading::new(name)).collect());
    profile
}

/// The profile with records at a path.
fn at(records: &str) -> Profile {
    Profile { records: Some(records.to_owned()), ..profile() }
}

/// Decodes bytes; returns a line for each record, or the rule by which they are refused.
///
/// A line has the columns that the log supplies in alphabetical order: `·` for an empty one, `-`
/// for one that the record does not have, `#` after a number. A remark ends the line.
fn records(bytes: impl Read, profile: &Profile) -> Result<Vec<String>, String> {
    read(bytes, profile).map_err(|refusal| refusal.rule)
}

fn read(bytes: impl Read, profile: &Profile) -> Result<Vec<String>, rules::Refusal> {
    let log = decode(bytes, profile)?;
    let mut order: Vec<usize> = (0..log.header.taken.len()).collect();
    order.sort_by_key(|taken| log.header.taken[*taken].column);
    let mut lines = Vec::new();
    for batch in log.records {
        let batch = batch?;
        for row in 0..batch.n_records() {
            let cell = |taken: &usize| {
                let texts = batch.texts(*taken);
                let is_number = batch.numbers(row) >> taken & 1 == 1;
                let text = match texts.is_valid(row) {
                    true => texts.value(row),
                    false if batch.absent(row) >> taken & 1 == 1 => "-",
                    false => "·",
                };
                format!("{text}{}", if is_number { "#" } else { "" })
            };
            let cells: Vec<String> = order.iter().map(cell).collect();
            let remark =
                batch.remark(row).map_or_else(String::new, |(rule, _)| format!(" !{rule}"));
            lines.push(cells.join(" | ") + &remark);
        }
    }
    Ok(lines)
}

/// The line on which each record begins.
fn lines(bytes: impl Read, profile: &Profile) -> Vec<i64> {
    let log = decode(bytes, profile).unwrap();
    let batches: Vec<_> = log.records.map(Result::unwrap).collect();
    let places = batches.iter().flat_map(|b| (0..b.n_records()).map(|row| b.place(row).line));
    places.collect()
}

/// The refusal in the words of an engineer.
fn message(bytes: impl Read, profile: &Profile) -> String {
    let refusal = read(bytes, profile).unwrap_err();
    rules::message(&refusal.rule, &refusal.params, Language::English)
}

/// Yields its bytes one at a time.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.0.len().min(buffer.len()).min(1);
        self.0.read(&mut buffer[..n])
    }
}

/// Yields a text, then another over and over, so many bytes in all, then a third.
struct Endless {
    before: &'static [u8],
    over_and_over: &'static [u8],
    left: usize,
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.before.is_empty() {
            return self.before.read(buffer);
        }
        let n = buffer.len().min(self.left);
        for byte in &mut buffer[..n] {
            *byte = self.over_and_over[self.at % self.over_and_over.len()];
            self.at += 1;
        }
        self.left -= n;
        Ok(n)
    }
}

/// A stream of so many bytes that is never held.
fn endless(before: &'static str, over_and_over: &'static str, left: usize) -> Endless {
    Endless { before: before.as_bytes(), over_and_over: over_and_over.as_bytes(), left, at: 0 }
}
