//! Form II.06a of Circular 01/2020/TT-VPCP: what was to be handled, what was resolved and what is open,
//! by unit and by field, with its identities checked.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use chrono::NaiveDate;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Worksheet};

use crate::indicators::period::Period;
use crate::indicators::row::{Row, Status};
use crate::indicators::scope::Scope;
use crate::pipeline::form;
use crate::pipeline::rules::Language;

use super::rows::{Names, new_book};
use super::{Published, Unfit};

/// A line of the form; a number that is missing or suppressed is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub scope: Scope,
    pub numbers: [Option<i64>; 11],
    /// Whether the numbers are there and not told.
    pub is_suppressed: [bool; 11],
    /// Whether no report has come of it.
    pub is_missing: bool,
    /// Whether a report is missing that some number is made of: of a level, an earlier one, too.
    pub is_partial: bool,
    /// How many units have reported on the period, and how many should have.
    pub n_units: (i64, i64),
}

impl Line {
    fn new(scope: Scope) -> Self {
        Self {
            scope,
            numbers: [None; 11],
            is_suppressed: [false; 11],
            is_missing: false,
            is_partial: false,
            n_units: (0, 0),
        }
    }

    /// Returns how the line is marked where its reports have not come, or not all.
    fn mark(&self, names: &Names<'_>) -> &'static str {
        if self.is_missing {
            names.choose(" (chưa báo cáo)", " (not reported)")
        } else if self.is_partial {
            names.choose(" (chưa đủ báo cáo)", " (not all reported)")
        } else {
            ""
        }
    }

    /// Whether nobody was to report it, and nobody has.
    fn is_of_nobody(&self) -> bool {
        self.n_units == (0, 0) && self.numbers.iter().flatten().all(|number| *number == 0)
    }

    /// Returns the identities of the form that do not hold, as its columns are numbered.
    pub fn broken(&self) -> Vec<String> {
        let number = |column: usize| self.numbers[column - 1];
        let is_broken = |(whole, parts): &(usize, &[usize])| {
            let sum: Option<i64> = parts.iter().map(|part| number(*part)).sum();
            number(*whole).zip(sum).is_some_and(|(whole, sum)| whole != sum)
        };
        let told = |(whole, parts): (usize, &[usize])| {
            let parts: Vec<String> = parts.iter().map(usize::to_string).collect();
            format!("{whole} = {}", parts.join(" + "))
        };
        let identities = form::SUMS.into_iter().chain([form::BALANCE]);
        let mut broken: Vec<String> = identities.filter(is_broken).map(told).collect();
        if self.numbers.iter().flatten().any(|number| *number < 0) {
            broken.push("no number is negative".to_owned());
        }
        broken
    }
}

/// Takes the lines of the form out of rows of one period, by scope.
pub fn lines<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<Line> {
    let mut lines: BTreeMap<Scope, Line> = BTreeMap::new();
    for row in rows {
        let Some(at) = form::COLUMNS.iter().position(|of| of.indicator == &*row.key.indicator)
        else {
            continue;
        };
        let (scope, facts) = (&row.key.scope, &row.facts);
        let line = lines.entry(scope.clone()).or_insert_with(|| Line::new(scope.clone()));
        line.numbers[at] = facts.numerator;
        line.is_suppressed[at] = facts.status == Status::Suppressed;
        line.is_missing |= facts.status == Status::Missing;
        line.is_partial |= facts.units_included < facts.units_expected;
        line.n_units = line.n_units.max((facts.units_included, facts.units_expected));
    }
    lines.into_values().collect()
}

/// Writes the form as a workbook: a sheet by unit and one by field.
pub(super) fn workbook(
    rows: &[&Row],
    published: &Published<'_>,
    language: Language,
) -> anyhow::Result<Vec<u8>> {
    let first = rows.first().context("no figures were published for this period")?;
    let (period, end) = (first.key.period, first.facts.period_end);
    let mut lines = lines(rows.iter().copied());
    if lines.is_empty() {
        let told = format!(
            "the release tells none of the indicators of the form, such as `{}`",
            form::COLUMNS[0].indicator
        );
        return Err(Unfit(told).into());
    }
    let told = |line: &Line| {
        let broken = line.broken();
        (!broken.is_empty()).then(|| format!("{}: {}", line.scope.name(), broken.join(", ")))
    };
    let broken: Vec<String> = lines.iter().filter_map(told).collect();
    if !broken.is_empty() {
        bail!(
            "the figures of {} contradict one another, and no form is written of them: {}",
            period.label(),
            broken.join("; ")
        );
    }
    // The ministry's own code is a unit that sends no dossiers.
    lines.retain(|line| line.scope == Scope::Ministry || !line.is_of_nobody());
    let names = Names { pipeline: published.pipeline, language };
    let mut book = new_book()?;
    let sheets = [
        (("Đơn vị", "Unit"), Scope::unit as fn(&Scope) -> Option<&std::sync::Arc<str>>),
        (("Lĩnh vực", "Field"), Scope::field),
    ];
    for (heading, of) in sheets {
        let of_kind = |line: &&Line| of(&line.scope).is_some() || line.scope == Scope::Ministry;
        let lines: Vec<&Line> = lines.iter().filter(of_kind).collect();
        write_sheet(book.add_worksheet(), &lines, heading, (period, end), &names)?;
    }
    book.save_to_buffer().context("failed to write the workbook")
}

fn write_sheet(
    page: &mut Worksheet,
    lines: &[&Line],
    heading: (&str, &str),
    (period, end): (Period, NaiveDate),
    names: &Names<'_>,
) -> anyhow::Result<()> {
    let title = Format::new().set_bold().set_align(FormatAlign::Center);
    page.set_name(names.choose(heading.0, heading.1))?;
    let told = names.choose(
        "Tình hình, kết quả giải quyết TTHC (Biểu số II.06a/VPCP/KSTT)",
        "Handling of administrative procedures (form II.06a/VPCP/KSTT)",
    );
    page.merge_range(0, 0, 0, 12, told, &title)?;
    // A period that runs is told as far as it was counted.
    let days = [period.start, end.pred_opt().unwrap_or(end)].map(|day| day.format("%d/%m/%Y"));
    let told = names.choose("Kỳ báo cáo:", "Period:");
    let told = format!("{told} {} ({} - {})", period.label(), days[0], days[1]);
    page.merge_range(1, 0, 1, 12, &told, &title)?;
    let unit = names.choose("Đơn vị tính: Số hồ sơ TTHC", "Unit: dossiers");
    page.merge_range(2, 9, 2, 12, unit, &Format::new().set_italic())?;
    write_headings(page, heading, names)?;
    page.set_column_width(0, 5)?.set_column_width(1, 44)?;
    // The whole ministry comes last, as a form's total does.
    let (total, parts): (Vec<&Line>, Vec<&Line>) =
        lines.iter().partition(|line| line.scope == Scope::Ministry);
    let mut at = 6;
    for line in parts.iter().chain(&total) {
        write_line(page, at, line, names)?;
        at += 1;
    }
    let Some(total) = total.first() else { return Ok(()) };
    let (included, expected) = total.n_units;
    let told = names.choose("Số đơn vị báo cáo:", "Units that reported:");
    page.write_string(at + 1, 1, format!("{told} {included}/{expected}"))?;
    let marks = names.choose(
        "-: không có số liệu; *: không công bố vì số nhỏ",
        "-: no figure; *: not told, since small numbers are hidden",
    );
    page.write_string(at + 2, 1, marks)?;
    Ok(())
}

/// Writes a line of the form; the lines begin in the seventh row.
fn write_line(page: &mut Worksheet, at: u32, line: &Line, names: &Names<'_>) -> anyhow::Result<()> {
    let cell = Format::new().set_border(FormatBorder::Thin);
    let name = if line.scope == Scope::Ministry {
        page.write_blank(at, 0, &cell)?;
        names.choose("Tổng cộng", "Total").to_owned()
    } else {
        page.write_number_with_format(at, 0, f64::from(at - 5), &cell)?;
        names.scope(&line.scope)
    };
    let mark = line.mark(names);
    page.write_string_with_format(at, 1, format!("{name}{mark}"), &cell)?;
    for (column, (number, is_suppressed)) in (2..).zip(line.numbers.iter().zip(line.is_suppressed))
    {
        match number {
            Some(number) => page.write_number_with_format(at, column, *number as f64, &cell)?,
            None if is_suppressed => page.write_string_with_format(at, column, "*", &cell)?,
            None => page.write_string_with_format(at, column, "-", &cell)?,
        };
    }
    Ok(())
}

/// Writes the three rows of headings.
fn write_headings(
    page: &mut Worksheet,
    heading: (&str, &str),
    names: &Names<'_>,
) -> anyhow::Result<()> {
    let bold = Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_border(FormatBorder::Thin);
    page.merge_range(3, 0, 4, 0, names.choose("STT", "No"), &bold)?;
    page.merge_range(3, 1, 4, 1, names.choose(heading.0, heading.1), &bold)?;
    let groups = [
        (2, 5, "Số hồ sơ nhận giải quyết", "Dossiers to be handled"),
        (6, 9, "Số hồ sơ đã giải quyết", "Dossiers resolved"),
        (10, 12, "Số hồ sơ đang giải quyết", "Dossiers open"),
    ];
    for (first, last, vi, en) in groups {
        page.merge_range(3, first, 3, last, names.choose(vi, en), &bold)?;
    }
    let columns = [
        ("Tổng số", "Total"),
        ("Trực tuyến", "Online"),
        ("Trực tiếp, bưu chính", "Counter and post"),
        ("Từ kỳ trước", "Carried over"),
        ("Tổng số", "Total"),
        ("Trước hạn", "Early"),
        ("Đúng hạn", "On time"),
        ("Quá hạn", "Late"),
        ("Tổng số", "Total"),
        ("Trong hạn", "Within time"),
        ("Quá hạn", "Past due"),
    ];
    for (column, (vi, en)) in (2..).zip(columns) {
        page.write_string_with_format(4, column, names.choose(vi, en), &bold)?;
        let number = format!("({})", column - 1);
        page.write_string_with_format(5, column, &number, &bold)?;
    }
    page.write_blank(5, 0, &bold)?.write_blank(5, 1, &bold)?;
    Ok(())
}
