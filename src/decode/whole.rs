//! Rows of a log as they are written, every field of them: for the unit that sent it alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;

use super::keyed::Keys;
use super::row::Row;
use super::table::Width;
use super::{Notes, RecordPlace, open};

/// Some rows of a log. What they hold is personal: it must reach no log, so there is no `Debug`.
pub struct Whole {
    /// The headings, one a field; in keyed formats the keys that the log was seen to have.
    pub names: Vec<String>,
    /// The rows that were asked for and are there, by record number.
    pub rows: BTreeMap<i64, WholeRow>,
}

/// A row of a log.
pub struct WholeRow {
    pub place: RecordPlace,
    /// The cells; more or fewer than there are headings where the row has more or fewer.
    pub cells: Vec<String>,
}

/// Reads the records of these numbers, counted as [`decode`](super::decode) counts them, and no
/// further than the last.
///
/// # Errors
///
/// A refusal: the bytes are not what the profile says.
pub fn rows(bytes: impl Read, profile: &Profile, wanted: &BTreeSet<i64>) -> Result<Whole, Refusal> {
    let keys = Keys::Some(Default::default());
    let (mut table, _) = open(Box::new(bytes), profile, &keys, &Notes::default())?;
    let (mut rows, mut row, mut record) = (BTreeMap::new(), Row::default(), 0);
    let last = wanted.last().copied().unwrap_or_default();
    while record < last && table.rows.read(&mut row)? {
        record += 1;
        if wanted.contains(&record) {
            let sheet = Some(i64::from(row.sheet)).filter(|sheet| *sheet > 0);
            let place = RecordPlace { record, line: row.line.cast_signed(), sheet };
            let cells = row.fields.iter().map(|cell| String::from_utf8_lossy(cell).into_owned());
            rows.insert(record, WholeRow { place, cells: cells.collect() });
        }
    }
    let mut names = table.header.names;
    let keys = keys.map(|keys| keys.take()).unwrap_or_default();
    if !keys.is_empty() {
        // Fields of keys that were met later are empty in the rows before.
        let cell = |cells: &[String], field: usize| cells.get(field).cloned().unwrap_or_default();
        for WholeRow { cells, .. } in rows.values_mut() {
            *cells = keys.iter().map(|(_, field)| cell(cells, *field)).collect();
        }
        names = keys.into_iter().map(|(name, _)| name).collect();
    } else if table.width == Width::Padded {
        for WholeRow { cells, .. } in rows.values_mut() {
            cells.resize(cells.len().max(names.len()), String::new());
        }
    }
    Ok(Whole { names, rows })
}
