//! Figures as SDMX-CSV 2.0, with the status of each observation by the code list `CL_OBS_STATUS` and a
//! mark where its series breaks. The structure is described in `docs/exports.md`.

use anyhow::Context as _;

use crate::indicators::period::{Period, PeriodKind};
use crate::indicators::row::{Row, Status};

use super::Published;

const HEADINGS: [&str; 16] = [
    "STRUCTURE",
    "STRUCTURE_ID",
    "ACTION",
    "FREQ",
    "INDICATOR",
    "DEFINITION_VERSION",
    "SCOPE",
    "SCOPE_CODE",
    "TRANSFORMATION",
    "TIME_PERIOD",
    "OBS_VALUE",
    "OBS_STATUS",
    "UNIT_MEASURE",
    "NUMERATOR",
    "DENOMINATOR",
    "COMMENT_OBS",
];

/// Writes rows as SDMX-CSV.
pub(super) fn csv(rows: &[&Row], published: &Published<'_>) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADINGS)?;
    let structure = format!("{}:INDICATORS(1.0)", published.pipeline.settings.name.to_uppercase());
    for row in rows {
        let broken = breaks(row, published);
        let facts = &row.facts;
        let value = facts.value.map(|value| value.to_string()).unwrap_or_default();
        let integer = |number: Option<i64>| number.map(|n| n.to_string()).unwrap_or_default();
        let coverage = format!("{} of {} units", facts.units_included, facts.units_expected);
        let comment = [coverage].into_iter().chain(broken.clone()).collect::<Vec<_>>().join("; ");
        writer.write_record([
            "dataflow",
            &structure,
            // The rows replace what was told of their keys before.
            "R",
            frequency(row.key.period.kind),
            &row.key.indicator,
            &row.key.version.to_string(),
            row.key.scope.kind(),
            row.key.scope.name(),
            transformation(row.key.period.kind),
            &time_period(row.key.period),
            &value,
            status(row, !broken.is_empty()),
            row.unit.name(),
            &integer(facts.numerator),
            &integer(facts.denominator),
            &comment,
        ])?;
    }
    writer.into_inner().context("failed to write the figures as SDMX-CSV")
}

/// The code of `CL_FREQ`.
fn frequency(kind: PeriodKind) -> &'static str {
    match kind {
        PeriodKind::Month | PeriodKind::YearToDate => "M",
        PeriodKind::Quarter => "Q",
        PeriodKind::Year => "A",
    }
}

fn transformation(kind: PeriodKind) -> &'static str {
    if kind == PeriodKind::YearToDate { "YTD" } else { "N" }
}

/// The period as SDMX writes it; a year to date by its last month.
fn time_period(period: Period) -> String {
    period.label().trim_start_matches("ytd-").to_owned()
}

/// The code of `CL_OBS_STATUS`.
fn status(row: &Row, is_broken: bool) -> &'static str {
    match row.facts.status {
        Status::Value if is_broken => "B",
        Status::Value if row.facts.is_final => "A",
        Status::Value => "P",
        Status::Suppressed => "Q",
        // There are such data, and nobody has collected them.
        Status::NotMeasurable => "L",
        Status::NotApplicable => "M",
        Status::Missing => "O",
    }
}

/// Names the breaks that fall into a row's period, or with which it begins.
fn breaks(row: &Row, published: &Published<'_>) -> Vec<String> {
    let definitions = &published.pipeline.definitions;
    let (start, end) = (row.key.period.start, row.facts.period_end);
    let is_here = |day: chrono::NaiveDate| start <= day && day < end;
    let declared = definitions.breaks.iter();
    let declared = declared.filter(|at| at.breaks(&row.key.indicator) && is_here(at.on));
    let mut breaks: Vec<String> =
        declared.map(|at| format!("break {}: {}", at.on, at.what.en)).collect();
    let version = definitions.version(&row.key.indicator, row.key.version);
    if let Some(from) = version.and_then(|version| version.from).filter(|from| is_here(*from)) {
        breaks.push(format!("break {from}: definition version {}", row.key.version));
    }
    breaks
}
