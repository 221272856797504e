//! Form II.06a (Circular 01/2020/TT-VPCP): the totals that a unit reports of itself. Its rows are
//! no dossiers; its figures are held against each other, and later against the unit's own log.

use std::collections::BTreeMap;

use arrow::array::Array as _;

use crate::decode::{Header, Records};
use crate::pipeline::Pipeline;
use crate::pipeline::columns;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Note;

use super::Fates;
use super::value::{ColumnReader, Value};

/// The identities that the form prints under its headings.
const IDENTITIES: [(&str, &[&str]); 3] = [
    ("handled", &["received_online", "received_other", "carried_over"]),
    ("resolved", &["resolved_early", "resolved_on_time", "late"]),
    ("open", &["open_in_term", "overdue"]),
];

/// Figures by the name of their column.
pub type Figures = BTreeMap<String, i64>;

/// Reads the rows of a form, batch by batch.
pub struct Control<'a> {
    readers: Vec<ColumnReader<'a>>,
    sums: Figures,
    totals: Figures,
}

impl<'a> Control<'a> {
    /// Prepares to read a form whose log has this header.
    pub fn new(pipeline: &'a Pipeline, profile: &'a Profile, header: &Header) -> Self {
        let columns = header.taken.iter().filter_map(|t| columns::supplied_or_input(t.column));
        let readers = columns.map(|column| ColumnReader::new(column, pipeline, profile)).collect();
        Self { readers, sums: Figures::new(), totals: Figures::new() }
    }

    /// Adds the rows of a batch; each is out of scope: it is no dossier.
    pub fn add(&mut self, records: &Records, fates: &mut Fates) {
        fates.read += records.n_records() as i64;
        fates.out_of_scope += records.n_records() as i64;
        for row in 0..records.n_records() {
            let figures = match records.remark(row) {
                None => &mut self.sums,
                Some(("totals_row", _)) => &mut self.totals,
                Some(_) => continue,
            };
            for (at, reader) in self.readers.iter_mut().enumerate() {
                let texts = records.texts(at);
                let text = texts.is_valid(row).then(|| texts.value(row));
                let value = text.map(|text| reader.read(text, false, &mut Vec::new()));
                if let Some(Ok(Value::Integer(number))) = value {
                    *figures.entry(reader.column.name.to_owned()).or_default() += number;
                }
            }
        }
    }

    /// Returns the form's figures (its totals, or the sums of its rows) and what does not add up.
    pub fn finish(self) -> (Figures, Vec<Note>) {
        let Self { sums, totals, .. } = self;
        let mut notes = Vec::new();
        for (column, total) in &totals {
            let sum = sums.get(column).copied().unwrap_or(0);
            if sum != *total {
                notes.push(differs(column, *total, "its rows", sum));
            }
        }
        let figures = if totals.is_empty() { sums } else { totals };
        for (column, parts) in IDENTITIES {
            let parts: Option<Vec<i64>> = parts.iter().map(|p| figures.get(*p).copied()).collect();
            let sum = parts.map(|parts| parts.iter().sum::<i64>());
            if let (Some(total), Some(sum)) = (figures.get(column), sum)
                && *total != sum
            {
                notes.push(differs(column, *total, "its parts", sum));
            }
        }
        (figures, notes)
    }
}

fn differs(column: &str, total: i64, of: &str, sum: i64) -> Note {
    let (total, sum) = (total.to_string(), sum.to_string());
    let params =
        [("column", column.to_owned()), ("total", total), ("of", of.to_owned()), ("sum", sum)];
    Note::new("control_does_not_add_up", params)
}
