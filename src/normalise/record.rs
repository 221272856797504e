//! One record with typed values: what its own columns say together, and the rules they break.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::pipeline::columns::{FeedKind, Kind, SUPPLIED, is_ended, position, supplied_index};
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::params_of;

use super::Broken;
use super::inputs::Inputs;
use super::value::{Breach, Value};

const DOSSIER_NUMBER: usize = position("dossier_number");
const APPLICANT_KIND: usize = position("applicant_kind");
const STATUS: usize = position("status");
const RECEIVED_ON: usize = position("received_on");
const COMPLETED_ON: usize = position("completed_on");
const RETURNED_ON: usize = position("returned_on");
const ENDED_ON: usize = position("ended_on");
const ENTERPRISE_CODE: usize = position("enterprise_code");
const PORTAL_STATUS: usize = position("portal_status");
const PORTAL_RECEIVED_ON: usize = position("portal_received_on");
const PORTAL_DUE_ON: usize = position("portal_due_on");
const PORTAL_COMPLETED_ON: usize = position("portal_completed_on");
const POST_HANDED_ON: usize = position("post_handed_on");
const POST_DELIVERED_ON: usize = position("post_delivered_on");

/// The days that no record tells before they have come: all but due days, a bit each.
const PAST_DAYS: u64 = past_days();

const fn past_days() -> u64 {
    let (mut mask, mut at) = (0, 0);
    while at < SUPPLIED.len() {
        if matches!(SUPPLIED[at].kind, Kind::Day) {
            mask |= 1 << at;
        }
        at += 1;
    }
    mask & !(1 << position("due_on") | 1 << PORTAL_DUE_ON)
}

/// The values of one record, a place for each column of [`SUPPLIED`].
#[derive(Debug)]
pub(super) struct Record<'r> {
    values: Vec<Value<'r>>,
    /// A bit for each column that holds a value.
    filled: u64,
    /// A bit for each column that the record supplies, be it with nothing.
    pub(super) supplied: u64,
    inputs: Inputs<'r>,
    pub(super) marks: Vec<&'static str>,
    /// The contracts that it breaks and is only marked for.
    pub(super) contract_marks: Vec<Arc<str>>,
}

/// Where a value is put: into a column, or among the inputs by their name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Column(usize),
    Input(&'static str),
}

impl Place {
    /// Returns the place of a column or input.
    pub(super) fn of(name: &'static str) -> Self {
        supplied_index(name).map_or(Self::Input(name), Self::Column)
    }

    /// Returns the bit of a column, none of an input.
    pub(super) fn bit(self) -> u64 {
        if let Self::Column(at) = self { 1 << at } else { 0 }
    }
}

/// What a record means that has nothing in a column: the first value whose other column, if it
/// names one, has something.
pub(super) struct Implied<'a> {
    pub(super) column: &'static str,
    pub(super) rules: Vec<(Option<&'static str>, Result<Value<'a>, Breach>)>,
}

impl<'r> Record<'r> {
    /// Makes a record of nothing.
    pub(super) fn new() -> Self {
        Self {
            values: vec![Value::Null; SUPPLIED.len()],
            filled: 0,
            supplied: 0,
            inputs: Inputs::default(),
            marks: Vec::new(),
            contract_marks: Vec::new(),
        }
    }

    /// Empties the record for the next one, which supplies at least some columns.
    pub(super) fn clear(&mut self, supplied: u64) {
        for at in bits(self.filled) {
            self.values[at] = Value::Null;
        }
        (self.filled, self.supplied) = (0, supplied);
        self.inputs = Inputs::default();
        self.marks.clear();
        self.contract_marks.clear();
    }

    /// Puts a value into its place.
    pub(super) fn put(&mut self, place: Place, value: Value<'r>) {
        match place {
            Place::Column(at) => self.set(at, value),
            Place::Input(name) => self.inputs.put(name, value),
        }
    }

    /// Puts a value into a place: into a column, where that has none.
    pub(super) fn put_if_null(&mut self, place: Place, value: &Value<'r>) {
        match place {
            Place::Column(at) if !self.is_null(at) => {}
            place => self.put(place, value.clone()),
        }
    }

    /// Puts a value into its column.
    pub(super) fn set(&mut self, at: usize, value: Value<'r>) {
        let bit = 1 << at;
        self.filled = if value == Value::Null { self.filled & !bit } else { self.filled | bit };
        self.values[at] = value;
    }

    /// Returns the value of a column by its position.
    pub(super) fn at(&self, at: usize) -> &Value<'r> {
        &self.values[at]
    }

    /// Returns the value of a column by its name.
    pub(super) fn get(&self, column: &str) -> &Value<'r> {
        supplied_index(column).map_or(&Value::Null, |at| &self.values[at])
    }

    /// Whether a column or an input holds a value.
    fn has(&self, name: &'static str) -> bool {
        match Place::of(name) {
            Place::Column(at) => !self.is_null(at),
            Place::Input(name) => self.inputs.has(name),
        }
    }

    /// Returns the columns that hold a value, in order.
    pub(super) fn filled(&self) -> impl Iterator<Item = (usize, &Value<'r>)> {
        bits(self.filled).map(|at| (at, &self.values[at]))
    }

    /// Returns every column's value.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value<'r>> {
        self.values.iter()
    }

    /// Returns when the event was, in UTC microseconds.
    pub(super) fn event_time(&self) -> Option<i64> {
        self.inputs.event_time
    }

    /// Returns the key of the item that the record tells of.
    pub(super) fn item_key(&self) -> Option<&str> {
        self.inputs.item_key.as_deref()
    }

    fn is_null(&self, at: usize) -> bool {
        self.filled & 1 << at == 0
    }

    fn supplies(&self, at: usize) -> bool {
        self.supplied & 1 << at != 0
    }

    fn text(&self, at: usize) -> Option<&str> {
        self.values[at].text()
    }

    fn day(&self, at: usize) -> Option<NaiveDate> {
        self.values[at].day()
    }

    /// Returns the first input of the profile's key list that the record has.
    pub(super) fn key<'a>(&'a self, profile: &Profile) -> Option<&'a str> {
        profile.key.iter().find_map(|input| match *input {
            "old_number" => self.inputs.old_number.as_deref(),
            "portal_number" => self.inputs.portal_number.as_deref(),
            "reference_id" => self.inputs.reference_id.as_deref(),
            column => self.get(column).text(),
        })
    }

    /// Fills in what the profile says a record without a value of its own means.
    pub(super) fn fill_implied(
        &mut self,
        implied: &[Implied<'r>],
    ) -> Result<(), (&'static str, Breach)> {
        for Implied { column, rules } in implied {
            if *self.get(column) != Value::Null {
                continue;
            }
            let is_there =
                |present: &Option<&'static str>| present.is_none_or(|name| self.has(name));
            match rules.iter().find(|(present, _)| is_there(present)) {
                Some((_, Ok(value))) => self.put(Place::of(column), value.clone()),
                Some((_, Err(breach))) => return Err((column, breach.clone())),
                None => {}
            }
        }
        Ok(())
    }

    /// Settles which day ended the dossier: the return day stands in for a missing completion, the
    /// end of processing, or else the return day, for a missing day of refusal or withdrawal.
    pub(super) fn settle_end(&mut self) {
        // What stands in for another column supplies it.
        let stands_in =
            [(RETURNED_ON, COMPLETED_ON), (RETURNED_ON, ENDED_ON), (COMPLETED_ON, ENDED_ON)];
        for (source, target) in stands_in {
            if self.supplies(source) {
                self.supplied |= 1 << target;
            }
        }
        let (source, target) = match self.text(STATUS) {
            Some("completed") => (RETURNED_ON, COMPLETED_ON),
            Some("refused" | "withdrawn") if self.is_null(COMPLETED_ON) => (RETURNED_ON, ENDED_ON),
            Some("refused" | "withdrawn") => (COMPLETED_ON, ENDED_ON),
            _ => return,
        };
        if !self.is_null(target) || self.is_null(source) {
            return;
        }
        self.set(target, self.at(source).clone());
        if target == COMPLETED_ON {
            self.marks.push("completed_on_from_return");
        }
    }

    /// Keeps what stands for the tax code of an enterprise alone: a person's is personal data.
    pub(super) fn settle_enterprise(&mut self) {
        let is_enterprise = self.text(APPLICANT_KIND) == Some("enterprise");
        let code = self.text(ENTERPRISE_CODE);
        let digits = |code: &str| code.bytes().filter(u8::is_ascii_digit).count();
        let is_personal = !is_enterprise || code.is_some_and(|code| digits(code) == 12);
        if code.is_some() && is_personal {
            self.set(ENTERPRISE_CODE, Value::Null);
        }
    }

    /// Checks the columns of a unit's own record against one another.
    pub(super) fn check_dossier(&self, observed_on: Option<NaiveDate>) -> Result<(), Broken> {
        let status = self.text(STATUS).unwrap_or_default();
        if self.supplies(STATUS) && status.is_empty() {
            return Err((Some("status"), ("no_status", params_of([]))));
        }
        let received_on = self.day(RECEIVED_ON);
        let needs_reception = !matches!(status, "new" | "refused" | "withdrawn");
        if self.supplies(RECEIVED_ON) && received_on.is_none() && needs_reception {
            return Err((Some("received_on"), ("no_received_on", params_of([]))));
        }
        let end = end_column(status);
        let ended_on = self.day(end).filter(|_| is_ended(status));
        if is_ended(status) && ended_on.is_none() {
            let no_end_day = ("no_end_day", params_of([("status", status.to_owned())]));
            return Err((Some(SUPPLIED[end].name), no_end_day));
        }
        check_order(received_on, ended_on, end)?;
        self.check_observed(observed_on)
    }

    /// Checks a record of another feed than the unit's own.
    pub(super) fn check_other(
        &self,
        kind: FeedKind,
        observed_on: Option<NaiveDate>,
    ) -> Result<(), Broken> {
        if kind.has_items() && self.item_key().is_none() {
            return Err((Some("item_key"), ("no_item_key", params_of([]))));
        }
        if self.supplies(PORTAL_STATUS) && self.is_null(PORTAL_STATUS) {
            return Err((Some("portal_status"), ("no_status", params_of([]))));
        }
        let order = |begin, end| check_order(self.day(begin), self.day(end), end);
        order(PORTAL_RECEIVED_ON, PORTAL_COMPLETED_ON)?;
        order(POST_HANDED_ON, POST_DELIVERED_ON)?;
        self.check_observed(observed_on)
    }

    /// Marks what a unit's system is known to distort before it sends a dossier to the portal.
    pub(super) fn mark_distortions(&mut self) {
        let is_finished = self.text(PORTAL_STATUS) == Some("completed");
        if is_finished && self.supplies(PORTAL_DUE_ON) && self.is_null(PORTAL_DUE_ON) {
            self.marks.push("portal_end_without_due");
        }
        let number = self.text(DOSSIER_NUMBER).unwrap_or_default();
        if self.inputs.is_replaced(number) {
            self.marks.push("number_replaced");
        }
        if self.inputs.gives_back_what_was_submitted() {
            self.marks.push("result_is_submitted_file");
        }
    }

    /// Returns the last of the days that have come.
    pub(super) fn last_day(&self) -> Option<NaiveDate> {
        bits(self.filled & PAST_DAYS).filter_map(|at| self.day(at)).max()
    }

    /// No day but a due day lies after the day of the export.
    fn check_observed(&self, observed_on: Option<NaiveDate>) -> Result<(), Broken> {
        let Some(observed_on) = observed_on else { return Ok(()) };
        let Some(day) = self.last_day().filter(|day| *day > observed_on) else { return Ok(()) };
        let at = bits(self.filled & PAST_DAYS).find(|at| self.day(*at) == Some(day));
        let params = [("day", day.to_string()), ("observed_on", observed_on.to_string())];
        Err((at.map(|at| SUPPLIED[at].name), ("after_observed", params_of(params))))
    }
}

/// Returns the positions of the bits that are set, ascending.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (at < 64).then_some(at)
    })
}

/// The column of the day that ends a dossier of a status.
fn end_column(status: &str) -> usize {
    if status == "completed" { COMPLETED_ON } else { ENDED_ON }
}

/// Nothing ends before it begins.
fn check_order(
    received_on: Option<NaiveDate>,
    ended_on: Option<NaiveDate>,
    end: usize,
) -> Result<(), Broken> {
    let Some((received_on, ended_on)) = received_on.zip(ended_on) else { return Ok(()) };
    if received_on <= ended_on {
        return Ok(());
    }
    let [received_on, ended_on] = [received_on, ended_on].map(|day| day.to_string());
    let params = params_of([("received_on", received_on), ("ended_on", ended_on)]);
    Err((Some(SUPPLIED[end].name), ("end_before_received", params)))
}
