//! What the records of a delivery tell only together: flags that never change, clocks without an
//! afternoon.

use crate::pipeline::columns::position;
use crate::pipeline::rules::{Note, Refusal};

use super::record::Record;
use super::value::{Clock, ColumnReader, Days, Value};

/// Flags that systems are known to fill with one value for every dossier.
const FLAGS: [&str; 4] = ["digitised", "reused", "connected", "vneid"];
const POSITIONS: [usize; FLAGS.len()] =
    [position(FLAGS[0]), position(FLAGS[1]), position(FLAGS[2]), position(FLAGS[3])];
/// Fewer records than this may well be alike.
const N_TELLING: i64 = 50;

/// Counts the values of each of [`FLAGS`].
#[derive(Debug, Default)]
pub(super) struct FlagTally([Counts; FLAGS.len()]);

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    n_true: i64,
    n_false: i64,
}

impl FlagTally {
    /// Counts the flags of a record.
    pub(super) fn add(&mut self, record: &Record<'_>) {
        for (at, counts) in POSITIONS.into_iter().zip(&mut self.0) {
            if let Value::Flag(value) = record.at(at) {
                counts.n_true += i64::from(*value);
                counts.n_false += i64::from(!value);
            }
        }
    }

    /// Says which flags were the same in every record.
    pub(super) fn notes(&self) -> impl Iterator<Item = Note> {
        let note = |(flag, counts): (&&str, &Counts)| {
            let Counts { n_true, n_false } = *counts;
            let is_constant = n_true.min(n_false) == 0 && n_true + n_false >= N_TELLING;
            let value = (n_true > 0).to_string();
            let records = (n_true + n_false).to_string();
            let params = [("column", (*flag).to_owned()), ("value", value), ("records", records)];
            is_constant.then(|| Note::new("flag_constant", params))
        };
        FLAGS.iter().zip(&self.0).filter_map(note)
    }
}

/// Says that no time of day of any column lies after noon: a 12-hour clock may have lost it.
pub(super) fn clock(clocks: impl Iterator<Item = Clock>) -> Option<Note> {
    let (mut n_times, mut n_afternoon) = (0, 0);
    for clock in clocks {
        n_times += clock.n_times;
        n_afternoon += clock.n_afternoon;
    }
    let is_telling = n_times >= N_TELLING && n_afternoon == 0;
    is_telling.then(|| Note::new("twelve_hour_clock", [("records", n_times.to_string())]))
}

/// So many days that are none but with the month first are no slips of the pen.
const N_TURNED: i64 = 5;

/// Refuses a log of which a column's days were turned around: where some are days only with the
/// month first, the others are days either way, and which is meant cannot be told.
pub(super) fn turned<'a>(
    mut readers: impl Iterator<Item = &'a ColumnReader<'a>> + Clone,
) -> Result<(), Refusal> {
    if let Some(reader) = readers.clone().find(|reader| is_half_turned(reader)) {
        let params = [
            ("column", reader.column.name.to_owned()),
            ("cells", reader.days.cells.n_early.to_string()),
            ("texts", reader.days.texts.n_late.to_string()),
        ];
        return Err(Refusal::new("days_half_turned", params));
    }
    let is_turned = |reader: &&ColumnReader<'_>| {
        let days = reader.days;
        days.n_turned >= N_TURNED && 10 * days.n_turned >= days.n_read
    };
    let Some(reader) = readers.find(is_turned) else { return Ok(()) };
    let params = [
        ("column", reader.column.name.to_owned()),
        ("turned", reader.days.n_turned.to_string()),
        ("days", reader.days.n_read.to_string()),
    ];
    Err(Refusal::new("days_turned", params))
}

/// Whether a workbook took the day for the month wherever it could: then its cells hold nothing but
/// days of the first twelve, and what it could not read stayed text, all of it of later days.
fn is_half_turned(reader: &ColumnReader<'_>) -> bool {
    let Days { texts, cells, .. } = reader.days;
    (texts.n_early, cells.n_late) == (0, 0) && texts.n_late.min(cells.n_early) >= N_TURNED
}
