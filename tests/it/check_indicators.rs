//! `hoso check` on `indicators.toml`: totals, formulas, versions and breaks that cannot be computed are
//! faults with their place.

use super::world::{World, root};

/// Says whether an edit of the ministry's catalogue is told so, and is the only fault.
fn is_told(from: &str, to: &str, told: &str) {
    let world = World::small();
    let catalogue = root().join("pipelines/ministry/indicators.toml");
    let catalogue = std::fs::read_to_string(catalogue).unwrap();
    assert!(catalogue.contains(from), "{from}");
    world.write("indicators.toml", catalogue.replacen(from, to, 1));
    let ran = world.hoso(&["check"]);
    assert_eq!(ran.code, 3, "{to}: {ran}");
    assert!(ran.stderr.contains(told), "{to}: {ran}");
    assert!(ran.stderr.contains("--> ./indicators.toml:"), "{to}: {ran}");
    assert!(ran.stderr.contains("\n1 fault in the pipeline directory"), "{to}: {ran}");
}

#[test]
fn a_total_is_made_of_measures_alone() {
    let world = World::small();
    let catalogue = std::fs::read(root().join("pipelines/ministry/indicators.toml")).unwrap();
    world.write("indicators.toml", catalogue);
    assert_eq!(world.hoso(&["check"]).code, 0);
    let carried = "numerator = \"at_start(form_open)\"";
    for (to, told) in [
        ("numerator = \"at_start(form_opened)\"", "did you mean `form_open`?"),
        ("numerator = \"at_end(form_open)\"", "one of: greatest, procedures, at_start, everywhere"),
        ("numerator = \"at_start(form_open, open)\"", "`at_start` takes one measure"),
        ("numerator = \"at_start(form_open + open)\"", "is no single measure"),
        ("numerator = \"form_open * 2\"", "is outside the language of totals"),
        ("numerator = \"form_open +\"", "error:"),
        ("numerator = \"at_start(received)\"", "`received` is no level"),
    ] {
        is_told(carried, to, told);
    }
}

#[test]
fn a_formula_is_of_one_kind_and_of_what_it_can_be_read_from() {
    let p90 = "percentile = 90\nhistogram = \"handling_days\"";
    let complement = "complement = [\"late_rate\", \"dislike_rate_766\"]";
    for (from, to, told) in [
        (p90, "percentile = 100\nhistogram = \"handling_days\"", "a whole number from 1 to 99"),
        (p90, "percentile = 90\nhistogram = \"resolved\"", "`resolved` has no `bins`"),
        (
            p90,
            "percentile = 90\nhistogram = \"handling_days\"\nnumerator = \"resolved\"",
            "exclude one another",
        ),
        (complement, "complement = [\"late_rates\"]", "did you mean `late_rate`?"),
        (complement, "complement = [\"received\"]", "`received` is no percentage"),
        ("indicator = \"on_time_rate_766\"", "indicator = \"late_rate\"", "the better the lower"),
        (complement, "complement = [\"index_766\"]", "is made of others itself"),
        (
            "doubt = \"channel_unknown_rate\"",
            "doubt = \"channel_unknown\"",
            "did you mean `channel_unknown_rate`?",
        ),
        ("counted_by = \"payments_paygov\"\n", "", "is a sum of an unknown many"),
        (
            "indicators = [\n  \"services_online_rate\"",
            "indicators = [\n  \"service_online_rate\"",
            "did you mean `services_online_rate`?",
        ),
    ] {
        is_told(from, to, told);
    }
}

/// The small pipeline's headline and the ministry's breaks name indicators with a fault of their own.
#[test]
fn an_indicator_with_a_fault_is_not_unknown_where_it_is_named() {
    let resolved_online = "numerator = \"resolved_online\"\ndenominator = \"resolved\"";
    let misspelt = "numerator = \"resolved_onlin\"\ndenominator = \"resolved\"";
    is_told(resolved_online, misspelt, "did you mean `resolved_online`?");
}
