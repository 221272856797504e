//! Small figures as text, hidden and told.

mod beside;
mod laws;
mod revisions;
mod shown;

use std::path::Path;

use chrono::{Months, NaiveDate};

use crate::indicators::period::{Period, PeriodKind};
use crate::indicators::reading::add_readings;
use crate::pipeline::definitions::{Formula, UnitOfMeasure};

use super::sheet::Sheet;
use super::*;

const BELOW: i64 = 5;

/// The small pipeline of the integration tests.
fn pipeline() -> Pipeline {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Pipeline::load(&root.join("tests/pipelines/small")).unwrap()
}

/// Makes an indicator's rows from what each scope counts by month from January 2020: a line a scope
/// (`unit A: 2 20 -`, `unit A: 1/2 10/20`), `-` where nothing is known. What is not told of the last
/// year is zero, and the ministry is the sum of the units, or else of the procedures.
fn rows(indicator: &str, lines: &str, pipeline: &Pipeline) -> Vec<Row> {
    let mut scopes: Vec<(Scope, Vec<Numbers>)> = lines.trim().lines().map(line).collect();
    let n_months = scopes.iter().map(|(_, months)| months.len()).max().unwrap();
    let formula = &pipeline.definitions.indicators[indicator].latest().formula;
    let is_rate = matches!(formula, Formula::Ratio(ratio) if ratio.denominator.is_some());
    let zero = Numbers { numerator: Some(0), denominator: is_rate.then_some(0) };
    for (_, months) in &mut scopes {
        months.resize(n_months.next_multiple_of(12), zero);
    }
    let kinds = ["unit", "procedure"];
    let kind = kinds.into_iter().find(|kind| scopes.iter().any(|(s, _)| s.kind() == *kind));
    let parts = || scopes.iter().filter(|(scope, _)| Some(scope.kind()) == kind);
    let n_months = scopes[0].1.len();
    let ministry = (0..n_months).map(|at| sum(parts().map(|(_, months)| months[at]))).collect();
    scopes.push((Scope::Ministry, ministry));
    let first = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    let as_of = (first + Months::new(n_months as u32)).pred_opt().unwrap();
    let mut rows = Vec::new();
    for (scope, months) in scopes {
        for period in Period::through(first, as_of) {
            let is_in = |at: &usize| {
                let month = first + Months::new(*at as u32);
                period.start <= month && month < period.end
            };
            let numbers = sum((0..months.len()).filter(is_in).map(|at| months[at]));
            rows.push(row(indicator, scope.clone(), period, numbers));
        }
    }
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    add_readings(&mut rows, pipeline, as_of);
    rows
}

fn line(line: &str) -> (Scope, Vec<Numbers>) {
    let (scope, months) = line.trim().split_once(": ").unwrap();
    let scope = match scope.split_once(' ').unwrap() {
        ("unit", code) => Scope::Unit(code.into()),
        ("field", code) => Scope::Field(code.into()),
        ("procedure", code) => Scope::Procedure(code.into()),
        _ => panic!("unknown scope in `{line}`"),
    };
    let month = |text: &str| {
        let (numerator, denominator) =
            text.split_once('/').map_or((text, None), |(n, of)| (n, Some(of)));
        let denominator = denominator.map(|of| of.parse().unwrap());
        Numbers { numerator: numerator.parse().ok(), denominator }
    };
    (scope, months.split_whitespace().map(month).collect())
}

fn sum(months: impl Iterator<Item = Numbers>) -> Numbers {
    let add = |a: Option<i64>, b: Option<i64>| a.or(b).map(|_| a.unwrap_or(0) + b.unwrap_or(0));
    months.fold(Numbers::default(), |a, b| Numbers {
        numerator: add(a.numerator, b.numerator),
        denominator: add(a.denominator, b.denominator),
    })
}

fn row(indicator: &str, scope: Scope, period: Period, numbers: Numbers) -> Row {
    let Numbers { numerator, denominator } = numbers;
    let value = numerator.map(|numerator| match denominator {
        Some(denominator) => 100.0 * numerator as f64 / denominator as f64,
        None => numerator as f64,
    });
    let facts = Facts {
        period_end: period.end,
        numerator,
        denominator,
        value: value.filter(|value| value.is_finite()),
        components: None,
        status: if numerator.is_some() { Status::Value } else { Status::Missing },
        is_final: false,
        units_expected: 1,
        units_included: 1,
    };
    let unit = if denominator.is_some() { UnitOfMeasure::Percent } else { UnitOfMeasure::Count };
    let key = RowKey { indicator: indicator.into(), version: 1, scope, period };
    Row { key, facts, unit, reading: Reading::default(), release: 1 }
}

fn open(rows: &[Row], pipeline: &Pipeline) -> Vec<Row> {
    let indicators = Indicators::from_rows(rows);
    let revisions = Revisions::from_rows(&[], 1, "");
    Suppression::of(&indicators, &revisions, pipeline, BELOW).open_indicators(&indicators).rows()
}

/// Whether numbers tell of few: what is counted, what it is counted of, or what is left of that.
fn is_small(numbers: Numbers) -> bool {
    let Numbers { numerator, denominator } = numbers;
    let left = numerator.zip(denominator).map(|(numerator, denominator)| denominator - numerator);
    [numerator, denominator, left].into_iter().flatten().any(|n| 0 < n && n < BELOW)
}

/// Tells the numerators of a scope (`unit A`, `ministry`), or why there is none, by period.
fn told(rows: &[Row], scope: &str, kind: PeriodKind) -> String {
    let is_asked = |row: &&Row| {
        let Scope::Ministry = row.key.scope else {
            return format!("{} {}", row.key.scope.kind(), row.key.scope.name()) == scope;
        };
        scope == "ministry"
    };
    let rows = rows.iter().filter(is_asked).filter(|row| row.key.period.kind == kind);
    let tell = |row: &Row| match row.facts.numerator {
        Some(numerator) => numerator.to_string(),
        None => row.facts.status.name().to_owned(),
    };
    rows.map(tell).collect::<Vec<_>>().join(" ")
}

const NO_QUARTER: &str = "suppressed suppressed suppressed suppressed";

#[test]
fn a_small_month_hides_the_rest_of_the_year_and_of_one_other_unit() {
    let pipeline = pipeline();
    let exact = rows(
        "received",
        "unit A: 2 20
         unit B: 30 30
         unit C: 40 40",
        &pipeline,
    );
    let open = open(&exact, &pipeline);
    for unit in ["unit A", "unit B"] {
        assert_eq!(told(&open, unit, PeriodKind::Quarter), NO_QUARTER);
        assert_eq!(told(&open, unit, PeriodKind::Month), ["suppressed"; 12].join(" "));
        assert_eq!(told(&open, unit, PeriodKind::YearToDate), ["suppressed"; 12].join(" "));
    }
    assert_eq!(told(&open, "unit A", PeriodKind::Year), "22");
    assert_eq!(told(&open, "unit B", PeriodKind::Year), "60");
    assert_eq!(told(&open, "unit C", PeriodKind::Month), "40 40 0 0 0 0 0 0 0 0 0 0");
    assert_eq!(told(&open, "ministry", PeriodKind::Month), "72 90 0 0 0 0 0 0 0 0 0 0");
    let hidden = open.iter().find(|row| row.facts.status == Status::Suppressed).unwrap();
    assert_eq!((hidden.facts.value, hidden.facts.units_included), (None, 1));
}

#[test]
fn a_small_year_is_hidden_with_one_other() {
    let pipeline = pipeline();
    let exact = rows("received", "unit A: 2\nunit B: 30\nunit C: 40", &pipeline);
    let open = open(&exact, &pipeline);
    let year = |scope| told(&open, scope, PeriodKind::Year);
    assert_eq!(
        ["unit A", "unit B", "unit C", "ministry"].map(year),
        ["suppressed", "suppressed", "40", "72"]
    );
}

#[test]
fn zero_stays_zero_and_missing_stays_missing() {
    let pipeline = pipeline();
    let exact = rows("received", "unit A: 0 10\nunit B: 30 30", &pipeline);
    assert_eq!(open(&exact, &pipeline), exact);
    let exact = rows("received", "unit A: 2 20 -\nunit B: 30 30 30", &pipeline);
    let open = open(&exact, &pipeline);
    let months = told(&open, "unit A", PeriodKind::Month);
    assert!(months.starts_with("suppressed suppressed missing suppressed"), "{months}");
}

#[test]
fn a_rate_of_nearly_all_tells_of_few() {
    let pipeline = pipeline();
    let exact = rows(
        "on_time_rate",
        "unit A: 98/100 50/60
         unit B: 60/90 60/90
         unit C: 80/90 70/90",
        &pipeline,
    );
    let open = open(&exact, &pipeline);
    assert_eq!(told(&open, "unit A", PeriodKind::Quarter), NO_QUARTER);
    // Of A 2 are left in January; beside them the 10 of C are fewer than the 30 of B.
    assert_eq!(told(&open, "unit C", PeriodKind::Quarter), NO_QUARTER);
    assert_eq!(told(&open, "unit A", PeriodKind::Year), "148");
    assert_eq!(told(&open, "unit B", PeriodKind::Quarter), "120 0 0 0");
}

#[test]
fn hidden_cells_are_not_small_together() {
    let pipeline = pipeline();
    let exact = rows(
        "received",
        "unit A: 1 30
         unit B: 1 30
         unit C: 30 30
         unit D: 40 40",
        &pipeline,
    );
    let open = open(&exact, &pipeline);
    assert_eq!(told(&open, "unit C", PeriodKind::Quarter), NO_QUARTER);
    assert_eq!(told(&open, "unit D", PeriodKind::Quarter), "80 0 0 0");
}

#[test]
fn a_unit_hidden_for_another_gives_up_its_year_when_one_month_makes_it() {
    let pipeline = pipeline();
    let exact = rows(
        "received",
        "unit A: 2 20
         unit B: 30
         unit C: 40 40
         unit D: 60 60",
        &pipeline,
    );
    let open = open(&exact, &pipeline);
    let year = |scope| told(&open, scope, PeriodKind::Year);
    // The year of B is hidden for its month, that of A so that B's cannot be had.
    assert_eq!(
        ["unit A", "unit B", "unit C", "unit D", "ministry"].map(year),
        ["suppressed", "suppressed", "80", "120", "252"]
    );
    // In February B counts nothing, so another unit is hidden beside A.
    assert_eq!(told(&open, "unit C", PeriodKind::Quarter), NO_QUARTER);
    assert_eq!(told(&open, "unit D", PeriodKind::Quarter), "120 0 0 0");
}

#[test]
fn the_only_unit_is_hidden_with_the_ministry() {
    let pipeline = pipeline();
    let open = open(&rows("received", "unit A: 2 20", &pipeline), &pipeline);
    assert_eq!(told(&open, "ministry", PeriodKind::Quarter), NO_QUARTER);
    assert_eq!(told(&open, "ministry", PeriodKind::Year), "22");
}

#[test]
fn services_are_never_suppressed() {
    let pipeline = pipeline();
    let exact = rows("services_online_rate", "unit A: 1/2\nunit B: 2/3", &pipeline);
    assert_eq!(open(&exact, &pipeline), exact);
}

#[test]
fn within_a_field_another_procedure_is_hidden() {
    let mut sheet = Sheet::default();
    let start = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    let procedures = [("P1", "F1", 2), ("P2", "F1", 30), ("P3", "F2", 10), ("P4", "F2", 40)];
    let wholes = procedures
        .map(|(code, field, _)| (Scope::Procedure(code.into()), vec![Scope::Field(field.into())]));
    for period in Period::through(start, start + Months::new(2)) {
        for (code, field, n) in procedures {
            // The first is small in January alone.
            let n = if period.start == start && period.kind == PeriodKind::Month { n } else { 50 };
            let scope = Scope::Procedure(code.into());
            for scope in [scope, Scope::Field(field.into()), Scope::Ministry] {
                let is_whole = scope.procedure().is_none();
                sheet.enter(&scope, period, if is_whole { 50 } else { n }, BELOW);
            }
        }
    }
    sheet.close(&wholes.into(), BELOW);
    let hidden = |code: &str| sheet.hidden(&Scope::Procedure(code.into()));
    assert_eq!(["P1", "P2", "P3", "P4"].map(hidden), [Hidden::Parts; 4]);
    assert_eq!(sheet.hidden(&Scope::Field("F1".into())), Hidden::Nothing);
    assert_eq!(sheet.hidden(&Scope::Ministry), Hidden::Nothing);
}

#[test]
fn what_one_indicator_hides_another_does_not_tell() {
    let pipeline = pipeline();
    let resolved = "unit A: 2 20\nunit B: 30 30\nunit C: 40 40";
    let online = "unit A: 0/2 10/20\nunit B: 15/30 15/30\nunit C: 2/40 20/40";
    let mut both = rows("resolved", resolved, &pipeline);
    both.extend(rows("online_resolution_rate", online, &pipeline));
    let open = open(&both, &pipeline);
    let (resolved, online) = open.split_at(open.len() / 2);
    // Two are small among the rates, so the rates ask for no other; the count hides B.
    assert_eq!(told(resolved, "unit B", PeriodKind::Quarter), NO_QUARTER);
    assert_eq!(told(online, "unit B", PeriodKind::Quarter), NO_QUARTER);
    assert_eq!(told(resolved, "unit C", PeriodKind::Quarter), "80 0 0 0");
    assert_eq!(told(online, "unit C", PeriodKind::Quarter), NO_QUARTER);
}

#[test]
fn measures_that_add_up_tell_nothing_of_one_another() {
    let pipeline = pipeline();
    let all = "unit A: 22 60\nunit B: 60 60\nunit C: 90 90";
    let online = "unit A: 2 30\nunit B: 30 30\nunit C: 40 40";
    let partial = "unit A: 20 30\nunit B: 30 30\nunit C: 50 50";
    let mut exact = rows("resolved", all, &pipeline);
    exact.extend(rows("received", online, &pipeline));
    exact.extend(rows("open_at_end", partial, &pipeline));
    let open = open(&exact, &pipeline);
    let quarter = |indicator: &str, unit: &str| {
        let of = open.iter().filter(|row| *row.key.indicator == *indicator).cloned();
        told(&of.collect::<Vec<_>>(), unit, PeriodKind::Quarter)
    };
    // 22 - 20 would be 2: one of the two is hidden beside it.
    assert_eq!(quarter("received", "unit A"), NO_QUARTER);
    assert_eq!(quarter("open_at_end", "unit A"), NO_QUARTER);
    assert_eq!(quarter("resolved", "unit A"), "82 0 0 0");
    assert_eq!(quarter("resolved", "unit C"), "180 0 0 0");
}

#[test]
fn what_is_left_of_hidden_rates_is_not_small_together() {
    let pipeline = pipeline();
    let exact = rows(
        "on_time_rate",
        "unit A: 1/100 60/100
         unit B: 1/110 60/110
         unit C: 50/120 60/120
         unit D: 70/130 70/130",
        &pipeline,
    );
    let open = open(&exact, &pipeline);
    assert_eq!(told(&open, "unit C", PeriodKind::Quarter), NO_QUARTER);
    assert_eq!(told(&open, "unit D", PeriodKind::Quarter), "140 0 0 0");
}

#[test]
fn a_field_of_one_unit_tells_nothing_of_that_unit() {
    let mut sheet = Sheet::default();
    let start = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
    let units = [("U1", 2), ("U2", 20), ("U3", 24)];
    let fields = [("F1", "U1", 2), ("F2", "U2", 20), ("F3", "U3", 12), ("F4", "U3", 12)];
    let whole = |(field, unit, _): (&str, &str, i64)| {
        (Scope::Field(field.into()), vec![Scope::Unit(unit.into())])
    };
    for period in Period::through(start, start + Months::new(2)) {
        let mut enter = |scope: Scope, n: i64| sheet.enter(&scope, period, n, BELOW);
        units.into_iter().for_each(|(unit, n)| enter(Scope::Unit(unit.into()), n));
        fields.into_iter().for_each(|(field, _, n)| enter(Scope::Field(field.into()), n));
        enter(Scope::Ministry, 46);
    }
    sheet.close(&fields.map(whole).into(), BELOW);
    let hidden = |code: &str| sheet.hidden(&Scope::Field(code.into()));
    assert_eq!(sheet.hidden(&Scope::Unit("U2".into())), Hidden::Whole);
    assert_eq!(hidden("F2"), Hidden::Whole, "46 - 24 - 20 would be 2");
}
