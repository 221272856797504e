//! The whole catalogue of the ministry: its page, its numbers against a second implementation in
//! another language, and an indicator at a glance.

use std::fs;

use insta::assert_snapshot;

use super::world::{Ran, World, python, root};

/// Runs a command on a store of the ministry's pipeline.
fn ministry(world: &World, args: &[&str]) -> Ran {
    let ran = ministry_ends(world, args);
    assert_eq!(ran.code, 0, "{ran}");
    ran
}

/// As [`ministry`], however it ends.
fn ministry_ends(world: &World, args: &[&str]) -> Ran {
    let pipeline = root().join("pipelines/ministry");
    let places = ["--pipeline", pipeline.to_str().unwrap(), "--store", "wh"];
    world.bare(&[&places[..], args].concat())
}

#[test]
fn the_page_of_the_catalogue_is_what_show_writes() {
    let page = fs::read_to_string(root().join("docs/indicators.md")).unwrap();
    let written = ministry(&World::small(), &["show", "--reference"]).stdout;
    let differs = page.lines().zip(written.lines()).find(|(page, written)| page != written);
    assert_eq!(differs, None, "`hoso show --reference` writes docs/indicators.md anew");
    assert_eq!(page, written);
}

#[test]
fn every_number_of_the_sample_data_is_that_of_the_second_implementation() {
    let world = World::small();
    ministry(&world, &["run"]);
    let store = world.path("wh");
    let compared = python(&["tests/catalogue.py", "pipelines/ministry", store.to_str().unwrap()]);
    assert_snapshot!(last_line(&compared), @"215625 rows compared, 0 different");

    let shown = ministry(&world, &["show", "online_resolution_rate", "--period", "ytd"]);
    assert_snapshot!(shown.stdout, @"
    Dossiers resolved online (online_resolution_rate)
      period     ministry, 2020-01-01 to 2020-10-31
      value      50.61 %  4,432 / 8,758      target 20 % met
      formula    dossiers completed that were submitted online in a partial or full service / dossiers completed
      series     █▁▄▅█▅▇▆▅▃  ytd-2020-01 to ytd-2020-10
      change     -0.31 points on the period before
      coverage   12 of 12 units reported
      doubt      0.00 %  0 / 8,469 (channel_unknown_rate)
      status     value, provisional, of release 1

      2020-01-01 to 2020-01-31    51.29 %  398 / 776          target 20 % met
      2020-01-01 to 2020-02-29    50.38 %  737 / 1,463        target 20 % met
      2020-01-01 to 2020-03-31    50.75 %  1,218 / 2,400      target 20 % met
      2020-01-01 to 2020-04-30    50.90 %  1,501 / 2,949      target 20 % met
      2020-01-01 to 2020-05-31    51.23 %  1,919 / 3,746      target 20 % met
      2020-01-01 to 2020-06-30    50.93 %  2,391 / 4,695      target 20 % met
      2020-01-01 to 2020-07-31    51.13 %  2,885 / 5,642      target 20 % met
      2020-01-01 to 2020-08-31    50.99 %  3,391 / 6,650      target 20 % met
      2020-01-01 to 2020-09-30    50.91 %  3,876 / 7,613      target 20 % met
      2020-01-01 to 2020-10-31    50.61 %  4,432 / 8,758      target 20 % met
    ");

    let one = ministry(&world, &["show", "online_resolution_rate", "--period", "2020-Q3"]);
    assert_snapshot!(one.stdout, @"
    Dossiers resolved online (online_resolution_rate)
      period     ministry, 2020-07-01 to 2020-09-30
      value      50.89 %  1,485 / 2,918      target 20 % met
      formula    dossiers completed that were submitted online in a partial or full service / dossiers completed
      change     -0.22 points on the period before
      coverage   12 of 12 units reported
      doubt      0.00 %  0 / 3,011 (channel_unknown_rate)
      status     value, final, of release 1
    ");
    for (period, told) in [
        ("monthly", "`monthly` is no kind of period (month, quarter, year, ytd), and no period: "),
        ("2019-Q3", "nothing was published of 2019-Q3: there is 2020-01 to 2020-10, "),
    ] {
        let show = ["show", "online_resolution_rate", "--period", period];
        let ran = ministry_ends(&world, &show);
        assert_eq!(ran.code, 2, "{ran}");
        assert!(ran.stderr.contains(told), "{ran}");
    }
}

/// Twenty-eight months in which all happens that the trial logs know of: the level scheme changes in them,
/// and dossiers are carried over, supplemented, paused, withdrawn, paid, posted and rated.
#[test]
fn every_number_of_trial_logs_is_that_of_the_second_implementation() {
    let world = World::small();
    let asked = ["--rows", "6000", "--units", "5", "--from", "2021-01", "--months", "28"];
    let made = world.bare(&[&["generate", "--seed", "11", "--out", "made"][..], &asked].concat());
    assert_eq!(made.code, 0, "{made}");
    let ran = world.bare(&["--pipeline", "made", "--store", "wh", "run"]);
    assert_eq!(ran.code, 0, "{ran}");
    let (pipeline, store) = (world.path("made"), world.path("wh"));
    let places = [pipeline.to_str().unwrap(), store.to_str().unwrap()];
    let compared = python(&[&["tests/catalogue.py"][..], &places].concat());
    assert_snapshot!(last_line(&compared), @"561798 rows compared, 0 different");
}

fn last_line(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or_default()
}
