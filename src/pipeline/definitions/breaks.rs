//! Breaks: days on which what is counted changes its meaning, so that no trend goes across.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::pipeline::fault::Faults;
use crate::pipeline::section::Section;
use crate::pipeline::settings::{Bilingual, bilingual};

/// A break of some series, or of all.
#[derive(Debug, Clone)]
pub struct Break {
    pub id: String,
    /// The first day of what comes after.
    pub on: NaiveDate,
    pub what: Bilingual,
    /// The indicators whose series it breaks; none means all.
    pub indicators: Vec<String>,
}

impl Break {
    /// Whether it breaks an indicator's series.
    pub fn breaks(&self, indicator: &str) -> bool {
        self.indicators.is_empty() || self.indicators.iter().any(|id| id == indicator)
    }

    pub(super) fn read(
        id: &str,
        section: &Section<'_>,
        known: &BTreeSet<String>,
        faults: &mut Faults,
    ) -> Option<Self> {
        section.require("on", faults);
        let on = section.day("on", faults);
        let what = bilingual(section, "what", faults);
        let ids = section.texts("indicators", faults);
        for id in ids.iter().filter(|id| !known.contains(&id.value)) {
            faults
                .add(section.file, id.span.clone(), format!("unknown indicator `{}`", id.value))
                .suggest(&id.value, known.iter().map(String::as_str));
        }
        section.finish(faults);
        let indicators = ids.into_iter().map(|id| id.value).collect();
        Some(Self { id: id.to_owned(), on: on?.value, what, indicators })
    }
}
