//! Published figures in the formats in which others take them: rows in, the bytes of a file out.

mod emc;
pub mod form;
mod rows;
mod sdmx;

use chrono::NaiveDate;
use thiserror::Error;

use crate::indicators::period::{Period, PeriodKind};
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

/// Why figures cannot be written as they were asked for: another period or format can be.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Unfit(pub String);

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
    ///
    /// # Errors
    ///
    /// [`Unfit`] where the format cannot hold what was asked for.
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

    /// Returns the period of a format of one period for which none was asked: the latest month that
    /// has ended.
    ///
    /// # Errors
    ///
    /// [`Unfit`] where none has.
    pub fn latest_month(&self) -> Result<Period, Unfit> {
        let periods = self.rows.iter().map(|row| row.key.period);
        let is_month = |period: &Period| {
            period.kind == PeriodKind::Month
                && period.end <= self.as_of.succ_opt().unwrap_or(self.as_of)
        };
        periods.filter(is_month).max().ok_or_else(|| {
            Unfit(format!("no month has ended by {}: choose a period with --period", self.as_of))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use crate::indicators::row::{Facts, Reading, RowKey, Status};
    use crate::indicators::scope::Scope;
    use crate::pipeline::definitions::UnitOfMeasure;

    use super::*;

    /// Makes a row of a month or of a year.
    fn row(period: &str) -> Row {
        let period = Period::parse(period).unwrap();
        let key =
            RowKey { indicator: Arc::from("received"), version: 1, scope: Scope::Ministry, period };
        let facts = Facts {
            period_end: period.end,
            numerator: Some(1),
            denominator: None,
            value: Some(1.0),
            components: None,
            status: Status::Value,
            is_final: false,
            units_expected: 1,
            units_included: 1,
        };
        let (unit, reading) = (UnitOfMeasure::Count, Reading::default());
        Row { key, facts, unit, reading, release: 1 }
    }

    #[test]
    fn the_last_month_has_ended_and_where_none_has_no_form_mixes_periods() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let pipeline = Pipeline::load(&root.join("tests/pipelines/small")).unwrap();
        let rows = ["2020-01", "2020-02", "2020", "ytd-2020-02"].map(row);
        let latest = |as_of: &str| {
            let as_of = as_of.parse().unwrap();
            let published =
                Published { pipeline: &pipeline, release: 1, published_at: "", as_of, rows: &rows };
            published.latest_month().map(|period| period.label()).map_err(|unfit| unfit.0)
        };
        assert_eq!(latest("2020-02-29").as_deref(), Ok("2020-02"));
        assert_eq!(latest("2020-02-28").as_deref(), Ok("2020-01"));
        assert_eq!(
            latest("2020-01-30").unwrap_err(),
            "no month has ended by 2020-01-30: choose a period with --period"
        );
    }
}
