//! Text to typed observations, or to a reject with a rule. Personal data ends here: what leaves
//! has the columns of the canonical dossier and no others, and rejects show shapes.

mod codes;
mod condition;
mod contract;
mod control;
mod delivery_marks;
mod inputs;
mod mislaid;
mod nulls;
mod number;
mod observations;
mod record;
mod rejects;
mod shape;
mod tax_code;
mod value;

use std::borrow::Cow;

use arrow::array::{Array as _, StringArray};
use chrono::NaiveDate;

use crate::decode::{Header, Records};
use crate::pipeline::columns::{Column, FeedKind, supplied_bit};
use crate::pipeline::feed::Feed;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::{Note, Refusal, Severity, params_of};
use crate::pipeline::{Pipeline, columns, rules};

pub use contract::mark;
pub use control::{Control, Figures};
pub use nulls::nulls;
pub use observations::{N_FACTS, Observations, cell_at, cell_of, names_of, position_of};
pub use rejects::Rejects;
pub use tax_code::is_tax_code;

use contract::Contracts;
use delivery_marks::FlagTally;
use mislaid::Belonging;
use number::DossierKey;
use observations::ObservationsBuilder;
use record::{Implied, Place, Record};
use rejects::RejectsBuilder;
use value::{Breach, ColumnReader, Value};

const UNIT_CODE: usize = columns::position("unit_code");
const DOSSIER_NUMBER: usize = columns::position("dossier_number");

/// A rule that a record breaks, with the column that it breaks it in, if it is one.
type Broken = (Option<&'static str>, Breach);

/// What a record's judgement needs to know of its delivery.
#[derive(Debug, Clone)]
pub struct Origin {
    /// `<unit>/<feed>/<n>`.
    pub delivery: String,
    pub judgement: i64,
    pub unit: String,
    pub feed: String,
    /// The period that it reports on, half-open.
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// When the data was exported, in UTC microseconds, with its local day.
    pub observed: Option<(i64, NaiveDate)>,
    /// The local day on which it landed: it decides no fate.
    pub landed_on: Option<NaiveDate>,
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
    /// Where what each reads is put.
    places: Vec<Place>,
    /// The readers that no record has had anything for, a bit each: a keyed log has the columns
    /// that its records have.
    never_there: u64,
    /// The readers of what the profile requires, a bit each: a record without the key has nothing
    /// there, as one with nothing under it.
    required: u64,
    /// The columns that every record supplies, a bit each: by constants and what is implied.
    always_supplied: u64,
    /// Values for what the record itself does not tell: the feed's unit and constants.
    constants: Vec<(Place, &'static str, Result<Value<'a>, Breach>)>,
    /// What the profile says that a record means which tells nothing itself.
    implied: Vec<Implied<'a>>,
    n_headings: usize,
    flags: FlagTally,
    belonging: Belonging<'a>,
    /// The positions of headings that nothing is read from.
    unknown_headings: Vec<usize>,
    contracts: Contracts<'a>,
    accepted: ObservationsBuilder<'a>,
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
        let columns = header.taken.iter().filter_map(|t| columns::supplied_or_input(t.column));
        let readers: Vec<ColumnReader<'a>> = columns.map(reader).collect();
        let is_read = |name: &str| readers.iter().any(|reader| reader.column.name == name);
        let mut constants = vec![];
        for (name, text) in &profile.constants {
            let column = columns::supplied_or_input(name).filter(|column| !is_read(column.name));
            let read = |column: Column| {
                let value = reader(column).read(text, false, &mut Vec::new());
                (Place::of(column.name), column.name, value)
            };
            constants.extend(column.map(read));
        }
        let is_required = |name: &str| {
            let mut required = profile.required.iter().flat_map(|of| profile.columns_of(of));
            required.any(|(column, _)| column == name)
        };
        let required = readers.iter().enumerate().filter(|(_, r)| is_required(r.column.name));
        let required = required.fold(0, |mask, (at, _)| mask | 1 << at);
        let implied = implied(profile, reader);
        let constant = constants.iter().map(|(_, name, _)| *name);
        let always = constant.chain(profile.implied.keys().copied());
        let own = (profile.feed == FeedKind::Dossier).then_some("unit_code");
        let always = always.chain(own).map(supplied_bit);
        let always_supplied = always.fold(0, |mask, bit| mask | bit);
        let supplied = supplied_by(&readers, 0) | always_supplied;
        Self {
            pipeline,
            feed,
            origin,
            never_there: u64::MAX,
            required,
            always_supplied,
            contracts: Contracts::new(profile, supplied),
            places: readers.iter().map(|reader| Place::of(reader.column.name)).collect(),
            readers,
            constants,
            implied,
            n_headings: header.n_fields(),
            flags: FlagTally::default(),
            belonging: Belonging::new(pipeline, profile, origin),
            unknown_headings: header.unknown.clone(),
            accepted: ObservationsBuilder::new(origin),
        }
    }

    /// Judges a batch: each record becomes an observation, which waits to be taken, or a reject, or is
    /// out of scope.
    pub fn normalise(&mut self, records: &Records, fates: &mut Fates) -> Rejects {
        let mut rejected = RejectsBuilder::new(self.origin);
        let texts: Vec<&StringArray> =
            (0..self.readers.len()).map(|at| records.texts(at)).collect();
        let (mut record, mut key) = (Record::new(), DossierKey::default());
        fates.read += records.n_records() as i64;
        for row in 0..records.n_records() {
            self.never_there &= records.absent(row);
            let judged = match records.remark(row) {
                Some((rule, _)) if severity(rule) == Severity::OutOfScope => {
                    fates.out_of_scope += 1;
                    continue;
                }
                Some((rule, n_fields)) => Err((None, self.unreadable(rule, n_fields))),
                None => {
                    let breach = self.read(records, row, &texts, &mut record);
                    self.judge(breach, &mut record, &mut key).and_then(|()| {
                        let kept = self.contracts.check(&mut record, records.place(row));
                        kept.map_err(|breach| (None, breach))
                    })
                }
            };
            match judged {
                Ok(()) => {
                    self.flags.add(&record);
                    self.belonging.add(&record, &key);
                    self.accepted.push(&key, self.pipeline.settings.buckets, &record);
                }
                Err((column, breach)) => {
                    fates.rejected += 1;
                    // As it was found: by now what it was made of may be taken away.
                    let is_read = records.remark(row).is_none();
                    let key = Some(&*key.key).filter(|key| is_read && !key.is_empty());
                    rejected.push(records.place(row), column, &breach, key);
                }
            }
        }
        rejected.finish()
    }

    /// Returns how many observations wait.
    pub fn n_waiting(&self) -> usize {
        self.accepted.n_rows()
    }

    /// Takes the observations that wait.
    pub fn take(&mut self) -> Observations {
        self.accepted.finish()
    }

    /// Returns why the whole delivery is refused, where what was read so far breaks a contract.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.contracts.refusal()
    }

    /// Returns what the records tell together of their delivery, once they are all judged.
    ///
    /// # Errors
    ///
    /// The refusal of a delivery that breaks a contract, or whose days were turned around.
    pub fn finish(&mut self, fates: &Fates) -> Result<Vec<Note>, Refusal> {
        delivery_marks::turned(self.readers.iter())?;
        let supplied = supplied_by(&self.readers, self.never_there) | self.always_supplied;
        let mut notes = self.contracts.finish(fates.read - fates.out_of_scope, supplied)?;
        let is_read = |name: &str| {
            let mut readers = self.readers.iter().enumerate();
            // Of no records nobody knows which keys they have.
            let is_there = |at| fates.read == 0 || self.never_there >> at & 1 == 0;
            readers.any(|(at, reader)| reader.column.name == name && is_there(at))
        };
        notes.extend(mislaid::heading(&self.unknown_headings, is_read, &self.feed.profile));
        notes.extend(self.belonging.notes());
        notes.extend(self.flags.notes());
        notes.extend(delivery_marks::clock(self.readers.iter().map(|reader| reader.clock)));
        Ok(notes)
    }

    /// Holds a record's values against the rules, the first that its texts broke among them; finds
    /// the dossier's key.
    fn judge<'r>(
        &self,
        breach: Option<Broken>,
        record: &mut Record<'r>,
        key: &mut DossierKey,
    ) -> Result<(), Broken>
    where
        'a: 'r,
    {
        let profile = &self.feed.profile;
        match (self.key(record, key), breach) {
            (Ok(()), None) => {}
            // A number that is none is told as what it is, not as one that is not there.
            (Err(_), Some(breach)) if breach.0.is_some_and(|at| profile.key.contains(&at)) => {
                return Err(breach);
            }
            (Err(no_key), _) => return Err(no_key),
            (Ok(()), Some(breach)) => return Err(breach),
        }
        let filled = record.fill_implied(&self.implied);
        filled.map_err(|(column, breach)| (Some(column), breach))?;
        if profile.feed == FeedKind::Dossier {
            // No unit, or an empty cell, means the feed's.
            let unit = Value::Text(Cow::Borrowed(&*self.origin.unit));
            record.put_if_null(Place::Column(UNIT_CODE), &unit);
        } else {
            // Both found the key; they are the unit's own to tell.
            record.set(UNIT_CODE, Value::Null);
            record.supplied &= !(1 << UNIT_CODE | 1 << DOSSIER_NUMBER);
        }
        let observed_on = self.origin.observed.map(|(_, day)| day);
        let checked = match profile.feed {
            FeedKind::Dossier => {
                record.settle_end();
                record.settle_enterprise();
                record.check_dossier(observed_on)
            }
            kind => record.check_other(kind, observed_on),
        };
        checked?;
        record.mark_distortions();
        Ok(())
    }

    /// Reads the record's values; returns the first breach, with its column.
    fn read<'r>(
        &mut self,
        records: &'r Records,
        row: usize,
        texts: &[&'r StringArray],
        record: &mut Record<'r>,
    ) -> Option<Broken>
    where
        'a: 'r,
    {
        let (numbers, absent) = (records.numbers(row), records.absent(row) & !self.required);
        let mut breach = None;
        record.clear(self.always_supplied);
        let places = self.places.iter().zip(texts);
        for (at, (reader, (place, texts))) in self.readers.iter_mut().zip(places).enumerate() {
            if absent & 1 << at == 0 {
                record.supplied |= place.bit();
            }
            if !texts.is_valid(row) {
                continue;
            }
            let is_number = numbers & 1 << at != 0;
            match reader.read(texts.value(row), is_number, &mut record.marks) {
                Ok(value) => record.put(*place, value),
                Err(broken) => breach = breach.or(Some((Some(reader.column.name), broken))),
            }
        }
        for (place, name, value) in &self.constants {
            match value {
                Ok(value) => record.put_if_null(*place, value),
                Err(broken) => breach = breach.or(Some((Some(*name), broken.clone()))),
            }
        }
        breach
    }

    /// Finds the dossier that the record tells of.
    fn key(&self, record: &Record<'_>, key: &mut DossierKey) -> Result<(), Broken> {
        let profile = &self.feed.profile;
        let Some(number) = record.key(profile) else {
            key.key.clear();
            return Err((Some(profile.key[0]), ("no_key", params_of([]))));
        };
        key.read(number);
        if profile.numbers_by_unit {
            key.put_unit(record.at(UNIT_CODE).text().unwrap_or(&self.origin.unit));
        }
        Ok(())
    }

    fn unreadable(&self, rule: &str, n_fields: i64) -> Breach {
        let rule = rules::find(rule).expect("decode names rules of the list").id;
        let counts = [("fields", n_fields.to_string()), ("headings", self.n_headings.to_string())];
        let is_count = rule == "field_count";
        (rule, if is_count { params_of(counts) } else { params_of([]) })
    }
}

/// Reads what the profile implies, once for all records.
fn implied<'a>(
    profile: &'a Profile,
    reader: impl Fn(Column) -> ColumnReader<'a>,
) -> Vec<Implied<'a>> {
    let mut implied = Vec::new();
    for (name, rules) in &profile.implied {
        let Some(column) = columns::supplied_or_input(name) else { continue };
        let read = |text: &'a str| reader(column).read(text, false, &mut Vec::new());
        let rules = rules.iter().map(|rule| (rule.present, read(&rule.value)));
        implied.push(Implied { column: column.name, rules: rules.collect() });
    }
    implied
}

/// Returns a bit for each column that is read, but for the readers that never had anything.
fn supplied_by(readers: &[ColumnReader<'_>], never_there: u64) -> u64 {
    let there = readers.iter().enumerate().filter(|(at, _)| never_there & 1 << at == 0);
    there.fold(0, |mask, (_, reader)| mask | supplied_bit(reader.column.name))
}

fn severity(rule: &str) -> Severity {
    rules::find(rule).map_or(Severity::Reject, |rule| rule.severity)
}
