//! Published figures in the formats in which others take them: rows in, the bytes of a file out.

mod emc;
pub mod form;
mod rows;
mod sdmx;

use chrono::NaiveDate;

use crate::indicators::period::Period;
use crate::indicators::row::Row;
use crate::pipeline::Pipeline;
use crate::pipeline::rules::Language;

/// A format to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Xlsx,
    SdmxCsv,
    FormIi06a,
    Emc,
}

impl Format {
    /// Every format with its name and the end of its files' names.
    pub const ALL: [(&'static str, &'static str, Self); 5] = [
        ("csv", "csv", Self::Csv),
        ("xlsx", "xlsx", Self::Xlsx),
        ("sdmx-csv", "csv", Self::SdmxCsv),
        ("form-ii06a", "xlsx", Self::FormIi06a),
        ("emc", "json", Self::Emc),
    ];

    /// Returns the end of its files' names.
    pub fn extension(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Whether it is of one period, and not of all.
    pub fn needs_period(self) -> bool {
        matches!(self, Self::FormIi06a | Self::Emc)
    }
}

/// Figures as a release published them, small cells suppressed.
pub struct Published<'a> {
    pub pipeline: &'a Pipeline,
    /// The number of the release, and when it was published.
    pub release: u64,
    pub published_at: &'a str,
    pub as_of: NaiveDate,
    pub rows: &'a [Row],
}

impl Published<'_> {
    /// Writes the figures of a period, or all.
    pub fn export(
        &self,
        format: Format,
        period: Option<Period>,
        language: Language,
    ) -> anyhow::Result<Vec<u8>> {
        let is_wanted = |row: &&Row| period.is_none_or(|period| row.key.period == period);
        let rows: Vec<&Row> = self.rows.iter().filter(is_wanted).collect();
        match format {
            Format::Csv => rows::csv(&rows),
            Format::Xlsx => rows::workbook(&rows, self, language),
            Format::SdmxCsv => sdmx::csv(&rows, self),
            Format::FormIi06a => form::workbook(&rows, self, language),
            Format::Emc => emc::json(&rows, self),
        }
    }

    /// Returns the latest period that can be told of in one file: the latest month that has ended.
    pub fn latest_month(&self) -> Option<Period> {
        let periods = self.rows.iter().map(|row| row.key.period);
        let is_month = |period: &Period| {
            period.kind.name() == "month"
                && period.end <= self.as_of.succ_opt().unwrap_or(self.as_of)
        };
        periods.filter(is_month).max()
    }
}
