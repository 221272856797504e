//! The same logs by every way come to the same dossiers, in a store of every kind.

use serde_json::json;
use wiremock::{Request, ResponseTemplate};

use super::super::servers::azure::Azurite;
use super::super::servers::http::{Http, parameter};
use super::super::servers::postgres::Postgres;
use super::super::servers::s3::S3;
use super::super::servers::sftp::Sftp;
use super::super::world::{World, log};
use super::{changed, n_landed, records, rows, world_of};

const N_ROWS: usize = 47;
const FOLDER: &str = "name = '^(?<period>2020-Q1)\\.csv$'\nslot = \"none\"\nsettle_seconds = 0\n";

/// What a source's clock says is its own.
fn dossiers(world: &World) -> String {
    world.run(0);
    let text = world.dossiers_without(&["observed_at", "period_end"]);
    assert_eq!(text.lines().count(), N_ROWS);
    // A quiet day is a success that says so; nothing lands.
    let n_before = n_landed(world);
    let quiet = world.run(0);
    assert!(quiet.stderr.contains("no_new_data: release 1 stands"), "{quiet}");
    assert_eq!(n_landed(world), n_before);
    text
}

fn by_folder() -> World {
    let world = world_of(&format!("location = \"../in/u1\"\n{FOLDER}"));
    world.log("u1/2020-Q1.csv", &rows(0, N_ROWS));
    world
}

#[test]
fn object_storage_and_sftp_come_to_the_same_as_a_folder() {
    let expected = dossiers(&by_folder());
    let bytes = log(&rows(0, N_ROWS));

    let s3 = S3::start();
    std::fs::write(s3.bucket("unit").join("2020-Q1.csv"), &bytes).unwrap();
    let world = world_of(&format!(
        "location = \"s3://unit\"\n{FOLDER}[options]\naws_endpoint = \"{}\"\naws_allow_http = \"true\"\n\
         aws_region = \"us-east-1\"\naws_access_key_id = {{ env = \"U1_KEY\" }}\n\
         aws_secret_access_key = {{ env = \"U1_SECRET\" }}\n",
        s3.endpoint()
    ));
    let secrets = [("U1_KEY", s3.access_key()), ("U1_SECRET", s3.secret_key())];
    let world = world.env(secrets.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!(dossiers(&world), expected);

    let azure = Azurite::start();
    azure.container("unit").put("unit", "logs/2020-Q1.csv", bytes.clone());
    let world = world_of(&format!("location = \"az://unit/logs\"\n{FOLDER}")).env(azure.env());
    assert_eq!(dossiers(&world), expected);

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("2020-Q1.csv"), &bytes).unwrap();
    let sftp = Sftp::start(folder.path());
    let world = world_of(&format!(
        "location = \"{}\"\n{FOLDER}[sftp]\nknown_hosts = \"{}\"\npassword = {{ env = \"U1_PASSWORD\" }}\n",
        sftp.url(folder.path().to_str().unwrap()),
        sftp.known_hosts_file().display()
    ));
    let world = world.env([("U1_PASSWORD".to_owned(), sftp.password().to_owned())]);
    assert_eq!(dossiers(&world), expected);
}

/// Answers with a page of the list, in every style.
fn page(request: &Request) -> ResponseTemplate {
    const SIZE: usize = 10;
    let mut all = records(0, N_ROWS);
    let since = parameter(request, "since").unwrap_or_default();
    all.retain(|record| changed(record) >= since.replace('T', " "));
    let n_rows = all.len();
    let number = |name| parameter(request, name).and_then(|text| text.parse::<usize>().ok());
    let from = number("page").map(|page| (page - 1) * SIZE).or(number("offset"));
    let from = from.or(number("after")).unwrap_or(0).min(n_rows);
    let to = (from + SIZE).min(n_rows);
    let next = (to < n_rows).then_some(to);
    let body = json!({ "data": all[from..to], "paging": { "total": n_rows, "next": next } });
    let answer = ResponseTemplate::new(200).set_body_json(body);
    match next {
        Some(next) => {
            let link =
                format!("</list?after=0>; rel=\"first\", </list?after={next}>; rel=\"next\"");
            answer.insert_header("link", link)
        }
        None => answer,
    }
}

#[test]
fn every_style_of_pages_comes_to_the_same_as_a_folder() {
    let expected = dossiers(&by_folder());
    let server = Http::start(page);
    for pages in [
        "pages = \"number\"\nparameter = \"page\"",
        "pages = \"number\"\nparameter = \"page\"\nstill = true\ntotal = \"paging.total\"",
        "pages = \"offset\"\nparameter = \"offset\"",
        "pages = \"cursor\"\nparameter = \"after\"\nnext = \"paging.next\"\ntotal = \"paging.total\"",
        "pages = \"link\"",
        "pages = \"cursor\"\nparameter = \"after\"\nnext = \"paging.next\"\n[http.since]\n\
         parameter = \"since\"\nfield = \"Cập nhật\"",
    ] {
        let url = server.url("/list");
        let world = world_of(&format!("location = \"{url}\"\nslot = \"none\"\n[http]\n{pages}\n"));
        world.edit("profiles/list.toml", "shape =", "records = \"data\"\nshape =");
        assert_eq!(dossiers(&world), expected, "{pages}");
    }
    let file = Http::start(|_| ResponseTemplate::new(200).set_body_bytes(log(&rows(0, N_ROWS))));
    let world = world_of(&format!("location = \"{}\"\nslot = \"name\"\n", file.url("/2020.csv")));
    assert_eq!(dossiers(&world), expected);
}

#[test]
fn a_database_comes_to_the_same_as_a_folder() {
    let expected = dossiers(&by_folder());
    let server = Postgres::start();
    let client = server.client();
    client.execute(&create_table("logs"));
    client.execute(&insert("logs", 0, N_ROWS));
    for rows in [
        "table = \"public.logs\"",
        "query = \"SELECT * FROM logs\"",
        "query = \"SELECT * FROM logs\"\ncursor = \"changed_at\"\nmargin_seconds = 0",
    ] {
        let world = world_of(&feed(&server, rows)).env(password(&server));
        assert_eq!(dossiers(&world), expected, "{rows}");
    }
}

/// Makes a table with the log's headings and the point in time of the last change.
pub(super) fn create_table(name: &str) -> String {
    let headings = super::HEADINGS.split(',');
    let columns = headings.filter(|h| *h != "STT").map(|heading| format!("\"{heading}\" text"));
    let columns: Vec<String> = columns.collect();
    format!(
        "CREATE TABLE {name} (changed_at timestamptz NOT NULL DEFAULT now(), {}, \
         PRIMARY KEY (\"Mã hồ sơ\"))",
        columns.join(", ")
    )
}

/// Inserts rows of the log.
pub(super) fn insert(name: &str, from: usize, to: usize) -> String {
    let mut sql = String::new();
    for record in records(from, to) {
        let record = record.as_object().unwrap();
        let columns: Vec<String> = record.keys().map(|key| format!("\"{key}\"")).collect();
        let values = record.values().map(|value| match value.as_str().unwrap() {
            "" => "NULL".to_owned(),
            text => format!("'{text}'"),
        });
        let values: Vec<String> = values.collect();
        let (columns, values) = (columns.join(", "), values.join(", "));
        sql += &format!("INSERT INTO {name} ({columns}) VALUES ({values});\n");
    }
    sql
}

/// Reads a server's table or query.
pub(super) fn feed(server: &Postgres, rows: &str) -> String {
    format!(
        "location = \"{}\"\nslot = \"none\"\n[postgres]\npassword = {{ env = \"U1_PASSWORD\" }}\n\
         ca = \"{}\"\n{rows}\n",
        server.url(server.user()),
        server.ca_file().display()
    )
}

pub(super) fn password(server: &Postgres) -> [(String, String); 1] {
    [("U1_PASSWORD".to_owned(), server.password().to_owned())]
}

#[test]
fn a_store_on_object_storage_comes_to_the_same_as_a_folder() {
    let expected = dossiers(&by_folder());
    let s3 = S3::start();
    s3.bucket("warehouse");
    let world = by_folder().at("s3://warehouse/of/unit").env(s3.env());
    assert_eq!(dossiers(&world), expected);

    let azure = Azurite::start();
    azure.container("warehouse");
    let world = by_folder().at("az://warehouse/of/unit").env(azure.env());
    assert_eq!(dossiers(&world), expected);
}
