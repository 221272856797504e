//! Lists over HTTP: moving, interrupted, behind a login, read on from day to day.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::super::servers::http::{Http, parameter};
use super::super::world::World;
use super::{counts, records, world_of};

pub(super) fn world(server: &Http, http: &str) -> World {
    let url = server.url("/list");
    let world = world_of(&format!("location = \"{url}\"\nslot = \"none\"\n[http]\n{http}\n"));
    world.edit("profiles/list.toml", "shape =", "records = \"data\"\nshape =");
    world
}

fn number(request: &Request, name: &str) -> Option<usize> {
    parameter(request, name)?.parse().ok()
}

pub(super) fn page(list: &[Value], from: usize, size: usize) -> ResponseTemplate {
    let (from, to) = (from.min(list.len()), (from + size).min(list.len()));
    let next = (to < list.len()).then(|| to.to_string());
    ResponseTemplate::new(200)
        .set_body_json(json!({ "data": list[from..to], "next": next, "total": list.len() }))
}

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
                n @ (1 | 2 | 5 | 6 | 7 | 9) => drop(list.drain(..n % 3 + 1)),
                n @ (3 | 4 | 11) => drop(list.splice(0..0, records(100 + n, 102 + n))),
                _ => {}
            }
            answer
        });
        let world = world(&server, pages);
        let ran = world.run(0);
        let text = world.dossiers();
        for n in 12..60 {
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
    assert!(world.figures("month").contains("missing"), "{}", world.figures("month"));

    is_open.store(1, Ordering::SeqCst);
    let n_before = server.requests().len();
    world.run(0);
    let asked: Vec<String> =
        server.requests()[n_before..].iter().map(|r| parameter(r, "page").unwrap()).collect();
    assert_eq!(asked, ["40", "41", "42", "43", "44", "45", "46"]);
    assert_eq!(counts(&world), (450, 450));
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
fn a_token_that_expires_is_renewed() {
    let n_tokens = Arc::new(AtomicUsize::new(0));
    let tokens = Arc::clone(&n_tokens);
    let server = Http::start(move |request| {
        if request.url.path() == "/token" {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            // RFC 6749 2.3.1: the client is known by its Authorization.
            let is_known = request.headers["authorization"] == "Basic aG9zbzp0aGUtc2VjcmV0";
            assert!(is_known && body == "grant_type=client_credentials&scope=read", "{body}");
            let token = format!("token-{}", tokens.fetch_add(1, Ordering::SeqCst));
            return ResponseTemplate::new(200).set_body_json(json!({ "access_token": token }));
        }
        let number = number(request, "page").unwrap();
        let token = if number < 3 { "Bearer token-0" } else { "Bearer token-1" };
        if request.headers["authorization"] != token {
            return ResponseTemplate::new(401);
        }
        page(&records(0, 50), (number - 1) * 10, 10)
    });
    let http = format!(
        "pages = \"number\"\nparameter = \"page\"\nstill = true\n[http.oauth2]\ntoken_url = \"{}\"\n\
         client_id = \"hoso\"\nclient_secret = {{ env = \"S\" }}\nscope = \"read\"",
        server.url("/token")
    );
    let world = world(&server, &http).env([("S".to_owned(), "the-secret".to_owned())]);
    world.run(0);
    assert_eq!(counts(&world), (50, 50));
    assert_eq!(n_tokens.load(Ordering::SeqCst), 2);
}

#[test]
fn every_login_is_shown_to_the_server() {
    type IsShown = fn(&Request) -> bool;
    let ways: [(&str, IsShown); 4] = [
        ("bearer = { env = \"S\" }", |r| r.headers["authorization"] == "Bearer the-secret"),
        ("basic = { user = \"hoso\", password = { env = \"S\" } }", |r| {
            r.headers["authorization"] == "Basic aG9zbzp0aGUtc2VjcmV0"
        }),
        ("api_key = { header = \"X-Key\", key = { env = \"S\" } }", |r| {
            r.headers["x-key"] == "the-secret"
        }),
        ("api_key = { parameter = \"key\", key = { env = \"S\" } }", |r| {
            parameter(r, "key").as_deref() == Some("the-secret")
        }),
    ];
    for (login, is_shown) in ways {
        let server = Http::start(move |request| {
            if is_shown(request) && request.headers["x-client"] == "hoso" {
                page(&records(0, 5), 0, 10)
            } else {
                ResponseTemplate::new(403)
            }
        });
        let http = format!("pages = \"link\"\n{login}\n[http.headers]\nX-Client = \"hoso\"");
        let world = world(&server, &http).env([("S".to_owned(), "the-secret".to_owned())]);
        world.run(0);
        assert_eq!(counts(&world), (5, 5), "{login}");
    }
}

#[test]
fn a_server_that_is_busy_is_asked_again_when_it_says() {
    let n_answers = AtomicUsize::new(0);
    let server = Http::start(move |_| match n_answers.fetch_add(1, Ordering::SeqCst) {
        0 => ResponseTemplate::new(429).insert_header("retry-after", "1"),
        1 => ResponseTemplate::new(503),
        _ => page(&records(0, 5), 0, 10),
    });
    let world = world(&server, "pages = \"link\"");
    world.edit("pipeline.toml", "retry_budget_seconds = 1", "retry_budget_seconds = 5");
    let began = std::time::Instant::now();
    world.run(0);
    assert!(began.elapsed().as_secs() >= 1, "the server asked for a second");
    assert_eq!((counts(&world), server.requests().len()), ((5, 5), 3));
}

const SINCE: &str = "pages = \"cursor\"\nparameter = \"after\"\nnext = \"next\"\n[http.since]\n\
    parameter = \"since\"\nfield = \"Cập nhật\"\nform = \"%Y-%m-%d %H:%M\"\noverlap_hours = 48";

#[test]
fn only_what_changed_is_asked_for_and_taken() {
    let list = Arc::new(Mutex::new(records(0, 27)));
    let served = Arc::clone(&list);
    let server = Http::start(move |request| {
        let since = parameter(request, "since").unwrap();
        let changed = |record: &Value| {
            let text = record["Cập nhật"].as_str().unwrap();
            let (day, time) = text.split_once(' ').unwrap();
            let parts: Vec<&str> = day.split('/').collect();
            format!("{}-{}-{} {time}", parts[2], parts[1], parts[0])
        };
        let list = served.lock().unwrap();
        let asked: Vec<Value> = list.iter().filter(|r| changed(r) >= since).cloned().collect();
        page(&asked, number(request, "after").unwrap_or(0), 10)
    });
    let world = world(&server, SINCE);
    world.run(0);
    assert_eq!(counts(&world), (27, 27));
    let first = parameter(&server.requests()[0], "since");
    assert_eq!(first.as_deref(), Some("2020-01-01 00:00"), "the pipeline's `since`");

    // The records of the last two days come again, and nothing is new.
    let quiet = world.run(0);
    assert!(quiet.stderr.contains("no_new_data"), "{quiet}");
    let asked = parameter(server.requests().last().unwrap(), "since");
    assert_eq!(asked.as_deref(), Some("2020-03-26 00:26"));

    let mut late = records(26, 27);
    late[0]["Mã hồ sơ"] = json!("G99.01-200327-9999");
    list.lock().unwrap().extend(late);
    let ran = world.run(0);
    assert!(ran.stderr.contains("published release 2"), "{ran}");
    assert_eq!(counts(&world).0, 28);
    assert!(world.run(0).stderr.contains("no_new_data"));
}

#[test]
fn a_long_list_lands_in_parts() {
    let server = Http::start(|request| {
        let mut list = records(0, 54);
        // Pages of 6 MB: some parts of 16 MiB.
        list.iter_mut().for_each(|record| record["Người nộp"] = json!("x".repeat(1 << 20)));
        page(&list, number(request, "after").unwrap_or(0), 6)
    });
    let world = world(&server, SINCE);
    let ran = world.run(0);
    assert!(ran.stderr.contains("3 deliveries: 54 records read = 54 accepted"), "{ran}");
    assert!(world.run(0).stderr.contains("no_new_data"));
}
