//! Revisions as they are open.

use arrow::array::Array as _;
use arrow::compute::concat_batches;

use crate::indicators::revise::{Changes, revise};

use super::super::*;
use super::{BELOW, pipeline, rows};

/// Makes the revisions of releases, each given by its rows.
fn revisions(releases: &[Vec<Row>]) -> Revisions {
    let mut published = Indicators::default();
    let mut batches = Vec::new();
    for (rows, number) in releases.iter().zip(1..) {
        let mut rows = rows.clone();
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        let revised = revise(&mut rows, &published, number, &Changes::default());
        batches.push(Revisions::from_rows(&revised, number, "").batch().clone());
        published = Indicators::from_rows(&rows);
    }
    Revisions::from_batch(concat_batches(&batches[0].schema(), &batches).unwrap()).unwrap()
}

/// Returns the revisions of releases as they are open after the last.
fn open(releases: &[Vec<Row>], pipeline: &Pipeline) -> Revisions {
    let (last, revisions) = (releases.last().unwrap(), revisions(releases));
    let suppression = Suppression::of(&Indicators::from_rows(last), &revisions, pipeline, BELOW);
    suppression.open_revisions(&revisions)
}

/// Returns the scopes of which any number is told, old or new, in the rows of a version.
fn scopes_told(open: &Revisions, version: i64) -> Vec<String> {
    let is_of = |told: &Told| told.key.version == version;
    let tells = |told: &Told| figures(told).any(|(_, numbers, _)| numbers != Numbers::default());
    let told = open.told();
    let scopes = told.iter().filter(|told| is_of(told) && tells(told));
    let names: BTreeSet<&str> = scopes.map(|told| told.key.scope.name()).collect();
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn revisions_hide_what_the_release_hides_and_the_years_that_would_add_it_up() {
    let pipeline = pipeline();
    let others = "unit B: 30 30\nunit C: 40 40";
    let releases = ["unit A: 10 20", "unit A: 2 20"]
        .map(|unit| rows("received", &format!("{unit}\n{others}"), &pipeline));
    let open = open(&releases, &pipeline);
    assert_eq!(scopes_told(&open, 1), ["C", "ministry"]);
    // A and B have 29 periods a year; January and the fourteen that hold it were revised of A.
    let batch = open.batch();
    let n_null = |name: &str| batch[name].null_count();
    assert_eq!((n_null("numerator"), n_null("value")), (29 + 29 + 15, 29 + 29 + 15));
    let is_suppressed =
        |told: &&Told| told.new.is_some_and(|figure| figure.status == Status::Suppressed);
    assert_eq!(open.told().iter().filter(is_suppressed).count(), 29 + 29 + 15);
}

#[test]
fn rows_that_are_published_no_more_are_hidden_beside_one_another() {
    let pipeline = pipeline();
    let others = "unit B: 30 30\nunit C: 40 40";
    let first = rows("received", &format!("unit A: 2 20\n{others}"), &pipeline);
    let mut second = rows("received", &format!("unit A: 10 20\n{others}"), &pipeline);
    second.iter_mut().for_each(|row| row.key.version = 2);
    let open = open(&[first, second], &pipeline);
    assert_eq!(scopes_told(&open, 1), ["C", "ministry"]);
    assert_eq!(scopes_told(&open, 2), ["C", "ministry"]);
}

#[test]
fn what_was_small_once_is_not_told_by_what_stood_beside_it() {
    let pipeline = pipeline();
    let releases = ["unit A: 2 6", "unit A: 8 6"]
        .map(|unit| rows("received", &format!("{unit}\nunit B: 5 7\nunit C: 40 40"), &pipeline));
    let open = open(&releases, &pipeline);
    // Neither the 47 of the ministry without the others, nor the year of A without February.
    assert_eq!(scopes_told(&open, 1), ["C", "ministry"]);
}

#[test]
fn revisions_tell_no_other_of_two_hidden_cells_than_the_release() {
    let pipeline = pipeline();
    let releases = ["unit B: 40 40", "unit B: 20 40"]
        .map(|unit| rows("received", &format!("unit A: 2 20\n{unit}\nunit C: 30 30"), &pipeline));
    let last = releases.last().unwrap().clone();
    let hidden: BTreeSet<String> = super::open(&last, &pipeline)
        .iter()
        .filter(|row| row.facts.status == Status::Suppressed)
        .map(|row| row.key.scope.name().to_owned())
        .collect();
    assert_eq!(hidden, BTreeSet::from(["A".to_owned(), "B".to_owned()]));
    // C was hidden beside A when it was the smallest other: with B, the rest would tell A.
    assert_eq!(scopes_told(&open(&releases, &pipeline), 1), ["ministry"]);
}

#[test]
fn what_an_indicator_that_is_no_more_was_made_of_is_not_told() {
    let pipeline = pipeline();
    let mut rows = rows("received", "unit A: 20 20\nunit B: 30 30", &pipeline);
    for row in &mut rows {
        row.key.indicator = "an_index_of_old".into();
        (row.facts.numerator, row.facts.denominator) = (None, None);
        row.facts.components = Some("{\"on_time_rate\":{\"numerator\":2}}".to_owned());
    }
    let told = open(&[rows.clone()], &pipeline);
    let batch = told.batch();
    assert_eq!(batch["components"].null_count(), batch.num_rows());
    assert!(super::open(&rows, &pipeline).iter().all(|row| row.facts.components.is_none()));
}
