//! One record with typed values: what its own columns say together, and the rules they break.

use chrono::NaiveDate;

use crate::pipeline::columns::{SUPPLIED, is_ended, supplied_index};
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::params_of;

use super::value::{Breach, Value};

/// The values of one record, a place for each column of [`SUPPLIED`].
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) values: Vec<Value>,
    pub(super) event_time: Option<i64>,
    pub(super) item_key: Option<String>,
    pub(super) old_number: Option<String>,
    pub(super) reference_id: Option<String>,
    pub(super) marks: Vec<&'static str>,
}

impl Record {
    /// Empties the record for the next one.
    pub(super) fn clear(&mut self) {
        *self = Self { values: std::mem::take(&mut self.values), ..Self::default() };
        self.values.clear();
        self.values.resize(SUPPLIED.len(), Value::Null);
    }

    /// Puts a value into its column or input.
    pub(super) fn set(&mut self, column: &str, value: Value) {
        match (column, value) {
            ("event_time", Value::Instant(micros)) => self.event_time = Some(micros),
            ("item_key", Value::Text(text)) => self.item_key = Some(text),
            ("old_number", Value::Text(text)) => self.old_number = Some(text),
            ("reference_id", Value::Text(text)) => self.reference_id = Some(text),
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
            "reference_id" => self.reference_id.as_deref(),
            column => self.get(column).text(),
        })
    }

    /// Fills in what the profile says a record without a value of its own means.
    pub(super) fn fill_implied(&mut self, profile: &Profile) {
        for (column, rules) in &profile.implied {
            if *self.get(column) != Value::Null {
                continue;
            }
            let fits = rules
                .iter()
                .find(|rule| rule.present.is_none_or(|present| *self.get(present) != Value::Null));
            if let Some(rule) = fits {
                let value = Value::Text(rule.value.clone());
                self.set(column, value);
            }
        }
    }

    /// Settles which day ended the dossier: the return day stands in for a missing completion, the
    /// end of processing for a missing day of refusal or withdrawal.
    pub(super) fn settle_end(&mut self) {
        let (source, target) = match self.get("status").text() {
            Some("completed") => ("returned_on", "completed_on"),
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

    /// Checks the columns against one another; `supplies` tells what the log has columns for.
    pub(super) fn check(
        &self,
        observed_on: Option<NaiveDate>,
        supplies: impl Fn(&str) -> bool,
    ) -> Result<(), Breach> {
        let status = self.get("status").text().unwrap_or_default();
        if supplies("status") && status.is_empty() {
            return Err(("unknown_status", params_of([("text", String::new())])));
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
        if let (Some(received_on), Some(ended_on)) = (received_on, ended_on)
            && ended_on < received_on
        {
            let [received_on, ended_on] = [received_on, ended_on].map(|day| day.to_string());
            let params = [("received_on", received_on), ("ended_on", ended_on)];
            return Err(("end_before_received", params_of(params)));
        }
        self.check_observed(observed_on)
    }

    fn end_day(&self, status: &str) -> Option<NaiveDate> {
        let column = if status == "completed" { "completed_on" } else { "ended_on" };
        self.get(column).day().filter(|_| is_ended(status))
    }

    /// No day but the due day lies after the day of the export.
    fn check_observed(&self, observed_on: Option<NaiveDate>) -> Result<(), Breach> {
        let Some(observed_on) = observed_on else { return Ok(()) };
        let columns =
            ["submitted_on", "received_on", "completed_on", "returned_on", "ended_on", "rated_on"];
        let days = columns.iter().filter_map(|column| self.get(column).day());
        let Some(day) = days.filter(|day| *day > observed_on).max() else { return Ok(()) };
        let params = [("day", day.to_string()), ("observed_on", observed_on.to_string())];
        Err(("after_observed", params_of(params)))
    }
}
