//! `[guards]` of `pipeline.toml`: how far a unit may stray from its own history.

use super::fault::Faults;
use super::section::Section;

/// Of so many of the latest earlier periods the median is usual; what lies further back tells nothing.
pub const N_HISTORY: usize = 12;

/// The bands of the guards over history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guards {
    /// A period of fewer records than this share of the usual number is far below it.
    pub volume_share: f64,
    /// More rejects than this share of a period's records are too many.
    pub rejected_share: f64,
    /// How many earlier periods there must be before one is unusual.
    pub n_periods: usize,
    /// A usual number smaller than this tells nothing.
    pub n_records: i64,
}

impl Default for Guards {
    fn default() -> Self {
        Self { volume_share: 0.3, rejected_share: 0.2, n_periods: 3, n_records: 20 }
    }
}

impl Guards {
    /// Reads the bands; what is not said is as by default.
    pub(super) fn read(section: &Section<'_>, faults: &mut Faults) -> Self {
        let mut guards = Self::default();
        let Some(section) = section.section("guards", faults) else { return guards };
        for (key, share) in [
            ("volume_share", &mut guards.volume_share),
            ("rejected_share", &mut guards.rejected_share),
        ] {
            let Some(number) = section.number(key, faults) else { continue };
            *share = number.value;
            if !(0.0..=1.0).contains(&number.value) {
                let message = format!("`{key}` must lie between 0 and 1");
                faults.add(section.file, number.span, message);
            }
        }
        if let Some(periods) = section.integer("periods", faults) {
            if !(1..=N_HISTORY as i64).contains(&periods.value) {
                let message = format!("`periods` must lie between 1 and {N_HISTORY}");
                let fault = faults.add(section.file, periods.span, message);
                fault.hint(
                    "how many earlier periods there must be before one is unusual; 3 without it",
                );
            }
            guards.n_periods = usize::try_from(periods.value).unwrap_or(usize::MAX);
        }
        let records = section.count("records", faults);
        guards.n_records = records.map_or(guards.n_records, |n| n as i64);
        section.finish(faults);
        guards
    }
}
