//! What a record tells beside its columns: when it was, of which item, by which other numbers.

use std::borrow::Cow;

use crate::pipeline::heading::VALUES_END;

use super::value::Value;

/// What a record tells beside its columns.
#[derive(Debug, Default)]
pub(super) struct Inputs<'r> {
    pub(super) event_time: Option<i64>,
    pub(super) item_key: Option<Cow<'r, str>>,
    pub(super) old_number: Option<Cow<'r, str>>,
    pub(super) portal_number: Option<Cow<'r, str>>,
    pub(super) reference_id: Option<Cow<'r, str>>,
    /// Compared and dropped: paths of files tell of persons.
    submitted_files: Option<Cow<'r, str>>,
    result_files: Option<Cow<'r, str>>,
}

impl<'r> Inputs<'r> {
    /// Puts a value in its place; one that is no input is dropped.
    pub(super) fn put(&mut self, name: &str, value: Value<'r>) {
        match (name, value) {
            ("event_time", Value::Instant(micros)) => self.event_time = Some(micros),
            ("item_key", Value::Text(text)) => self.item_key = Some(text),
            ("old_number", Value::Text(text)) => self.old_number = Some(text),
            ("portal_number", Value::Text(text)) => self.portal_number = Some(text),
            ("reference_id", Value::Text(text)) => self.reference_id = Some(text),
            ("submitted_files", Value::Text(text)) => self.submitted_files = Some(text),
            ("result_files", Value::Text(text)) => self.result_files = Some(text),
            _ => {}
        }
    }

    /// Whether an input holds something.
    pub(super) fn has(&self, name: &str) -> bool {
        let text = match name {
            "event_time" => return self.event_time.is_some(),
            "item_key" => &self.item_key,
            "old_number" => &self.old_number,
            "portal_number" => &self.portal_number,
            "reference_id" => &self.reference_id,
            "submitted_files" => &self.submitted_files,
            "result_files" => &self.result_files,
            _ => &None,
        };
        text.as_ref().is_some_and(|text| !text.is_empty())
    }

    /// Whether a number was made up in place of the unit's own.
    pub(super) fn is_replaced(&self, number: &str) -> bool {
        let is_other = self.old_number.as_deref().is_some_and(|old| old != number);
        let serial = number.rsplit('-').next().unwrap_or_default();
        is_other && serial.len() == 5 && serial.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether a file that was submitted stands among the results.
    pub(super) fn gives_back_what_was_submitted(&self) -> bool {
        let (Some(submitted), Some(results)) = (&self.submitted_files, &self.result_files) else {
            return false;
        };
        let files = |files: &str| -> Vec<String> {
            let each = files.split(VALUES_END).map(str::trim);
            each.filter(|file| !file.is_empty()).map(str::to_owned).collect()
        };
        let submitted = files(submitted);
        files(results).iter().any(|file| submitted.contains(file))
    }
}
