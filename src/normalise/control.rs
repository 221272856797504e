//! Form II.06a (Circular 01/2020/TT-VPCP): the totals that a unit reports of itself. Its rows are
//! no dossiers; its figures are held against each other, and later against the unit's own log.

use std::collections::BTreeMap;

use arrow::array::Array as _;

use crate::decode::{Header, Records};
use crate::pipeline::Pipeline;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Note;
use crate::pipeline::{columns, form};

use super::Fates;
use super::value::{ColumnReader, Value};

/// Figures by the name of their column.
pub type Figures = BTreeMap<String, i64>;

/// Sums by the name of their column; `None` for one that no number holds.
type Sums = BTreeMap<&'static str, Option<i64>>;

/// Reads the rows of a form, batch by batch.
pub struct Control<'a> {
    readers: Vec<ColumnReader<'a>>,
    sums: Sums,
    totals: Sums,
    /// How many cells of a column hold something else than a figure.
    n_unreadable: BTreeMap<&'static str, i64>,
}

impl<'a> Control<'a> {
    /// Prepares to read a form whose log has this header.
    pub fn new(pipeline: &'a Pipeline, profile: &'a Profile, header: &Header) -> Self {
        let columns = header.taken.iter().filter_map(|t| columns::supplied_or_input(t.column));
        let readers = columns.map(|column| ColumnReader::new(column, pipeline, profile)).collect();
        Self { readers, sums: Sums::new(), totals: Sums::new(), n_unreadable: BTreeMap::new() }
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
                let (column, texts) = (reader.column.name, records.texts(at));
                if !texts.is_valid(row) {
                    continue;
                }
                let is_number = records.numbers(row) & 1 << at != 0;
                match reader.read(texts.value(row), is_number, &mut Vec::new()) {
                    Ok(Value::Integer(number)) => {
                        let sum = figures.entry(column).or_insert(Some(0));
                        *sum = sum.and_then(|sum| sum.checked_add(number));
                    }
                    _ => *self.n_unreadable.entry(column).or_default() += 1,
                }
            }
        }
    }

    /// Returns the form's figures (its totals, or the sums of its rows) and what does not add up.
    /// A figure that was not read whole is none.
    pub fn finish(self) -> (Figures, Vec<Note>) {
        let Self { mut sums, mut totals, n_unreadable, .. } = self;
        let mut notes = Vec::new();
        let unreadable = n_unreadable.into_iter().map(|(column, cells)| {
            let params = [("column", column.to_owned()), ("cells", cells.to_string())];
            (column, Note::new("control_unreadable", params))
        });
        let is_too_large = |(column, sum): (&&'static str, &Option<i64>)| {
            sum.is_none().then(|| (*column, too_large(column, "its rows")))
        };
        let not_kept: BTreeMap<&str, Note> = sums
            .iter()
            .filter_map(is_too_large)
            .chain(totals.iter().filter_map(is_too_large))
            .chain(unreadable)
            .collect();
        for (column, note) in not_kept {
            sums.remove(column);
            totals.remove(column);
            notes.push(note);
        }
        let (sums, totals) = (figures(sums), figures(totals));
        for (column, total) in &totals {
            let sum = sums.get(column).copied().unwrap_or(0);
            if sum != *total {
                notes.push(differs(column, *total, "its rows", sum));
            }
        }
        let mut figures = if totals.is_empty() { sums } else { totals };
        for (column, parts) in form::SUMS {
            let column = form::numbered(column).name;
            let parts = parts.iter().map(|part| figures.get(form::numbered(*part).name).copied());
            let parts: Option<Vec<i64>> = parts.collect();
            let (Some(total), Some(parts)) = (figures.get(column).copied(), parts) else {
                continue;
            };
            match parts.into_iter().try_fold(0_i64, i64::checked_add) {
                Some(sum) if sum == total => {}
                Some(sum) => notes.push(differs(column, total, "its parts", sum)),
                None => {
                    figures.remove(column);
                    notes.push(too_large(column, "its parts"));
                }
            }
        }
        (figures, notes)
    }
}

fn figures(sums: Sums) -> Figures {
    let figure = |(column, sum): (&str, Option<i64>)| Some((column.to_owned(), sum?));
    sums.into_iter().filter_map(figure).collect()
}

fn too_large(column: &str, of: &str) -> Note {
    Note::new("control_too_large", [("column", column.to_owned()), ("of", of.to_owned())])
}

fn differs(column: &str, total: i64, of: &str, sum: i64) -> Note {
    let (total, sum) = (total.to_string(), sum.to_string());
    let params =
        [("column", column.to_owned()), ("total", total), ("of", of.to_owned()), ("sum", sum)];
    Note::new("control_does_not_add_up", params)
}
