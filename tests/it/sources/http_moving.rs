//! Lists that move while they are read, that are cut short, and that are not as they were left.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use wiremock::ResponseTemplate;

use super::super::servers::http::{Http, parameter};
use super::http::{number, page, world};
use super::{counts, is_missing, records};

#[test]
fn a_list_that_moves_while_it_is_read_loses_no_record() {
    for pages in [
        "pages = \"number\"\nparameter = \"page\"",
        "pages = \"offset\"\nparameter = \"offset\"\noverlap = 3",
    ] {
        // After each answer a record before the place that was read goes, or others come.
        let list = Arc::new(Mutex::new(records(0, 60)));
        let n_answers = AtomicUsize::new(0);
        let server = Http::start(move |request| {
            let mut list = list.lock().unwrap();
            let from = number(request, "page").map(|page| (page - 1) * 10);
            let answer = page(&list, from.or(number(request, "offset")).unwrap(), 10);
            match n_answers.fetch_add(1, Ordering::SeqCst) {
                2 => drop(list.drain(..5)),
                n @ (1 | 5 | 6 | 7 | 9) => drop(list.drain(..n % 3 + 1)),
                n @ (3 | 4 | 11) => drop(list.splice(0..0, records(100 + n, 102 + n))),
                _ => {}
            }
            answer
        });
        let world = world(&server, pages);
        let ran = world.run(0);
        let text = world.dossiers();
        for n in 16..60 {
            assert!(text.contains(&format!("-{n:04}\"")), "{n} is lost by {pages}: {ran}");
        }
        let (n_dossiers, n_observations) = counts(&world);
        assert_eq!(n_dossiers, n_observations, "{pages}");
    }
}

#[test]
fn reading_goes_on_where_it_was_cut_short() {
    let is_open = Arc::new(AtomicUsize::new(0));
    let open = Arc::clone(&is_open);
    let server = Http::start(move |request| match number(request, "page").unwrap() {
        40.. if open.load(Ordering::SeqCst) == 0 => ResponseTemplate::new(401),
        number => page(&records(0, 450), (number - 1) * 10, 10),
    });
    let pages = "pages = \"number\"\nparameter = \"page\"\nstill = true\nbearer = { env = \"T\" }";
    let world = world(&server, pages).env([("T".to_owned(), "token-of-the-test".to_owned())]);
    let ran = world.run(6);
    let url = server.url("/list");
    assert!(
        ran.stderr.contains(&format!(
            "not reached: G99.01 dossier: failed to read page 40 of `{url}`: the server answered \
             401 Unauthorized; the credentials are wrong, have expired or do not suffice: renew them"
        )),
        "{ran}"
    );
    assert_eq!(counts(&world), (390, 390));
    // What was cut short reports on no period.
    assert!(is_missing(&world));

    is_open.store(1, Ordering::SeqCst);
    let n_before = server.requests().len();
    world.run(0);
    let asked: Vec<String> =
        server.requests()[n_before..].iter().map(|r| parameter(r, "page").unwrap()).collect();
    // The page before is looked at once more: another day has begun.
    assert_eq!(asked, ["40", "39", "41", "42", "43", "44", "45", "46"]);
    assert_eq!(counts(&world), (450, 450));
    assert!(!is_missing(&world));
}

#[test]
fn a_list_that_is_not_as_it_was_left_is_read_from_its_beginning() {
    let n_gone = Arc::new(AtomicUsize::new(0));
    let gone = Arc::clone(&n_gone);
    let server = Http::start(move |request| {
        let gone = gone.load(Ordering::SeqCst);
        match number(request, "page").unwrap() {
            4.. if gone == 0 => ResponseTemplate::new(401),
            number => page(&records(gone, 60), (number - 1) * 10, 10),
        }
    });
    for still in ["true", "false"] {
        n_gone.store(0, Ordering::SeqCst);
        let pages = "pages = \"number\"\nparameter = \"page\"\ntotal = \"total\"\nstill = ";
        let world = world(&server, &format!("{pages}{still}"));
        world.run(6);
        n_gone.store(7, Ordering::SeqCst);
        let ran = world.run(0);
        let text = world.dossiers();
        for n in 7..60 {
            assert!(text.contains(&format!("-{n:04}\"")), "{n} is lost: {ran}");
        }
    }
}

#[test]
fn the_total_of_a_list_that_moves_ends_it_at_its_end() {
    let list = Arc::new(Mutex::new(records(0, 60)));
    let server = Http::start(move |request| {
        let mut list = list.lock().unwrap();
        let at = number(request, "offset").unwrap();
        let answer = page(&list, at, 10);
        if (35..40).contains(&at) && list.len() == 60 {
            drop(list.drain(..3));
        }
        answer
    });
    let pages = "pages = \"offset\"\nparameter = \"offset\"\ntotal = \"total\"";
    let world = world(&server, pages);
    world.run(0);
    assert_eq!(counts(&world), (60, 60));
}

#[test]
fn a_reading_of_which_a_part_was_refused_reports_on_no_period() {
    let is_open = Arc::new(AtomicUsize::new(0));
    let open = Arc::clone(&is_open);
    let server = Http::start(move |request| {
        let mut list = records(0, 40);
        // The first half says nothing of any status.
        list[..20].iter_mut().for_each(|r| drop(r.as_object_mut().unwrap().remove("Trạng thái")));
        match number(request, "after").unwrap_or(0) {
            20.. if open.load(Ordering::SeqCst) == 0 => ResponseTemplate::new(401),
            at => page(&list, at, 10),
        }
    });
    let world = world(&server, "pages = \"cursor\"\nparameter = \"after\"\nnext = \"next\"");
    world.run(5);
    is_open.store(1, Ordering::SeqCst);
    // The release is the first to know of the part that was refused.
    world.run(6);
    assert_eq!(counts(&world), (20, 20));
    assert!(is_missing(&world));
}

#[test]
fn a_place_that_the_server_forgot_is_found_from_the_beginning() {
    let n_runs = Arc::new(AtomicUsize::new(0));
    let runs = Arc::clone(&n_runs);
    let server = Http::start(move |request| {
        let is_second = runs.load(Ordering::SeqCst) == 1;
        match parameter(request, "after").as_deref() {
            None => page(&records(0, 30), 0, 10),
            Some("10") if is_second => page(&records(0, 30), 10, 10),
            // The token of the first run is of no use in the second.
            Some("20") if is_second => {
                runs.store(2, Ordering::SeqCst);
                ResponseTemplate::new(410)
            }
            Some("10" | "20") => page(&records(0, 30), 10, 10),
            Some(_) => ResponseTemplate::new(500),
        }
    });
    let pages = "pages = \"cursor\"\nparameter = \"after\"\nnext = \"next\"";
    let world = world(&server, pages);
    server.answer(|request| match parameter(request, "after").as_deref() {
        None => page(&records(0, 30), 0, 10),
        Some("10") => page(&records(0, 30), 10, 10),
        Some(_) => ResponseTemplate::new(500),
    });
    world.run(6);
    assert_eq!(counts(&world), (20, 20));
    server.answer(|request| match parameter(request, "after").as_deref() {
        None => page(&records(0, 30), 0, 15),
        Some("15") => page(&records(0, 30), 15, 15),
        Some(_) => ResponseTemplate::new(410),
    });
    world.run(0);
    assert_eq!(counts(&world).0, 30);
}

#[test]
fn a_list_that_stands_for_the_whole_is_replaced_whole_or_not_at_all() {
    let n_pages = Arc::new(AtomicUsize::new(3));
    let open = Arc::clone(&n_pages);
    let server = Http::start(move |request| match number(request, "page").unwrap() {
        number if number > open.load(Ordering::SeqCst) => ResponseTemplate::new(500),
        number => page(&records(open.load(Ordering::SeqCst), 25), (number - 1) * 10, 10),
    });
    let http = "pages = \"number\"\nparameter = \"page\"\nstill = true\ntotal = \"total\"";
    let world = world(&server, http);
    world.edit("feeds/u1.toml", "slot = \"none\"", "slot = \"name\"");
    world.run(0);
    assert_eq!(counts(&world), (22, 22));
    n_pages.store(1, Ordering::SeqCst);
    world.run(4);
    assert_eq!(counts(&world), (22, 22), "a part does not stand for the whole");
    n_pages.store(5, Ordering::SeqCst);
    world.run(0);
    assert_eq!(counts(&world), (20, 20));
    assert!(!is_missing(&world));
}
