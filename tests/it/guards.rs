//! Guards over history: each seen to speak, to be silent, and to be accepted.

use std::fmt::Write as _;
use std::fs;

use insta::assert_snapshot;

use super::world::{Ran, World};

/// A month's log of so many dossiers, some of them without a known status.
fn month(unit: &str, month: u32, n_good: usize, n_bad: usize) -> String {
    let mut rows = String::new();
    for n in 0..n_good + n_bad {
        let status = if n < n_good { "Đang xử lý" } else { "?" };
        writeln!(
            rows,
            "G99.{unit}-20{month:02}10-{n:04} | 1.000001 | 10/{month:02}/2020 | | | {status} | Trực tiếp |"
        )
        .unwrap();
    }
    rows
}

/// A world of two units whose first three months are published, and an open fourth.
fn with_history() -> World {
    let world = World::small();
    world.edit("pipeline.toml", "as_of = 2020-03-31", "as_of = 2020-04-30");
    for m in 1..=3 {
        world.log(&format!("u1/2020-{m:02}.csv"), &month("01", m, 30, 0));
        world.log(&format!("u2/2020-{m:02}.csv"), &month("02", m, 30, 0));
    }
    world.run(0);
    world
}

fn guards(ran: &Ran) -> String {
    let spoken = ran.stderr.lines().filter(|line| line.contains("guard"));
    spoken.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_unit_far_below_its_own_volume_is_published_with_the_evidence_named() {
    let world = with_history();
    world.log("u1/2020-04.csv", &month("01", 4, 5, 0));
    world.log("u2/2020-04.csv", &month("02", 4, 28, 0));
    let ran = world.run(6);
    assert_snapshot!(guards(&ran), @"guard: G99.01 dossier, 2020-04-01 to 2020-04-30: 5 records, where 30 are usual");
    let release = fs::read_to_string(world.path("warehouse/releases/00000002.json")).unwrap();
    assert!(release.contains("\"guard\": \"volume_fell\""), "{release}");
    // It spoke in that run; the next one has nothing to publish.
    world.run(0);
}

#[test]
fn a_band_of_the_pipelines_own_holds() {
    let world = with_history();
    world.edit("pipeline.toml", "headline", "guards = { volume_share = 0.1 }\nheadline");
    world.log("u1/2020-04.csv", &month("01", 4, 5, 0));
    world.run(0);
}

#[test]
fn a_history_too_short_or_too_small_tells_nothing() {
    let world = World::small();
    world.edit("pipeline.toml", "as_of = 2020-03-31", "as_of = 2020-04-30");
    for m in 1..=2 {
        world.log(&format!("u1/2020-{m:02}.csv"), &month("01", m, 30, 0));
    }
    for m in 1..=3 {
        world.log(&format!("u2/2020-{m:02}.csv"), &month("02", m, 19, 0));
    }
    world.run(0);
    world.log("u1/2020-03.csv", &month("01", 3, 1, 0));
    world.log("u2/2020-04.csv", &month("02", 4, 1, 0));
    world.run(0);
}

#[test]
fn a_feed_that_turned_empty_is_named() {
    let world = with_history();
    world.log("u1/2020-04.csv", "");
    let ran = world.run(6);
    assert_snapshot!(guards(&ran), @"guard: G99.01 dossier, 2020-04-01 to 2020-04-30: an empty report, where 30 records are usual");
    let status = world.hoso(&["status"]).stdout;
    assert!(status.contains("G99.01   dossier  2020-01 to 2020-04  ■■■○"), "{status}");
}

#[test]
fn a_share_of_rejects_above_the_band_is_named() {
    let world = with_history();
    // As many records as are needed to tell; in the month before, one less.
    world.log("u1/2020-03b.csv", &month("01", 3, 10, 9).replace("-00", "-90"));
    world.run(0);
    world.log("u1/2020-03c.csv", &month("01", 3, 10, 10).replace("-00", "-80"));
    assert!(guards(&world.run(6)).contains("10 of 20 records are rejected"));
    world.log("u1/2020-04.csv", &month("01", 4, 20, 10));
    world.log("u2/2020-04.csv", &month("02", 4, 29, 1));
    let ran = world.run(6);
    assert_snapshot!(guards(&ran), @"guard: G99.01 dossier, 2020-04-01 to 2020-04-30: 10 of 30 records are rejected (33.3 %), more than 20.0 %");
}

#[test]
fn the_whole_ministry_far_below_its_volume_stops_the_release_until_it_is_accepted() {
    let world = with_history();
    world.log("u1/2020-04.csv", &month("01", 4, 5, 0));
    world.log("u2/2020-04.csv", &month("02", 4, 4, 0));
    let ran = world.run(5);
    assert_snapshot!(ran.stderr, @"
    error: guard `volume_fell`: the whole ministry, 2020-04-01 to 2020-04-30: 9 records, where 60 are usual; nothing is published. `hoso plan` shows what would be; to publish it all the same: hoso run --accept volume_fell --reason TEXT
    guard: `volume_fell`: G99.01 dossier, 2020-04-01 to 2020-04-30: 5 records, where 30 are usual
    guard: `volume_fell`: G99.02 dossier, 2020-04-01 to 2020-04-30: 4 records, where 30 are usual
    ");
    assert!(!world.path("warehouse/releases/00000002.json").exists());
    // It stands until somebody answers.
    world.run(5);
    let since = || world.hoso(&["status"]).stdout.contains("judged since: 2 deliveries");
    assert!(since());
    let ran = world.hoso(&["run", "--accept", "volume_fell", "--reason", "Tết"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(!since());
    assert!(guards(&ran).contains("9 records, where 60 are usual (accepted)"), "{ran}");
    let release = fs::read_to_string(world.path("warehouse/releases/00000002.json")).unwrap();
    assert!(release.contains("\"volume_fell\": \"Tết\""), "{release}");
}

#[test]
fn a_guard_is_accepted_by_name_and_for_a_reason() {
    let world = with_history();
    assert_eq!(world.hoso(&["run", "--accept", "volume_fell"]).code, 2);
    let ran = world.hoso(&["run", "--accept", "volume_fall", "--reason", "x"]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("volume_fell"), "{ran}");
    let ran = world.hoso(&["run", "--accept", "volume_fell", "--reason", "  "]);
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("say why, in some words"), "{ran}");
}

const ROW: &str = "G99.01-200110-0001 | 1.000001 | 10/01/2020 | 20/01/2020 | 15/01/2020 | Đã xong \
    | Trực tuyến | 15/01/2020 09:00";

#[test]
fn a_final_value_that_would_change_stops_the_release_and_is_a_revision_with_its_cause() {
    let world = World::small();
    world.edit("pipeline.toml", "final_after_days = 1000", "final_after_days = 10");
    world.log("u1/2020-01.csv", ROW);
    world.run(0);
    let late = "G99.01-200111-0002 | 1.000001 | 11/01/2020 | | | Đang xử lý | Trực tiếp |";
    world.log("u1/2020-01b.csv", late);
    let ran = world.run(5);
    assert!(
        ran.stderr.contains("24 final values would change, the first: `open_at_end` of ministry"),
        "{ran}"
    );
    let ran = world.hoso(&["run", "--accept", "final_changed", "--reason", "sent late"]);
    assert_eq!(ran.code, 0, "{ran}");
    let revisions = world.query(
        "SELECT release, cause, old_numerator, numerator, deliveries FROM revisions \
         WHERE indicator = 'received' AND scope = 'ministry' AND period_kind = 'month' \
         AND period_start = '2020-01-01' ORDER BY release",
    );
    assert_snapshot!(revisions, @"
    release,cause,old_numerator,numerator,deliveries
    1,first,,1,
    2,late_data,1,2,G99.01/dossier/00000002
    ");
}

#[test]
fn a_final_value_that_would_be_withdrawn_or_open_again_stops_the_release() {
    let world = World::small();
    world.edit("pipeline.toml", "final_after_days = 1000", "final_after_days = 10");
    world.log("u1/2020-01.csv", ROW);
    world.run(0);
    // An earlier day would take February and March away, and open January again.
    let ran = world.hoso(&["run", "--as-of", "2020-01-31"]);
    assert_eq!(ran.code, 5, "{ran}");
    assert!(ran.stderr.contains("guard: `final_changed`"), "{ran}");
    assert!(ran.stderr.contains("1/1 would be 1/1, provisional"), "{ran}");
    world.edit("pipeline.toml", "since = 2020-01-01", "since = 2020-02-01");
    let ran = world.run(5);
    assert!(ran.stderr.contains("would be published no more"), "{ran}");
}

#[test]
fn what_a_quarterly_report_tells_is_not_final_before_its_window_closes() {
    let world = World::small();
    world.edit("pipeline.toml", "final_after_days = 1000", "final_after_days = 10");
    world.edit("feeds/u2.toml", "expected = \"month\"", "expected = \"quarter\"");
    world.log("u1/2020-01.csv", ROW);
    world.log("u1/2020-02.csv", "");
    world.run(0);
    let finals = "SELECT scope, unit_code FROM indicators WHERE indicator = 'received' AND is_final \
                  AND period_kind = 'month' AND period_start = '2020-01-01' AND scope <> 'field' \
                  AND scope <> 'procedure'";
    assert_eq!(world.query(finals), "scope,unit_code\nunit,G99.01\n");
    world.log("u2/2020-02.csv", "G99.02-200110-0001 | 1.000002 | 10/01/2020 | | | Đang xử lý | |");
    world.run(0);
    world.edit("pipeline.toml", "as_of = 2020-03-31", "as_of = 2020-04-30");
    world.run(0);
    assert!(world.query(finals).contains("ministry"));
}

#[test]
fn what_was_refused_in_a_run_that_a_guard_stopped_is_told_by_it_and_by_the_next_release() {
    let world = World::small();
    world.edit("pipeline.toml", "final_after_days = 1000", "final_after_days = 10");
    world.log("u1/2020-01.csv", ROW);
    world.run(0);
    world.log("u1/2020-01b.csv", "G99.01-200111-0002 | 1.000001 | 11/01/2020 | | | Đang xử lý | |");
    world.write("in/u1/2020-02.csv", "<html><body>Đăng nhập</body></html>");
    let ran = world.run(5);
    let refused = "refused: G99.01/dossier/00000003 `2020-02.csv`: the file is a web page";
    assert!(ran.stderr.contains(refused), "{ran}");
    let ran = world.hoso(&["run", "--accept", "final_changed", "--reason", "sent late"]);
    assert_eq!(ran.code, 6, "{ran}");
    assert!(ran.stderr.contains(refused), "{ran}");
    assert!(ran.stderr.contains("2 deliveries: 1 records read = 1 accepted"), "{ran}");
    // A refused delivery changes no figure.
    let causes =
        world.query("SELECT deliveries FROM revisions WHERE release = 2 GROUP BY deliveries");
    assert!(!causes.contains("00000003"), "{causes}");
}

#[test]
fn a_provisional_value_changes_without_a_word_and_a_missing_one_is_no_value() {
    let world = World::small();
    world.edit("pipeline.toml", "final_after_days = 1000", "final_after_days = 10");
    world.log("u1/2020-03.csv", &ROW.replace("01/2020", "03/2020").replace("2001", "2003"));
    world.run(0);
    // March is not final on its last day; January had no value that could change.
    world.log("u1/2020-03b.csv", "G99.01-200311-0002 | 1.000001 | 11/03/2020 | | | Đang xử lý | |");
    world.run(0);
    world.log("u1/2020-01.csv", ROW);
    world.run(0);
}

#[test]
fn a_corrected_file_is_the_cause_that_its_revision_names() {
    let world = World::small();
    world.edit("feeds/u1.toml", "slot = \"none\"", "slot = \"name\"");
    world.log("u1/2020-01.csv", ROW);
    world.run(0);
    world.log("u1/2020-01.csv", &ROW.replace("20/01/2020", "14/01/2020"));
    world.run(0);
    let causes = world.query(
        "SELECT cause, deliveries FROM revisions WHERE release = 2 AND scope = 'unit' \
         AND unit_code = 'G99.01' GROUP BY cause, deliveries",
    );
    assert_eq!(causes, "cause,deliveries\ncorrected_file,G99.01/dossier/00000002\n");
}

#[test]
fn the_first_release_tells_the_rejects_of_every_period() {
    let world = World::small();
    world.log("u1/2020-01.csv", &month("01", 1, 30, 29));
    world.log("u1/2020-02.csv", &month("01", 2, 30, 0));
    let ran = world.run(6);
    assert_snapshot!(guards(&ran), @"guard: G99.01 dossier, 2020-01-01 to 2020-01-31: 29 of 59 records are rejected (49.2 %), more than 20.0 %");
}

#[test]
fn a_release_as_of_an_earlier_day_is_stopped() {
    let world = with_history();
    let back = ["run", "--as-of", "2020-02-29"];
    let ran = world.hoso(&back);
    assert_eq!(ran.code, 5, "{ran}");
    assert!(ran.stderr.contains("guard `as_of_went_back`: as of 2020-02-29"), "{ran}");
    let accepted = ["--accept", "as_of_went_back,final_changed", "--reason", "a trial"];
    let ran = world.hoso(&[&back[..], &accepted].concat());
    assert_eq!(ran.code, 0, "{ran}");
    let causes = world.query(
        "SELECT cause FROM revisions WHERE release = 2 AND indicator = 'received' \
         AND period_kind = 'year' GROUP BY cause",
    );
    assert_eq!(causes, "cause\nperiod_shrank\n");
}
