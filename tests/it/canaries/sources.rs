//! Sources that answer with canaries in place of a log.

use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use super::super::servers::http::Http;
use super::super::servers::postgres::Postgres;
use super::super::world::World;
use super::planted::planted;

/// What must be told of each source that cannot be read, for the test must know that it was asked.
pub(super) const TOLD: [&str; 7] = [
    "G99.03 dossier: failed to read page 1",
    "G99.04 dossier: failed to read page 1",
    "G99.05 dossier: failed to read page 1",
    "G99.06 dossier: failed to reach `s3://unit`",
    "G99.07 dossier: failed to read the query",
    "G99.09 dossier: failed to reach",
    "failed to copy the rows: SQLSTATE 22P02; try the query by hand",
];

/// Servers that run as long as this lives.
pub(super) struct Servers {
    http: Http,
    postgres: Postgres,
}

impl Servers {
    /// Starts the servers and adds to the pipeline the units that they belong to.
    pub(super) fn start(world: &World) -> Self {
        let (http, postgres) = (Http::start(answer), Postgres::start());
        postgres.client().execute(&planted(DATABASE));
        let units = std::fs::read_to_string(world.path("units.csv")).unwrap();
        let more: String =
            (3..10).map(|n| format!("G99.0{n},Cục {n},Department {n},,G99,,,\n")).collect();
        world.write("units.csv", units + &more);
        world.edit("pipeline.toml", "since =", "retry_budget_seconds = 1\nsince =");
        let list = std::fs::read_to_string(world.path("profiles/list.toml")).unwrap();
        let paged = list.replace("shape =", "records = \"data\"\nshape =");
        world.write("profiles/paged.toml", paged);
        let feed = |unit: usize, profile: &str, source: &str| {
            let head = format!(
                "unit = \"G99.0{unit}\"\nfeed = \"dossier\"\nprofile = \"{profile}\"\n\
                 expected = \"month\"\nslot = \"none\"\n"
            );
            world.write(&format!("feeds/g{unit}.toml"), head + source);
        };
        for (unit, path) in [(3, "/refused"), (4, "/broken"), (5, "/moved")] {
            let url = http.url(path);
            feed(unit, "paged", &format!("location = \"{url}\"\n[http]\npages = \"link\"\n"));
        }
        let s3 = format!(
            "location = \"s3://unit\"\nname = 'x'\n[options]\naws_endpoint = \"{}\"\n\
             aws_allow_http = \"true\"\naws_region = \"us-east-1\"\naws_access_key_id = \"a\"\n\
             aws_secret_access_key = {{ env = \"SECRET\" }}\n",
            http.url("")
        );
        feed(6, "list", &s3);
        for (unit, sent_by) in
            [(7, "(\\\"Người nộp\\\"::int)::text"), (8, "told(\\\"Người nộp\\\")")]
        {
            let query = format!(
                "SELECT \\\"Mã hồ sơ\\\", \\\"Ngày tiếp nhận\\\", \\\"Trạng thái\\\", {sent_by} AS \
                 \\\"Hình thức nộp\\\" FROM log WHERE unit = {unit}"
            );
            let source = format!(
                "location = \"{}\"\n[postgres]\npassword = {{ env = \"PASSWORD\" }}\n\
                 ca = \"{}\"\nquery = \"{query}\"\n",
                postgres.url(postgres.user()),
                postgres.ca_file().display()
            );
            feed(unit, "list", &source);
        }
        feed(9, "list", "location = \"../in/odd\"\nname = 'x'\nsettle_seconds = 0\n");
        Self { http, postgres }
    }

    /// Returns the secrets by which hoso logs in.
    pub(super) fn env(&self) -> [(String, String); 2] {
        let password = self.postgres.password().to_owned();
        [("PASSWORD".to_owned(), password), ("SECRET".to_owned(), "b".to_owned())]
    }

    /// Whether the server was asked for each of its answers.
    pub(super) fn were_asked(&self) -> bool {
        let asked = self.http.requests();
        let is_asked = |path: &str| asked.iter().any(|request| request.url.path() == path);
        ["/refused", "/broken", "/moved", "/gone", "/unit"].into_iter().all(is_asked)
    }
}

fn answer(request: &Request) -> ResponseTemplate {
    let body =
        |status: u16, text: &str| ResponseTemplate::new(status).set_body_string(planted(text));
    match request.url.path() {
        "/refused" => body(403, "{\"error\": \"hồ sơ của {c55} không được xem\"}"),
        "/broken" => body(200, "{\"data\": [{\"Mã hồ sơ\": \"A-1\", \"Tài khoản\": {c56}x"),
        "/moved" => {
            let to = planted("{c57}");
            let to = url::form_urlencoded::byte_serialize(to.as_bytes()).collect::<String>();
            let to = format!("/gone?email={to}");
            ResponseTemplate::new(302).insert_header("location", to)
        }
        "/gone" => ResponseTemplate::new(404).set_body_json(json!({ "of": planted("{c57}") })),
        _ => {
            let error = "<Error><Code>AccessDenied</Code><Message>{c58}</Message></Error>";
            ResponseTemplate::new(403).set_body_raw(planted(error), "application/xml")
        }
    }
}

const DATABASE: &str = "\
    CREATE TABLE log (unit int, \"Mã hồ sơ\" text, \"Người nộp\" text, \"Ngày tiếp nhận\" text, \
    \"Trạng thái\" text); \
    INSERT INTO log VALUES (7, 'G99.07-200110-0001', '{c59}', '10/01/2020', 'Đang xử lý'), \
    (8, 'G99.08-200110-0001', '{c60}', '10/01/2020', 'Đang xử lý'); \
    CREATE FUNCTION told(who text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN \
    RAISE WARNING 'người nộp %', who; RETURN 'Trực tiếp'; END $$;";
