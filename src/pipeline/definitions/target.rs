//! Values that hold from a day on: targets, and the thresholds of an index.

use chrono::NaiveDate;

use crate::pipeline::fault::Faults;
use crate::pipeline::section::Section;

/// A value that holds from a day on, and who has set it.
#[derive(Debug, Clone)]
pub struct Step {
    pub from: NaiveDate,
    pub value: f64,
    pub source: String,
}

impl Step {
    /// Returns what holds on a day.
    pub fn on(steps: &[Self], day: NaiveDate) -> Option<&Self> {
        steps.iter().filter(|step| step.from <= day).max_by_key(|step| step.from)
    }

    pub(super) fn read_all(
        key: &'static str,
        section: &Section<'_>,
        faults: &mut Faults,
    ) -> Vec<Self> {
        let sections = section.sections(key, faults);
        sections.iter().filter_map(|step| Self::read(step, faults)).collect()
    }

    fn read(section: &Section<'_>, faults: &mut Faults) -> Option<Self> {
        section.require("from", faults);
        section.require("value", faults);
        let from = section.day("from", faults);
        let value = section.number("value", faults);
        let source = section.required_text("source", faults);
        section.finish(faults);
        Some(Self { from: from?.value, value: value?.value, source: source?.value })
    }
}
