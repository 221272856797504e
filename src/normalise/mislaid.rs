//! Signs that a delivery is not what its feed and its name say: the numbers of another unit, the days
//! of another period, a heading written anew. A unit may have its reasons: they are told, no more.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use crate::pipeline::Pipeline;
use crate::pipeline::columns::{FeedKind, position};
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Note;
use crate::pipeline::units::Units;

use super::Origin;
use super::number::DossierKey;
use super::record::Record;
use super::value::Value;

/// The days that a report on a period is about.
const DAYS: [usize; 2] = [position("received_on"), position("completed_on")];
/// Fewer records than this may well be exceptions.
const N_TELLING: i64 = 5;

/// What is counted of the accepted records of a delivery.
#[derive(Debug)]
pub(super) struct Belonging<'a> {
    origin: &'a Origin,
    units: &'a Units,
    /// Whether it is the numbers that tell the units: the log itself does not.
    is_by_number: bool,
    /// How many numbers are of each unit that is known, and how many there are in all.
    by_unit: BTreeMap<&'a str, i64>,
    n_numbers: i64,
    /// Whether numbers are told by the national form, how many there are, and how many have it not.
    is_national: bool,
    n_keys: i64,
    n_formless: i64,
    /// The agency of the run of records that goes on, and how many there are.
    run: (String, i64),
    /// The period that a unit's own log reports on.
    period: Option<(NaiveDate, NaiveDate)>,
    /// How many records have one of [`DAYS`].
    n_dated: i64,
    n_in_period: i64,
    /// How many records tell a day after that of landing, and the last such day.
    n_to_come: i64,
    last_to_come: Option<NaiveDate>,
}

impl<'a> Belonging<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, profile: &Profile, origin: &'a Origin) -> Self {
        let is_own = profile.feed == FeedKind::Dossier;
        Self {
            origin,
            units: &pipeline.reference.units,
            // Numbers that are a unit's own take no other's dossiers.
            is_by_number: is_own
                && !profile.numbers_by_unit
                && !profile.columns.contains_key("unit_code"),
            by_unit: BTreeMap::new(),
            n_numbers: 0,
            is_national: is_own && !profile.numbers_by_unit,
            n_keys: 0,
            n_formless: 0,
            run: Default::default(),
            period: origin.period.filter(|_| is_own),
            n_dated: 0,
            n_in_period: 0,
            n_to_come: 0,
            last_to_come: None,
        }
    }

    /// Counts an accepted record.
    pub(super) fn add(&mut self, record: &Record<'_>, key: &DossierKey) {
        self.n_keys += 1;
        self.n_formless += i64::from(key.month.is_none());
        if self.is_by_number && key.agency.is_some() {
            if self.run.0 != key.agency() {
                self.end_run();
                self.run.0.push_str(key.agency());
            }
            self.run.1 += 1;
        }
        // Against the day of an export every record is held.
        if let Some(landed_on) = self.origin.landed_on.filter(|_| self.origin.observed.is_none())
            && let Some(last) = record.last_day().filter(|last| *last > landed_on)
        {
            self.n_to_come += 1;
            self.last_to_come = self.last_to_come.max(Some(last));
        }
        if let Some((start, end)) = self.period {
            let days = DAYS.iter().filter_map(|at| match record.at(*at) {
                Value::Day(day) => Some(*day),
                _ => None,
            });
            self.n_dated += i64::from(days.clone().next().is_some());
            self.n_in_period += i64::from(days.into_iter().any(|day| start <= day && day < end));
        }
    }

    fn end_run(&mut self) {
        let (agency, n) = std::mem::take(&mut self.run);
        self.n_numbers += n;
        if let Some(unit) = self.units.resolve(&agency).filter(|_| n > 0) {
            *self.by_unit.entry(unit).or_default() += n;
        }
    }

    /// Says what does not belong here.
    pub(super) fn notes(&mut self) -> impl Iterator<Item = Note> + use<> {
        self.end_run();
        let notes = [
            self.of_another_unit(),
            self.of_another_period(),
            self.of_days_to_come(),
            self.of_formless_numbers(),
        ];
        notes.into_iter().flatten()
    }

    /// Says it where most numbers are those of units that are no kin of the feed's.
    fn of_another_unit(&self) -> Option<Note> {
        let is_other = |(unit, _): &(&&str, &i64)| !is_kin(self.units, &self.origin.unit, unit);
        let others = || self.by_unit.iter().filter(is_other);
        let (n, n_numbers) = (others().map(|(_, n)| n).sum::<i64>(), self.n_numbers);
        let (unit, _) = others().max_by_key(|(_, n)| **n)?;
        let params = [
            ("unit", (*unit).to_owned()),
            ("records", n.to_string()),
            ("of", n_numbers.to_string()),
        ];
        (n >= N_TELLING && 2 * n > n_numbers).then(|| Note::new("numbers_of_another_unit", params))
    }

    /// Says it where no record was received or completed in the period that is reported on.
    fn of_another_period(&self) -> Option<Note> {
        let (start, end) = self.period?;
        let last = end - Days::new(1);
        let params = [
            ("records", self.n_dated.to_string()),
            ("from", start.to_string()),
            ("to", last.to_string()),
        ];
        let is_telling = self.n_dated >= N_TELLING && self.n_in_period == 0;
        is_telling.then(|| Note::new("nothing_of_period", params))
    }

    /// Says it where numbers have not the form by which a dossier is known in every log.
    fn of_formless_numbers(&self) -> Option<Note> {
        let params = [("records", self.n_formless.to_string()), ("of", self.n_keys.to_string())];
        let is_told = self.is_national && self.n_formless > 0;
        is_told.then(|| Note::new("numbers_without_form", params))
    }

    /// Says it where records tell of days that had not come when they landed.
    fn of_days_to_come(&self) -> Option<Note> {
        let params =
            [("records", self.n_to_come.to_string()), ("day", self.last_to_come?.to_string())];
        Some(Note::new("days_to_come", params))
    }
}

/// Whether a unit is above or below another, or what the other was or became.
fn is_kin(units: &Units, own: &str, other: &str) -> bool {
    let above = |code: &str| units.get(code).and_then(|unit| unit.parent.as_deref());
    let is_below = |low: &str, high: &str| {
        std::iter::successors(above(low), |code| above(code)).any(|code| code == high)
    };
    is_below(own, other)
        || is_below(other, own)
        || units.wholes(other).any(|whole| whole == own)
        || units.wholes(own).any(|whole| whole == other)
        || units.successors(other).any(|unit| unit.code == own)
}

/// Says it where nothing is read for some columns, while there are headings, at these positions,
/// that nothing is read from.
pub(super) fn heading(
    unknown: &[usize],
    is_read: impl Fn(&str) -> bool,
    profile: &Profile,
) -> Option<Note> {
    let lacking = profile.columns.iter().filter(|(column, _)| !is_read(column));
    let lacking: Vec<&str> =
        lacking.filter_map(|(_, headings)| Some(&*headings.first()?.name)).collect();
    let positions: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    let params = [("positions", positions.join(", ")), ("columns", lacking.join(", "))];
    (!lacking.is_empty() && !positions.is_empty()).then(|| Note::new("heading_unknown", params))
}
