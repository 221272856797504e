//! Rows as text in, integers out.

use std::convert::Infallible;

use arrow::array::{RecordBatch, UInt64Array};
use arrow::compute::take_record_batch;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::fixture::{counted, definitions, dossiers};
use super::*;
use crate::pipeline::definitions::Definitions;

const FLOW: &str = "of = 'dossiers'\nkind = 'flow'\non = ";

pub(super) const BASIC: &str = "
    [measure.received]
    of = 'dossiers'
    kind = 'flow'
    on = 'received_on'
    [measure.completed_late]
    of = 'dossiers'
    kind = 'flow'
    on = 'completed_on'
    where = 'completed_on > due_on'
    [measure.open]
    of = 'dossiers'
    kind = 'stock'
    from = 'received_on'
    until = 'ended_on'
    [measure.overdue]
    of = 'dossiers'
    kind = 'stock'
    from = 'overdue_from'
    until = 'ended_on'
    where = \"status <> 'withdrawn'\"
";

pub(super) const ROWS: &str = "
    unit_code procedure_code status     received_on due_on     completed_on ended_on   overdue_from
    U1        1.001          completed  2020-01-31  2020-02-10 2020-02-11   2020-02-11 2020-02-11
    U1        1.001          completed  2020-01-02  2020-02-10 2020-02-10   2020-02-10 -
    U1        1.001          processing 2020-01-03  2020-02-10 -            -          2020-02-11
    U1        1.002          withdrawn  2020-02-01  2020-02-10 -            2020-04-01 2020-02-11
    U2        1.001          -          2020-02-29  2020-03-10 -            2020-04-01 2020-03-11
    -         -              new        1969-12-31  -          -            -          -
    U2        1.001          completed  -           2020-03-10 2020-03-12   2020-03-12 -
";

/// Counts the rows of `CELLS` for which a condition is true.
fn true_rows(condition: &str) -> String {
    let measures = format!("[measure.m]\n{FLOW}'received_on'\nwhere = \"{condition}\"\n");
    let cells = "
        unit_code received_on status     channel  due_on     processing_days fee_vnd e_result
        a         2020-01-01  new        online   2020-01-10 5               0       true
        b         2020-01-01  completed  counter  2020-01-20 10              100     false
        c         2020-01-01  -          -        -          -               -       -
        d         2020-01-01  processing online   2020-01-15 -               50      -
    ";
    let lines = counted(&definitions(&measures), Subject::Dossiers, &[dossiers(cells)]);
    lines.lines().map(|line| &line[..1]).collect()
}

#[test]
fn flows_and_stocks_count_by_month() {
    let lines = counted(&definitions(BASIC), Subject::Dossiers, &[dossiers(ROWS)]);
    assert_snapshot!(lines, @"
    U1 1.001 2020-01-01 open 3
    U1 1.001 2020-01-01 received 3
    U1 1.001 2020-02-01 completed_late 1
    U1 1.001 2020-02-01 open -2
    U1 1.001 2020-02-01 overdue 1
    U1 1.002 2020-02-01 open 1
    U1 1.002 2020-02-01 received 1
    U1 1.002 2020-04-01 open -1
    U2 1.001 2020-02-01 open 1
    U2 1.001 2020-02-01 received 1
    U2 1.001 2020-03-01 completed_late 1
    U2 1.001 2020-04-01 open -1
    ");
}

#[test]
fn an_empty_or_negative_interval_counts_nothing() {
    let rows = "
        unit_code received_on ended_on
        U1        2020-03-05  2020-03-05
        U1        2020-03-05  2020-01-05
        U1        -           2020-01-05
        U1        2020-03-05  2020-03-06
        U1        2020-03-05  2020-04-01
    ";
    let open = "[measure.open]\nof = 'dossiers'\nkind = 'stock'\n\
        from = 'received_on'\nuntil = 'ended_on'\n";
    let lines = counted(&definitions(open), Subject::Dossiers, &[dossiers(rows)]);
    assert_eq!(lines, "U1 - 2020-03-01 open 1\nU1 - 2020-04-01 open -1\n");
}

#[test]
fn a_stock_until_its_own_first_day_counts_nothing() {
    let none = "[measure.none]\nof = 'dossiers'\nkind = 'stock'\n\
        from = 'received_on'\nuntil = 'received_on'\n";
    assert_eq!(counted(&definitions(none), Subject::Dossiers, &[dossiers(ROWS)]), "");
}

#[test]
fn conditions_follow_sql_with_null_as_false() {
    for (condition, rows) in [
        ("status = 'new'", "a"),
        ("status <> 'new'", "bd"),
        ("NOT status = 'new'", "bd"),
        ("status IN ('new', 'processing')", "ad"),
        ("status NOT IN ('new', 'processing')", "b"),
        ("status IS NULL", "c"),
        ("status IS NOT NULL", "abd"),
        ("processing_days BETWEEN 5 AND 9", "a"),
        ("processing_days NOT BETWEEN 5 AND 9", "b"),
        ("processing_days < 10 OR fee_vnd > 0", "abd"),
        ("processing_days < 10 AND fee_vnd >= 0", "a"),
        ("NOT (processing_days > 100 AND fee_vnd > 60)", "abd"),
        ("NOT (processing_days > 7 OR fee_vnd > 60)", "a"),
        ("due_on = '2020-01-10'", "a"),
        ("due_on > '2020-01-10'", "bd"),
        ("due_on <= DATE '2020-01-15'", "ad"),
        ("due_on BETWEEN '2020-01-11' AND '2020-01-20'", "bd"),
        ("received_on < due_on", "abd"),
        ("e_result = TRUE", "a"),
        ("e_result", "a"),
        ("NOT e_result", "b"),
        ("e_result IS NULL", "cd"),
        ("processing_days + fee_vnd = 110", "b"),
        ("processing_days - 6 < -0", "a"),
        ("CASE WHEN processing_days > 5 THEN 2 WHEN channel = 'online' THEN 1 END = 1", "ad"),
        ("CASE WHEN processing_days > 5 THEN 2 WHEN fee_vnd >= 0 THEN 1 END = 1", "ad"),
        ("CASE WHEN processing_days > 5 THEN 2 ELSE 3 END = 3", "acd"),
        ("CASE WHEN status = 'new' THEN channel END = 'online'", "a"),
        ("CASE WHEN status = 'new' THEN e_result ELSE TRUE END", "abcd"),
        ("CASE WHEN e_result THEN due_on ELSE received_on END > '2020-01-01'", "a"),
        ("channel IN (status, 'online')", "ad"),
    ] {
        assert_eq!(true_rows(condition), rows, "{condition}");
    }
}

#[test]
fn a_condition_without_columns_holds_for_each_row() {
    for (condition, value) in [("TRUE", 7), ("1 = 1", 7), ("FALSE", 0), ("1 + 1 > 2", 0)] {
        let measures = format!("[measure.m]\n{FLOW}'received_on'\nwhere = \"{condition}\"\n");
        let rows = format!("unit_code received_on\n{}", "U1 2020-01-01\n".repeat(7));
        let lines = counted(&definitions(&measures), Subject::Dossiers, &[dossiers(&rows)]);
        let expected = format!("U1 - 2020-01-01 m {value}\n");
        assert_eq!(lines, if value > 0 { expected } else { String::new() }, "{condition}");
    }
}

#[test]
fn no_rows_no_batches_and_no_measures_count_nothing() {
    let measures = definitions(BASIC);
    let empty = dossiers(ROWS).slice(0, 0);
    assert_eq!(counted(&measures, Subject::Dossiers, &[empty]), "");
    assert_eq!(counted(&measures, Subject::Dossiers, &[]), "");
    assert_eq!(counted(&Definitions::default(), Subject::Dossiers, &[dossiers(ROWS)]), "");
    let services = counted(&measures, Subject::Services, &[]);
    assert_eq!(services, "", "measures of dossiers do not count services");
}

#[test]
fn a_reader_gives_the_needed_columns_alone() {
    let measures = definitions(BASIC);
    let needed = needed_columns(&measures.measures);
    let expected = "unit_code procedure_code status received_on due_on completed_on ended_on \
        overdue_from";
    assert_eq!(needed.join(" "), expected);
    let whole = dossiers(ROWS);
    let indices: Vec<_> = needed.iter().map(|n| whole.schema().index_of(n).unwrap()).collect();
    let projected = whole.project(&indices).unwrap();
    let of = Subject::Dossiers;
    assert_eq!(
        counted(&measures, of, std::slice::from_ref(&projected)),
        counted(&measures, of, &[whole])
    );

    let lacking = projected.project(&[0, 1, 2, 3, 4, 5, 6]).unwrap();
    let error =
        count(&measures.measures, of, [Ok::<_, Infallible>(lacking)].into_iter()).unwrap_err();
    let expected = "expected a column `overdue_from` of type Date32, found none";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn measures_counted_apart_and_put_together_are_those_counted_at_once() {
    let all = definitions(BASIC).measures;
    let count = |measures: &BTreeMap<String, Measure>| {
        let batches = [Ok::<_, Infallible>(dossiers(ROWS))];
        count(measures, Subject::Dossiers, batches.into_iter()).unwrap().into_batch()
    };
    for one in all.keys() {
        let (mut only, mut others) = (all.clone(), all.clone());
        only.retain(|name, _| name == one);
        others.remove(one);
        let together = Measures::together(&[count(&others), count(&only)]).unwrap();
        assert_eq!(together.into_batch(), count(&all), "{one}");
    }
}

#[test]
fn a_column_of_another_type_is_refused() {
    let texts = RecordBatch::try_from_iter(
        ["unit_code", "procedure_code", "status", "received_on"]
            .map(|name| (name, dossiers(ROWS)["status"].clone())),
    );
    let batches = [Ok::<_, Infallible>(texts.unwrap())];
    let error =
        count(&definitions(BASIC).measures, Subject::Dossiers, batches.into_iter()).unwrap_err();
    let expected = "expected a column `received_on` of type Date32, found Utf8";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_batch_that_cannot_be_read_ends_the_count() {
    let batches = [Ok(dossiers(ROWS)), Err(std::io::Error::other("torn"))];
    let error =
        count(&definitions(BASIC).measures, Subject::Dossiers, batches.into_iter()).unwrap_err();
    assert_eq!(error.to_string(), "failed to read the rows to count");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "torn");
}

#[test]
fn measures_are_checked_on_construction() {
    let batches = [Ok::<_, Infallible>(dossiers(ROWS))];
    let measures =
        count(&definitions(BASIC).measures, Subject::Dossiers, batches.into_iter()).unwrap();
    let batch = measures.clone().into_batch();
    assert_eq!(Measures::new(batch.clone()).unwrap(), measures);
    let swapped = RecordBatch::try_from_iter([("month", batch["month"].clone())]).unwrap();
    let error = Measures::new(swapped).unwrap_err();
    assert_eq!(error.to_string(), "expected a column `unit_code` of type Utf8, found none");
    let last_first = UInt64Array::from_iter_values((0..batch.num_rows() as u64).rev());
    let reversed = take_record_batch(&batch, &last_first).unwrap();
    assert!(matches!(Measures::new(reversed), Err(MeasureError::Order)));
}

/// A row of text: unit, status, received, completed and ended days.
fn any_row() -> impl Strategy<Value = String> {
    let day = || {
        prop_oneof![
            1 => Just("-".to_owned()),
            4 => (1..=3_u32, 1..=28_u32).prop_map(|(month, day)| format!("2020-{month:02}-{day:02}"))
        ]
    };
    let status = prop::sample::select(vec!["new", "completed", "withdrawn", "-"]);
    let unit = prop::sample::select(vec!["U1", "U2", "-"]);
    (unit, status, [day(), day(), day(), day(), day()])
        .prop_map(|(unit, status, days)| format!("{unit} {status} {}\n", days.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_split_and_order_of_the_rows_gives_the_same(
        rows in prop::collection::vec(any_row(), 0..40),
        cuts in prop::collection::vec(0..40_usize, 0..4),
    ) {
        let measures = definitions(BASIC);
        let headings = "unit_code status received_on due_on completed_on ended_on overdue_from\n";
        let whole = dossiers(&format!("{headings}{}", rows.concat()));
        let mut ends: Vec<_> = cuts.into_iter().map(|cut| cut.min(rows.len())).collect();
        ends.push(rows.len());
        ends.sort_unstable();
        let mut start = 0;
        let mut parts = Vec::new();
        for end in ends {
            parts.push(whole.slice(start, end - start));
            start = end;
        }
        parts.reverse();
        let of = Subject::Dossiers;
        prop_assert_eq!(counted(&measures, of, &parts), counted(&measures, of, &[whole]));
    }
}
