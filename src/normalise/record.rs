//! One record with typed values: what its own columns say together, and the rules they break.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::pipeline::columns::{FeedKind, Kind, SUPPLIED, is_ended, supplied_bit, supplied_index};
use crate::pipeline::heading::VALUES_END;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::params_of;

use super::value::{Breach, Value};

/// The values of one record, a place for each column of [`SUPPLIED`].
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) values: Vec<Value>,
    /// A bit for each column that the record supplies, be it with nothing.
    pub(super) supplied: u64,
    pub(super) event_time: Option<i64>,
    pub(super) item_key: Option<String>,
    pub(super) old_number: Option<String>,
    pub(super) portal_number: Option<String>,
    pub(super) reference_id: Option<String>,
    /// Compared and dropped: paths of files tell of persons.
    submitted_files: Option<String>,
    result_files: Option<String>,
    pub(super) marks: Vec<&'static str>,
    /// The contracts that it breaks and is only marked for.
    pub(super) contract_marks: Vec<Arc<str>>,
}

/// What a record means that has nothing in a column: the first value whose other column, if it
/// names one, has something.
pub(super) struct Implied {
    pub(super) column: &'static str,
    pub(super) rules: Vec<(Option<&'static str>, Result<Value, Breach>)>,
}

impl Record {
    /// Empties the record for the next one, which supplies at least some columns.
    pub(super) fn clear(&mut self, supplied: u64) {
        let values = std::mem::take(&mut self.values);
        *self = Self { values, supplied, ..Self::default() };
        self.values.clear();
        self.values.resize(SUPPLIED.len(), Value::Null);
    }

    /// Puts a value into its column or input.
    pub(super) fn set(&mut self, column: &str, value: Value) {
        match (column, value) {
            ("event_time", Value::Instant(micros)) => self.event_time = Some(micros),
            ("item_key", Value::Text(text)) => self.item_key = Some(text),
            ("old_number", Value::Text(text)) => self.old_number = Some(text),
            ("portal_number", Value::Text(text)) => self.portal_number = Some(text),
            ("reference_id", Value::Text(text)) => self.reference_id = Some(text),
            ("submitted_files", Value::Text(text)) => self.submitted_files = Some(text),
            ("result_files", Value::Text(text)) => self.result_files = Some(text),
            (column, value) => {
                if let Some(at) = supplied_index(column) {
                    self.values[at] = value;
                }
            }
        }
    }

    /// Puts a value into a column that has none.
    pub(super) fn set_if_null(&mut self, column: &str, value: &Value) {
        if *self.get(column) == Value::Null {
            self.set(column, value.clone());
        }
    }

    /// Returns the value of a column.
    pub(super) fn get(&self, column: &str) -> &Value {
        supplied_index(column).map_or(&Value::Null, |at| &self.values[at])
    }

    /// Returns the first input of the profile's key list that the record has.
    pub(super) fn key<'a>(&'a self, profile: &Profile) -> Option<&'a str> {
        profile.key.iter().find_map(|input| match *input {
            "old_number" => self.old_number.as_deref(),
            "portal_number" => self.portal_number.as_deref(),
            "reference_id" => self.reference_id.as_deref(),
            column => self.get(column).text(),
        })
    }

    /// Fills in what the profile says a record without a value of its own means.
    pub(super) fn fill_implied(
        &mut self,
        implied: &[Implied],
    ) -> Result<(), (&'static str, Breach)> {
        for Implied { column, rules } in implied {
            if *self.get(column) != Value::Null {
                continue;
            }
            let is_there =
                |present: &Option<&str>| present.is_none_or(|name| *self.get(name) != Value::Null);
            match rules.iter().find(|(present, _)| is_there(present)) {
                Some((_, Ok(value))) => self.set(column, value.clone()),
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
        let stands_in = [
            ("returned_on", "completed_on"),
            ("returned_on", "ended_on"),
            ("completed_on", "ended_on"),
        ];
        for (source, target) in stands_in {
            if self.supplied & supplied_bit(source) != 0 {
                self.supplied |= supplied_bit(target);
            }
        }
        let (source, target) = match self.get("status").text() {
            Some("completed") => ("returned_on", "completed_on"),
            Some("refused" | "withdrawn") if *self.get("completed_on") == Value::Null => {
                ("returned_on", "ended_on")
            }
            Some("refused" | "withdrawn") => ("completed_on", "ended_on"),
            _ => return,
        };
        if *self.get(target) != Value::Null || *self.get(source) == Value::Null {
            return;
        }
        self.set(target, self.get(source).clone());
        if target == "completed_on" {
            self.marks.push("completed_on_from_return");
        }
    }

    /// Keeps what stands for the tax code of an enterprise alone: a person's is personal data.
    pub(super) fn settle_enterprise(&mut self) {
        let is_enterprise = self.get("applicant_kind").text() == Some("enterprise");
        let code = self.get("enterprise_code").text();
        let digits = |code: &str| code.bytes().filter(u8::is_ascii_digit).count();
        let is_personal = !is_enterprise || code.is_some_and(|code| digits(code) == 12);
        if code.is_some() && is_personal {
            self.set("enterprise_code", Value::Null);
        }
    }

    /// Checks the columns of a unit's own record against one another.
    pub(super) fn check_dossier(&self, observed_on: Option<NaiveDate>) -> Result<(), Breach> {
        let supplies = |name: &str| self.supplied & supplied_bit(name) != 0;
        let status = self.get("status").text().unwrap_or_default();
        if supplies("status") && status.is_empty() {
            return Err(("no_status", params_of([])));
        }
        let received_on = self.get("received_on").day();
        let needs_reception = !matches!(status, "new" | "refused" | "withdrawn");
        if supplies("received_on") && received_on.is_none() && needs_reception {
            return Err(("no_received_on", params_of([])));
        }
        let ended_on = self.end_day(status);
        if is_ended(status) && ended_on.is_none() {
            return Err(("no_end_day", params_of([("status", status.to_owned())])));
        }
        check_order(received_on, ended_on)?;
        self.check_observed(observed_on)
    }

    /// Checks a record of another feed than the unit's own.
    pub(super) fn check_other(
        &self,
        kind: FeedKind,
        observed_on: Option<NaiveDate>,
    ) -> Result<(), Breach> {
        if kind.has_items() && self.item_key.is_none() {
            return Err(("no_item_key", params_of([])));
        }
        let is_portal_silent = self.supplied & supplied_bit("portal_status") != 0
            && *self.get("portal_status") == Value::Null;
        if is_portal_silent {
            return Err(("no_status", params_of([])));
        }
        check_order(self.get("portal_received_on").day(), self.get("portal_completed_on").day())?;
        check_order(self.get("post_handed_on").day(), self.get("post_delivered_on").day())?;
        self.check_observed(observed_on)
    }

    /// Marks what a unit's system is known to distort before it sends a dossier to the portal.
    pub(super) fn mark_distortions(&mut self) {
        let is_finished = self.get("portal_status").text() == Some("completed");
        let supplies_due = self.supplied & supplied_bit("portal_due_on") != 0;
        if is_finished && supplies_due && *self.get("portal_due_on") == Value::Null {
            self.marks.push("portal_end_without_due");
        }
        let number = self.get("dossier_number").text().unwrap_or_default();
        let serial = number.rsplit('-').next().unwrap_or_default();
        let is_made_up = serial.len() == 5 && serial.bytes().all(|byte| byte.is_ascii_digit());
        if is_made_up && self.old_number.as_deref().is_some_and(|old| old != number) {
            self.marks.push("number_replaced");
        }
        let files = |files: &Option<String>| -> Vec<String> {
            let each = files.iter().flat_map(|files| files.split(VALUES_END));
            each.map(str::trim).filter(|file| !file.is_empty()).map(str::to_owned).collect()
        };
        let submitted = files(&self.submitted_files);
        if files(&self.result_files).iter().any(|file| submitted.contains(file)) {
            self.marks.push("result_is_submitted_file");
        }
    }

    fn end_day(&self, status: &str) -> Option<NaiveDate> {
        let column = if status == "completed" { "completed_on" } else { "ended_on" };
        self.get(column).day().filter(|_| is_ended(status))
    }

    /// No day but a due day lies after the day of the export.
    fn check_observed(&self, observed_on: Option<NaiveDate>) -> Result<(), Breach> {
        let Some(observed_on) = observed_on else { return Ok(()) };
        let is_past = |name: &str| !matches!(name, "due_on" | "portal_due_on");
        let columns = SUPPLIED.iter().zip(&self.values);
        let days = columns.filter(|(column, _)| column.kind == Kind::Day && is_past(column.name));
        let latest = days.filter_map(|(_, value)| value.day()).max();
        let Some(day) = latest.filter(|day| *day > observed_on) else { return Ok(()) };
        let params = [("day", day.to_string()), ("observed_on", observed_on.to_string())];
        Err(("after_observed", params_of(params)))
    }
}

/// Nothing ends before it begins.
fn check_order(received_on: Option<NaiveDate>, ended_on: Option<NaiveDate>) -> Result<(), Breach> {
    let Some((received_on, ended_on)) = received_on.zip(ended_on) else { return Ok(()) };
    if received_on <= ended_on {
        return Ok(());
    }
    let [received_on, ended_on] = [received_on, ended_on].map(|day| day.to_string());
    Err(("end_before_received", params_of([("received_on", received_on), ("ended_on", ended_on)])))
}
