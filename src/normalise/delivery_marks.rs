//! What the records of a delivery tell only together: flags that never change, clocks without an
//! afternoon.

use crate::pipeline::columns::supplied_index;
use crate::pipeline::rules::Note;

use super::record::Record;
use super::value::{Clock, Value};

/// Flags that systems are known to fill with one value for every dossier.
const FLAGS: [&str; 4] = ["digitised", "reused", "connected", "vneid"];
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
    pub(super) fn add(&mut self, record: &Record) {
        for (flag, counts) in FLAGS.iter().zip(&mut self.0) {
            let value = supplied_index(flag).and_then(|at| record.values.get(at));
            if let Some(Value::Flag(value)) = value {
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
