//! What is hidden is shown as hidden.

use crate::indicators::period::PeriodKind;
use crate::pipeline::rules::Language;
use crate::publish::figures;
use crate::publish::shown::Shown;

use super::*;

#[test]
fn a_hidden_figure_is_shown_as_suppressed() {
    let pipeline = pipeline();
    let exact = rows("received", "unit A: 2 20\nunit B: 30 30\nunit C: 40 40", &pipeline);
    let open = Indicators::from_rows(&open(&exact, &pipeline));
    let selection = figures::Selection {
        indicator: "received".to_owned(),
        unit: Some("A".to_owned()),
        periods: figures::Periods::Of(PeriodKind::Month),
        last: 1,
    };
    let rows = figures::select(&open, &selection);
    let indicator = &pipeline.definitions.indicators["received"];
    let shown =
        Shown { indicator, rows: &rows, doubt: None, trends: &[], n_ranked: 0, accuracy: None };
    let text = shown.text(Language::English);
    assert!(text.contains("value      suppressed"), "{text}");
}
