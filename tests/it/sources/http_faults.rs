//! Whatever a server does wrong is told with the unit, the feed, what was tried and what to do.

use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use super::super::servers::http::{Broken, Http, parameter};
use super::http::{page, world};
use super::{and_a_folder, counts, records, world_of};

const NUMBER: &str = "pages = \"number\"\nparameter = \"page\"\nstill = true\ntotal = \"total\"";
const OFFSET: &str = "pages = \"offset\"\nparameter = \"offset\"";
const CURSOR: &str = "pages = \"cursor\"\nparameter = \"after\"\nnext = \"next\"";

/// Runs on a list and returns what is told of it, with the exit code.
fn fault(
    http: &str,
    answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static,
) -> String {
    let server = Http::start(answer);
    let world = world(&server, http);
    told(&world, &server.url(""))
}

fn told(world: &super::super::world::World, url: &str) -> String {
    let ran = world.hoso(&["run"]);
    let line = ran.stderr.lines().find(|line| line.contains("G99.01 dossier: "));
    let line = line.unwrap_or_else(|| panic!("{ran}")).split("G99.01 dossier: ").nth(1).unwrap();
    format!("{}: {}", ran.code, line.replace(url, "http://host"))
}

fn body(text: &str) -> impl Fn(&Request) -> ResponseTemplate + use<> {
    let text = text.to_owned();
    move |_| ResponseTemplate::new(200).set_body_string(text.clone())
}

fn status(status: u16) -> impl Fn(&Request) -> ResponseTemplate {
    move |_| ResponseTemplate::new(status)
}

#[test]
fn answers_that_are_no_page() {
    let login = "<!DOCTYPE html><title>Đăng nhập</title>";
    assert_eq!(
        fault(CURSOR, body(login)),
        "4: failed to read page 1 of `http://host/list`: the server answered with a web page, \
         perhaps a login page; look whether the login is taken and the address is that of the list"
    );
    assert_eq!(
        fault(CURSOR, move |request| match request.url.path() {
            "/list" => ResponseTemplate::new(302).insert_header("location", "/login"),
            _ => ResponseTemplate::new(200).set_body_string(login),
        }),
        "4: failed to read page 1 of `http://host/list`: the server answered with a web page, \
         perhaps a login page; look whether the login is taken and the address is that of the list"
    );
    assert_eq!(
        fault(CURSOR, |_| ResponseTemplate::new(302).insert_header("location", "/list")),
        "4: failed to read page 1 of `http://host/list`: the server redirects without end, or to \
         another server; look whether the address is right and the login is taken"
    );
    assert_eq!(
        fault(CURSOR, body("")),
        "4: failed to read page 1 of `http://host/list`: the server answered with nothing"
    );
    assert_eq!(
        fault(CURSOR, body("{\"data\": [{\"Mã hồ sơ\": \"Nguyễn")),
        "4: failed to read page 1 of `http://host/list`: the answer is cut off or no JSON (line 1, \
         column 36)"
    );
    assert_eq!(
        fault(CURSOR, body("{\"error\": \"Nguyễn Văn A\"}")),
        "4: failed to read page 1 of `http://host/list`: the answer has no list at `data`; say in \
         the profile's `records` where the records lie"
    );
    assert_eq!(
        fault(NUMBER, body("{\"data\": []}")),
        "4: failed to read page 1 of `http://host/list`: the answer declares no total at `total`; \
         say in `total` where it stands, or take `total` out"
    );
}

#[test]
fn refusals() {
    let advice = "the credentials are wrong, have expired or do not suffice: renew them";
    for (code, reason) in [(401, "Unauthorized"), (403, "Forbidden")] {
        assert_eq!(
            fault(CURSOR, status(code)),
            format!(
                "4: failed to read page 1 of `http://host/list`: the server answered {code} {reason}; {advice}"
            )
        );
    }
    assert_eq!(
        fault(CURSOR, status(404)),
        "4: failed to read page 1 of `http://host/list`: the server answered 404 Not Found; look \
         whether the address is right"
    );
    assert_eq!(
        fault(CURSOR, status(400)),
        "4: failed to read page 1 of `http://host/list`: the server answered 400 Bad Request; look \
         whether address and parameters are right"
    );
    assert_eq!(
        fault(CURSOR, status(500)),
        "4: failed to read page 1 of `http://host/list`: the server answered 500 Internal Server \
         Error; ask the server's keeper"
    );
    assert_eq!(
        fault(CURSOR, |_| ResponseTemplate::new(429).insert_header("retry-after", "3600")),
        "4: failed to read page 1 of `http://host/list`: the server answered 429 Too Many Requests \
         and asks to wait 3600 s; run again later"
    );
}

#[test]
fn lists_that_would_lose_records_or_never_end() {
    // A server that does not know the parameter answers with the first page for ever.
    let first = |_: &Request| page(&records(0, 30), 0, 10);
    assert_eq!(
        fault(NUMBER, first),
        "6: after 1 pages of `http://host/list`: page 2 holds the same as a page before; look \
         whether the parameters are those that the server knows"
    );
    assert_eq!(
        fault(OFFSET, first),
        "6: after 2 pages of `http://host/list`: page 3 holds the same as a page before; look \
         whether the parameters are those that the server knows"
    );
    assert_eq!(
        fault(CURSOR, |request| {
            let at = parameter(request, "after").unwrap_or_default();
            let (from, next) = match &*at {
                "" => (0, "a"),
                "a" => (10, "b"),
                _ => (20, "a"),
            };
            let data = &records(0, 30)[from..from + 10];
            ResponseTemplate::new(200).set_body_json(json!({ "data": data, "next": next }))
        }),
        "6: after 3 pages of `http://host/list`: the list leads back to a page already read; ask \
         the server's keeper: no end would come"
    );
    assert_eq!(
        fault(CURSOR, |request| {
            let n: u64 = parameter(request, "after").map_or(0, |text| text.parse().unwrap());
            ResponseTemplate::new(200).set_body_json(json!({ "data": [], "next": n + 1 }))
        }),
        "6: after 100 pages of `http://host/list`: 100 pages in a row held nothing new; ask the \
         server's keeper: no end would come"
    );
    assert_eq!(
        fault(CURSOR, |_| {
            let next = json!({ "href": "/list?after=10" });
            ResponseTemplate::new(200).set_body_json(json!({ "data": records(0, 5), "next": next }))
        }),
        "4: failed to read page 1 of `http://host/list`: what stands at `next` leads to no page; say \
         in `next` where its text stands"
    );
    assert_eq!(
        fault(NUMBER, |request| {
            let number: usize = parameter(request, "page").unwrap().parse().unwrap();
            let data = if number == 1 { records(0, 7) } else { Vec::new() };
            ResponseTemplate::new(200).set_body_json(json!({ "data": data, "total": 9 }))
        }),
        "6: after 2 pages of `http://host/list`: the list declares 9 records, 7 came; the next run \
         reads it from its beginning"
    );
    assert_eq!(
        fault("pages = \"link\"\nnext = \"next\"", |_| {
            let next = "http://elsewhere.invalid/list?after=10";
            let data = records(0, 7);
            ResponseTemplate::new(200).set_body_json(json!({ "data": data, "next": next }))
        }),
        "4: the next page of `http://host/list` lies on `elsewhere.invalid`; no login is sent to \
         another server"
    );
}

#[test]
fn what_cannot_be_read_is_not_the_end() {
    // A link that cannot be read is not the end.
    assert_eq!(
        fault("pages = \"link\"", |_| {
            let link = "</list?after=10>; rel=\"next\"; title=\"Trang kế tiếp\"";
            page(&records(0, 20), 0, 10).insert_header("link", link.as_bytes())
        }),
        "4: failed to read page 1 of `http://host/list`: the header `Link` cannot be read: Syntax \
         error: Bad non-ASCII charactor detected; ask the server's keeper"
    );
    let since = "pages = \"link\"\n[http.since]\nparameter = \"since\"\nfield = \"Sửa\"";
    assert_eq!(
        fault(since, |_| page(&records(0, 30), 0, 10)),
        "4: failed to read page 1 of `http://host/list`: a record has no point in time at `Sửa`; \
         `since` needs a field that every record has, in one of the profile's `dates`"
    );
}

#[test]
fn answers_that_break_off_are_asked_for_again() {
    let whole = json!({ "data": records(0, 3) }).to_string();
    let answer = |length: usize, body: &str| {
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
            .into_bytes()
    };
    // Truncated, then of a wrong length, then nothing at all, then whole.
    let server = Broken::start({
        let whole = whole.clone();
        move |n| match n {
            0 => answer(whole.len(), &whole[..200]),
            1 => answer(200, &whole),
            2 => Vec::new(),
            _ => answer(whole.len(), &whole),
        }
    });
    let list = |server: &Broken| {
        let url = server.url("/list");
        let world =
            world_of(&format!("location = \"{url}\"\nslot = \"none\"\n[http]\npages = \"link\"\n"));
        world.edit("profiles/list.toml", "shape =", "records = \"data\"\nshape =");
        world
    };
    let world = list(&server);
    world.edit("pipeline.toml", "retry_budget_seconds = 1", "retry_budget_seconds = 20");
    world.run(0);
    assert_eq!((counts(&world), server.n_requests()), ((3, 3), 4));

    let truncated = Broken::start({
        let whole = whole.clone();
        move |_| answer(whole.len(), &whole[..200])
    });
    assert_eq!(
        told(&list(&truncated), &truncated.url("")),
        "4: failed to read page 1 of `http://host/list`: the answer broke off: error decoding \
         response body: request or response body error: error reading a body from connection: end \
         of file before message length reached"
    );
    let nothing = Broken::start(|_| Vec::new());
    assert_eq!(
        told(&list(&nothing), &nothing.url("")),
        "4: failed to read page 1 of `http://host/list`: no answer: error sending request: client \
         error (SendRequest): connection closed before message completed; look whether the server \
         is up"
    );
    // A file that breaks off is no shorter file.
    let world = world_of(&format!("location = \"{}\"\nslot = \"none\"\n", truncated.url("/a.csv")));
    assert_eq!(
        told(&world, &truncated.url("")),
        "4: failed to read the file of `http://host/a.csv`: the answer broke off: error decoding \
         response body: request or response body error: error reading a body from connection: end \
         of file before message length reached"
    );
}

#[test]
fn the_other_units_go_on() {
    let server = Http::start(status(500));
    let world = world(&server, CURSOR);
    and_a_folder(&world);
    let ran = world.run(6);
    assert!(ran.stderr.contains("not reached: G99.01 dossier: failed to read page 1"), "{ran}");
    assert!(ran.stderr.contains("published release 1"), "{ran}");
    assert_eq!(counts(&world), (1, 1));
    // A source that is still away is told again, whether or not anything is new.
    assert!(world.run(6).stderr.contains("no_new_data"));

    let check = world.hoso(&["check", "--connect"]);
    assert_eq!(check.code, 6, "{check}");
    assert!(
        check
            .stdout
            .contains("G99.02 dossier: `./feeds/../in/u2`: 1 objects, 1 looked at, 1 fit `name`"),
        "{check}"
    );
    assert!(check.stderr.contains("not reached: G99.01 dossier: failed to read page 1"), "{check}");
    server.answer(|_| page(&records(0, 30), 0, 10));
    let check = world.hoso(&["check", "--connect"]);
    assert_eq!(check.code, 0, "{check}");
    assert!(check.stdout.contains("/list`: a first page of 10 records, more follow"), "{check}");
}
