//! Text to typed observations, or to a reject with a rule. Personal data ends here: what leaves
//! has the columns of the canonical dossier and no others, and rejects show shapes.

mod number;
mod observations;
mod record;
mod rejects;
mod shape;
mod value;

use arrow::array::Array as _;
use chrono::NaiveDate;

use crate::decode::{Header, Records};
use crate::pipeline::columns::{Column, SUPPLIED};
use crate::pipeline::feed::Feed;
use crate::pipeline::rules::{Severity, params_of};
use crate::pipeline::{Pipeline, columns, rules};

pub use observations::{N_FACTS, Observations, position_of};
pub use rejects::Rejects;

use observations::ObservationsBuilder;
use record::Record;
use rejects::RejectsBuilder;
use value::{Breach, ColumnReader, Value};

/// What a record's judgement needs to know of its delivery.
#[derive(Debug, Clone)]
pub struct Origin {
    /// `<unit>/<feed>/<n>`.
    pub delivery: String,
    pub judgement: i64,
    pub unit: String,
    pub feed: String,
    /// When the data was exported, in UTC microseconds, with its local day.
    pub observed: Option<(i64, NaiveDate)>,
}

/// How many records met each fate; `read` counts the records that came in, each fate its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fates {
    pub read: i64,
    pub accepted: i64,
    pub duplicate: i64,
    pub rejected: i64,
    pub out_of_scope: i64,
}

impl Fates {
    /// Whether every record read has one fate.
    pub fn are_conserved(&self) -> bool {
        self.read == self.accepted + self.duplicate + self.rejected + self.out_of_scope
    }
}

/// Judges the records of one delivery, batch by batch.
pub struct Judge<'a> {
    pipeline: &'a Pipeline,
    feed: &'a Feed,
    origin: &'a Origin,
    readers: Vec<ColumnReader<'a>>,
    supplied: Vec<bool>,
    /// Values for what the record itself does not tell: the feed's unit and constants.
    constants: Vec<(Column, Result<Value, Breach>)>,
    n_headings: usize,
}

impl<'a> Judge<'a> {
    /// Prepares to judge a delivery whose log has this header.
    pub fn new(
        pipeline: &'a Pipeline,
        feed: &'a Feed,
        origin: &'a Origin,
        header: &Header,
    ) -> Self {
        let profile = &feed.profile;
        let reader = |column| ColumnReader::new(column, pipeline, profile);
        let readers: Vec<ColumnReader<'a>> =
            header.supplied().filter_map(columns::supplied_or_input).map(reader).collect();
        let is_read = |name: &str| readers.iter().any(|reader| reader.column.name == name);
        let mut constants = vec![];
        // An empty cell of the unit means the feed's unit, too.
        let unit = columns::supplied_or_input("unit_code").expect("a canonical column");
        constants.push((unit, Ok(Value::Text(origin.unit.clone()))));
        for (name, text) in &profile.constants {
            let column = columns::supplied_or_input(name).filter(|column| !is_read(column.name));
            constants.extend(column.map(|column| (column, reader(column).read(text))));
        }
        let supplied = SUPPLIED.iter().map(|column| {
            is_read(column.name)
                || constants.iter().any(|(constant, _)| constant.name == column.name)
                || profile.implied.contains_key(column.name)
                || derived_from_others(column.name).iter().any(|source| is_read(source))
        });
        let supplied = supplied.collect();
        Self {
            pipeline,
            feed,
            origin,
            readers,
            supplied,
            constants,
            n_headings: header.columns.len(),
        }
    }

    /// Judges a batch: each record becomes an observation or a reject, or is out of scope.
    pub fn normalise(&mut self, records: &Records, fates: &mut Fates) -> (Observations, Rejects) {
        let mut accepted = ObservationsBuilder::new(self.origin, &self.supplied);
        let mut rejected = RejectsBuilder::new(self.origin);
        let mut record = Record::default();
        let names: Vec<&'static str> = self.readers.iter().map(|r| r.column.name).collect();
        let texts: Vec<_> = names.iter().map(|name| records.texts(name)).collect();
        fates.read += records.n_records() as i64;
        for row in 0..records.n_records() {
            let text = |column: usize| {
                texts[column].filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row))
            };
            let judged = match records.remark(row) {
                Some((rule, _)) if severity(rule) == Severity::OutOfScope => {
                    fates.out_of_scope += 1;
                    continue;
                }
                Some((rule, n_fields)) => Err((None, self.unreadable(rule, n_fields))),
                None => self.judge(text, &mut record),
            };
            match judged {
                Ok(key) => accepted.push(&key, self.pipeline.settings.buckets, &record),
                Err((column, breach)) => {
                    fates.rejected += 1;
                    rejected.push(records.place(row), column, &breach);
                }
            }
        }
        (accepted.finish(), rejected.finish())
    }

    /// Reads one record's values and holds them against the rules; returns the dossier's key.
    fn judge<'t>(
        &mut self,
        text: impl Fn(usize) -> Option<&'t str>,
        record: &mut Record,
    ) -> Result<number::DossierKey, (Option<&'static str>, Breach)> {
        let profile = &self.feed.profile;
        record.clear();
        let mut breach = None;
        for (at, reader) in self.readers.iter_mut().enumerate() {
            let name = reader.column.name;
            match text(at).map(|text| reader.read(text)).transpose() {
                Ok(value) => record.set(name, value.unwrap_or_default()),
                Err(broken) => breach = breach.or(Some((Some(name), broken))),
            }
        }
        for (column, value) in &self.constants {
            match value {
                Ok(value) => record.set_if_null(column.name, value),
                Err(broken) => breach = breach.or(Some((Some(column.name), broken.clone()))),
            }
        }
        let Some(number) = record.key(profile) else {
            return Err((Some(profile.key[0]), ("no_key", params_of([]))));
        };
        let mut key = number::read(number);
        if profile.numbers_by_unit {
            key.key = format!("{}/{}", self.origin.unit, key.key);
        }
        if let Some(breach) = breach {
            return Err(breach);
        }
        record.fill_implied(profile);
        record.settle_end();
        let observed_on = self.origin.observed.map(|(_, day)| day);
        let supplies =
            |name: &str| columns::supplied_index(name).is_some_and(|at| self.supplied[at]);
        record.check(observed_on, supplies).map_err(|breach| (None, breach))?;
        Ok(key)
    }

    fn unreadable(&self, rule: &str, n_fields: i64) -> Breach {
        let rule = rules::find(rule).expect("decode names rules of the list").id;
        let counts = [("fields", n_fields.to_string()), ("headings", self.n_headings.to_string())];
        let is_count = rule == "field_count";
        (rule, if is_count { params_of(counts) } else { params_of([]) })
    }
}

fn severity(rule: &str) -> Severity {
    rules::find(rule).map_or(Severity::Reject, |rule| rule.severity)
}

/// The columns from which [`Record::settle_end`] may fill this one.
fn derived_from_others(column: &str) -> &'static [&'static str] {
    match column {
        "completed_on" => &["returned_on"],
        "ended_on" => &["completed_on"],
        _ => &[],
    }
}
