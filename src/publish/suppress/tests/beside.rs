//! What stands beside a figure, its readings and its components, tells nothing that is hidden.

use crate::pipeline::definitions::{Adds, Subject, Total};

use super::*;

#[test]
fn no_reading_tells_a_hidden_value() {
    let pipeline = pipeline();
    let months = |first: &str, rest: &str| format!("{first}{}", format!(" {rest}").repeat(23));
    let lines = [("A", "2", "20"), ("B", "50", "50"), ("C", "60", "60")]
        .map(|(unit, first, rest)| format!("unit {unit}: {}", months(first, rest)));
    let open = open(&rows("resolved", &lines.join("\n"), &pipeline), &pipeline);
    let reading = |unit: &str, kind: PeriodKind, start: &str| {
        let start: NaiveDate = start.parse().unwrap();
        let is_asked = |row: &&Row| {
            let period = row.key.period;
            row.key.scope.name() == unit && (period.kind, period.start) == (kind, start)
        };
        open.iter().find(is_asked).unwrap().reading.clone()
    };
    let january = reading("A", PeriodKind::Month, "2021-01-01");
    assert_eq!((january.previous_value, january.change), (None, None));
    assert_eq!((january.year_ago_value, january.year_change), (None, None));
    let february = reading("A", PeriodKind::Month, "2021-02-01");
    assert_eq!((february.previous_value, february.year_ago_value), (Some(20.0), None));
    let year = reading("A", PeriodKind::Year, "2021-01-01");
    assert_eq!(year.year_ago_value, Some(222.0));
    // Of the others, a hidden row keeps no rank and an open one keeps its own.
    assert_eq!(reading("B", PeriodKind::Month, "2020-01-01"), Reading::default());
    assert_eq!(reading("C", PeriodKind::Month, "2020-01-01").rank, Some(1));
    assert_eq!(reading("C", PeriodKind::Month, "2021-01-01").previous_value, Some(60.0));
}

#[test]
fn what_a_rate_is_measured_of_tells_no_count() {
    let mut pipeline = pipeline();
    let rate = pipeline.definitions.indicators.get_mut("on_time_rate").unwrap();
    let Formula::Ratio(ratio) = &mut rate.versions[0].formula else { panic!("no ratio") };
    ratio.measured_of = Some(Total::Measure("received".to_owned()));
    let received = rows("received", "unit A: 2 40\nunit B: 30 30\nunit C: 40 40", &pipeline);
    let known = "unit A: 0/0 10/20\nunit B: 0/0 10/20\nunit C: 0/0 15/30";
    let mut known = rows("on_time_rate", known, &pipeline);
    for (known, received) in known.iter_mut().zip(&received) {
        let of = received.facts.numerator.filter(|_| known.facts.denominator > Some(0));
        known.facts.components = of.map(|of| format!("{{\"of\":{of}}}"));
    }
    let mut both = received;
    both.extend(known);
    let open = open(&both, &pipeline);
    let (_, rates) = open.split_at(open.len() / 2);
    // 42 in the year less the 40 of February would be the 2 of January.
    assert_eq!(told(rates, "unit A", PeriodKind::Quarter), NO_QUARTER);
    assert_eq!(told(rates, "unit A", PeriodKind::Year), "10");
    assert_eq!(told(rates, "unit C", PeriodKind::Quarter), "15 0 0 0");
}

/// Makes the count of an indicator one of another total.
fn count_of(pipeline: &mut Pipeline, indicator: &str, total: Total) {
    let known = pipeline.definitions.indicators.get_mut(indicator).unwrap();
    let Formula::Ratio(ratio) = &mut known.versions[0].formula else { panic!("no ratio") };
    ratio.numerator = total;
}

#[test]
fn a_level_is_hidden_where_it_is_at_the_start_of_the_next_period() {
    let mut pipeline = pipeline();
    count_of(&mut pipeline, "open_at_end", Total::Measure("open".to_owned()));
    count_of(&mut pipeline, "resolved", Total::AtStart("open".to_owned()));
    let levels = "unit A: 3 10 10 10\nunit B: 50 70 70 70\nunit C: 60 60 60 60";
    let starts = "unit A: 10 3 10 10\nunit B: 70 50 70 70\nunit C: 20 60 60 60";
    let mut both = rows("open_at_end", levels, &pipeline);
    both.extend(rows("resolved", starts, &pipeline));
    let open = open(&both, &pipeline);
    let (levels, starts) = open.split_at(open.len() / 2);
    let is_told = |rows: &[Row], unit: &str| told(rows, unit, PeriodKind::Quarter) != NO_QUARTER;
    for unit in ["unit A", "unit B", "unit C"] {
        assert_eq!(is_told(levels, unit), is_told(starts, unit), "{unit}");
    }
    assert!(!is_told(levels, "unit A"));
}

#[test]
fn how_many_records_a_small_list_has_is_not_told() {
    let mut pipeline = pipeline();
    for measure in ["on_time", "with_due"] {
        let measure = pipeline.definitions.measures.get_mut(measure).unwrap();
        (measure.of, measure.adds) = (Subject::Deliveries, Adds::Column("read"));
    }
    let small = "unit A: 0/3 0/20\nunit B: 1/30 1/30\nunit C: 0/40 0/40";
    let small = open(&rows("on_time_rate", small, &pipeline), &pipeline);
    let told = |rows: &[Row], unit| super::told(rows, unit, PeriodKind::Quarter);
    assert_eq!([told(&small, "unit A"), told(&small, "unit B")], [NO_QUARTER; 2]);
    assert_eq!(told(&small, "unit C"), "0 0 0 0");
    // That one record of thirty was rejected tells of no small list.
    let large = open(&rows("on_time_rate", "unit A: 1/30\nunit B: 30/30", &pipeline), &pipeline);
    assert_eq!(told(&large, "unit A"), "1 0 0 0");
}
