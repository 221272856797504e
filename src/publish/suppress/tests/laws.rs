//! Property: whatever units count, nothing small is told, and nothing hidden is one subtraction away.

use proptest::prelude::*;

use crate::indicators::period::PeriodKind;

use super::super::*;
use super::{BELOW, is_small, open, pipeline, rows};

/// What a unit counts in each month of a year: some, and some more beside these.
fn year() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let n = || prop_oneof![2 => Just(0), 3 => 1..BELOW + 3, 2 => 8..60_i64];
    prop::collection::vec((n(), n()), 12)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn no_hidden_cell_can_be_had_by_one_subtraction(
        units in prop::collection::vec(year(), 1..6),
        is_rate in any::<bool>(),
    ) {
        let pipeline = pipeline();
        let month = |&(n, more): &(i64, i64)| {
            if is_rate { format!(" {n}/{}", n + more) } else { format!(" {n}") }
        };
        let lines: Vec<String> = units
            .iter()
            .zip('A'..)
            .map(|(months, unit)| format!("unit {unit}:{}", months.iter().map(month).collect::<String>()))
            .collect();
        let indicator = if is_rate { "on_time_rate" } else { "received" };
        let exact = rows(indicator, &lines.join("\n"), &pipeline);
        let open = open(&exact, &pipeline);
        // What the numerators come to, what is left of the denominators, and both.
        let sizes = |row: &Row| {
            let numerator = row.facts.numerator.unwrap_or(0);
            let of = row.facts.denominator.unwrap_or(0);
            [numerator, (of - numerator).max(0), of.max(numerator)]
        };
        let is_hidden = |row: &Row| row.facts.status == Status::Suppressed;
        // Each row with its size and whether it is hidden; what counts nothing hides nothing.
        let cells: Vec<(&RowKey, [i64; 3], bool)> = exact
            .iter()
            .zip(&open)
            .map(|(exact, open)| (&exact.key, sizes(exact), is_hidden(open)))
            .filter(|(_, [.., size], _)| *size > 0)
            .collect();
        for row in &open {
            prop_assert!(!is_small(row.facts.numbers()), "{:?}", row.key);
        }
        for period in exact.iter().map(|row| row.key.period).collect::<BTreeSet<_>>() {
            let hidden = || cells.iter().filter(|(key, _, hidden)| *hidden && key.period == period);
            prop_assert_ne!(hidden().count(), 1, "over units: {:?}", period);
            let is_open = hidden().all(|(key, ..)| key.scope != Scope::Ministry);
            for at in 0..3 {
                let together: i64 = hidden().map(|(_, sizes, _)| sizes[at]).sum();
                prop_assert!(!is_open || together == 0 || together >= BELOW, "{at}: {:?}", period);
            }
        }
        for scope in cells.iter().map(|(key, ..)| &key.scope).collect::<BTreeSet<_>>() {
            let of = |kind| cells.iter().filter(move |(key, ..)| key.scope == *scope && key.period.kind == kind);
            let hidden = |kind| of(kind).filter(|(.., hidden)| *hidden).count();
            for kind in [PeriodKind::Month, PeriodKind::Quarter, PeriodKind::YearToDate] {
                let n_hidden = hidden(kind);
                prop_assert!(n_hidden == 0 || n_hidden == of(kind).count(), "parts: {:?}", scope);
            }
            let is_year_open = hidden(PeriodKind::Year) == 0;
            prop_assert!(!is_year_open || hidden(PeriodKind::Month) != 1, "months: {:?}", scope);
        }
    }
}
