//! Lists over HTTP: moving, interrupted, behind a login, read on from day to day.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::super::servers::http::{Http, parameter};
use super::super::world::World;
use super::{changed, counts, is_missing, records, world_of};

pub(super) fn world(server: &Http, http: &str) -> World {
    let url = server.url("/list");
    let world = world_of(&format!("location = \"{url}\"\nslot = \"none\"\n[http]\n{http}\n"));
    world.edit("profiles/list.toml", "shape =", "records = \"data\"\nshape =");
    world
}

pub(super) fn number(request: &Request, name: &str) -> Option<usize> {
    parameter(request, name)?.parse().ok()
}

pub(super) fn page(list: &[Value], from: usize, size: usize) -> ResponseTemplate {
    let (from, to) = (from.min(list.len()), (from + size).min(list.len()));
    let next = (to < list.len()).then(|| to.to_string());
    ResponseTemplate::new(200)
        .set_body_json(json!({ "data": list[from..to], "next": next, "total": list.len() }))
}

#[test]
fn an_empty_list_is_a_report_of_nothing() {
    let server = Http::start(|_| page(&[], 0, 10));
    let world = world(&server, "pages = \"cursor\"\nparameter = \"after\"\nnext = \"next\"");
    let ran = world.run(0);
    assert!(ran.stderr.contains("1 deliveries: 0 records read"), "{ran}");
    assert!(!is_missing(&world));
}

#[test]
fn links_are_read_as_they_are_written() {
    for relation in ["rel=\"next\"; title=\"to come, next\"", "rel=Next", "rel=\"last next\""] {
        let server = Http::start(move |request| {
            let at = number(request, "after").unwrap_or(0);
            let link = format!("</list;a=1,2?after=10>; {relation}");
            match at {
                0 => page(&records(0, 20), 0, 10).insert_header("link", link.as_bytes()),
                _ => page(&records(0, 20), 10, 10),
            }
        });
        let world = world(&server, "pages = \"link\"");
        world.run(0);
        assert_eq!(counts(&world), (20, 20), "{relation}");
    }
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

#[test]
fn another_list_is_read_from_its_beginning_and_equal_records_add_up() {
    let server = Http::start(|request| {
        let mut list = records(0, 8);
        list.push(list[7].clone());
        let list = if request.url.path() == "/list" { records(0, 20) } else { list };
        page(&list, number(request, "after").unwrap_or(0), 10)
    });
    let world =
        world(&server, &SINCE.replace("next = \"next\"", "next = \"next\"\ntotal = \"total\""));
    world.run(0);
    assert_eq!(counts(&world), (20, 20));
    world.edit("feeds/u1.toml", "/list", "/other");
    world.run(0);
    assert_eq!(counts(&world), (20, 28));
    let since: Vec<_> = server.requests().iter().map(|r| parameter(r, "since").unwrap()).collect();
    assert_eq!(since, vec!["2020-01-01 00:00"; 3]);
}

#[test]
fn a_change_in_a_year_to_come_does_not_hide_what_follows() {
    let server = Http::start(|request| {
        let mut list = records(0, 5);
        list[2]["Cập nhật"] = json!("01/01/2099 00:00");
        page(&list, number(request, "after").unwrap_or(0), 10)
    });
    let world = world(&server, SINCE);
    world.run(0);
    world.run(0);
    let since = parameter(server.requests().last().unwrap(), "since").unwrap();
    assert!(*since < *"2090", "{since}");
}

#[test]
fn a_key_in_a_header_goes_to_no_other_server() {
    let other = Http::start(|_| page(&records(0, 5), 0, 10));
    let place = other.url("/list");
    let server =
        Http::start(move |_| ResponseTemplate::new(302).insert_header("location", place.as_str()));
    let http = "pages = \"link\"\napi_key = { header = \"X-Key\", key = { env = \"S\" } }";
    let world = world(&server, http).env([("S".to_owned(), "the-secret".to_owned())]);
    assert!(world.run(4).stderr.contains("or to another server"));
    assert_eq!(other.requests().len(), 0);
}

const SINCE: &str = "pages = \"cursor\"\nparameter = \"after\"\nnext = \"next\"\n[http.since]\n\
    parameter = \"since\"\nfield = \"Cập nhật\"\nform = \"%Y-%m-%d %H:%M\"\noverlap_hours = 48";

#[test]
fn only_what_changed_is_asked_for_and_taken() {
    let list = Arc::new(Mutex::new(records(0, 27)));
    let served = Arc::clone(&list);
    let server = Http::start(move |request| {
        let since = parameter(request, "since").unwrap();
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
