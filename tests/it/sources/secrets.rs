//! No secret of any source is shown anywhere, nor kept.

use std::fs;

use serde_json::json;
use wiremock::ResponseTemplate;

use super::super::servers::http::{Http, parameter};
use super::super::servers::postgres::Postgres;
use super::super::servers::s3::S3;
use super::super::servers::sftp::Sftp;
use super::super::world::World;
use super::http::page;
use super::ways::{create_table, feed, insert};
use super::{records, world_of};

/// Secrets that no other text contains; one needs escapes in a URL.
const SECRETS: [&str; 3] = ["canary/secret+one", "canary&secret=two", "canary secret three"];

/// Runs loudly in every way that shows something, and looks for the secrets in all of it.
fn look(world: &World) {
    let shown = [
        world.hoso(&["-vvv", "run", "--report", "report.json"]),
        world.hoso(&["-vvv", "--log", "json", "run"]),
        world.hoso(&["-vvv", "check", "--connect"]),
        world.hoso(&["status", "--json"]),
    ];
    let mut texts: Vec<String> = shown.iter().map(ToString::to_string).collect();
    texts.push(fs::read_to_string(world.path("report.json")).unwrap());
    let mut folders = vec![world.path("warehouse")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                // What a server itself throws back stands in `raw/`, which is kept as received.
                let bytes = fs::read(&path).unwrap();
                texts.push(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
    }
    for text in texts {
        for secret in SECRETS {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            for written in [secret, &encoded] {
                let at = text.find(written);
                let shown = at
                    .map(|at| text[at.saturating_sub(300)..].chars().take(400).collect::<String>());
                assert_eq!(shown, None, "a secret is shown");
            }
        }
    }
}

fn env(secret: &str) -> [(String, String); 1] {
    [("SECRET".to_owned(), secret.to_owned())]
}

#[test]
fn of_http_sources() {
    let logins = [
        "bearer = { env = \"SECRET\" }",
        "basic = { user = \"hoso\", password = { env = \"SECRET\" } }",
        "api_key = { header = \"X-Key\", key = { env = \"SECRET\" } }",
        "api_key = { parameter = \"key\", key = { env = \"SECRET\" } }",
    ];
    for login in logins {
        for secret in SECRETS {
            // The server throws back what it was shown: in a link, in a refusal, in a redirect.
            let server = Http::start(move |request| {
                let key = parameter(request, "key").unwrap_or_default();
                match parameter(request, "after").as_deref() {
                    None => {
                        let next = format!("/list?after=1&key={}", percent(&key));
                        let body = json!({ "data": records(0, 10), "next": next, "key": key });
                        ResponseTemplate::new(200)
                            .set_body_json(body)
                            .insert_header("link", format!("<{next}>; rel=\"next\""))
                    }
                    Some("1") => page(&records(0, 20), 10, 10)
                        .insert_header("link", "</list?after=2>; rel=\"next\""),
                    _ => ResponseTemplate::new(302).insert_header(
                        "location",
                        format!("/list?after=2&key={}", percent(secret)),
                    ),
                }
            });
            let source = format!(
                "location = \"{}\"\nslot = \"none\"\n[http]\npages = \"link\"\n{login}\n",
                server.url("/list")
            );
            let world = world_of(&source).env(env(secret));
            world.edit("profiles/list.toml", "shape =", "records = \"data\"\nshape =");
            look(&world);
        }
    }
    let server = Http::start(|request| match request.url.path() {
        "/token" => ResponseTemplate::new(200)
            .set_body_string(format!("{{\"access_token\": \"{}\"}}", SECRETS[0])),
        _ => ResponseTemplate::new(401).set_body_string(SECRETS[0]),
    });
    let source = format!(
        "location = \"{}\"\nslot = \"none\"\n[http]\npages = \"link\"\n[http.oauth2]\n\
         token_url = \"{}\"\nclient_id = \"hoso\"\nclient_secret = {{ env = \"SECRET\" }}\n",
        server.url("/list"),
        server.url("/token")
    );
    look(&world_of(&source).env(env(SECRETS[1])));
}

fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[test]
fn of_the_other_sources() {
    let server = Postgres::start();
    let client = server.client();
    client.execute(&create_table("logs"));
    client.execute(&insert("logs", 0, 5));
    client.execute(&format!(
        "CREATE ROLE reader LOGIN PASSWORD '{}'; GRANT SELECT ON logs TO reader",
        SECRETS[0]
    ));
    let source = feed(&server, "table = \"logs\"").replace("//postgres@", "//reader@");
    let env_of = |secret: &str| [("U1_PASSWORD".to_owned(), secret.to_owned())];
    look(&world_of(&source).env(env_of(SECRETS[0])));
    look(&world_of(&source).env(env_of(SECRETS[1])));

    let folder = tempfile::tempdir().unwrap();
    let sftp = Sftp::start(folder.path());
    let source = format!(
        "location = \"{}\"\nname = 'x'\nslot = \"none\"\n[sftp]\nknown_hosts = \"{}\"\n\
         password = {{ env = \"SECRET\" }}\n",
        sftp.url(folder.path().to_str().unwrap()),
        sftp.known_hosts_file().display()
    );
    look(&world_of(&source).env(env(SECRETS[2])));

    let s3 = S3::start();
    s3.bucket("unit");
    let source = format!(
        "location = \"s3://unit\"\nname = 'x'\nslot = \"none\"\n[options]\naws_endpoint = \"{}\"\n\
         aws_allow_http = \"true\"\naws_region = \"us-east-1\"\naws_access_key_id = \"{}\"\n\
         aws_secret_access_key = {{ env = \"SECRET\" }}\n",
        s3.endpoint(),
        s3.access_key()
    );
    look(&world_of(&source).env(env(SECRETS[0])));
}

#[test]
fn a_secret_that_is_written_out_is_not_shown_by_check() {
    let written = [
        "location = \"postgres://me@host/db?password=canary-secret\"\nslot = \"none\"\n[postgres]\ntable = \"a\"\n",
        "location = \"https://host/list?key=canary-secret\"\nslot = \"none\"\n",
        "location = \"https://canary-secret@host/list\"\nslot = \"none\"\n",
        "location = \"https://host/list\"\nslot = \"none\"\n[http.oauth2]\nclient_id = \"a\"\n\
         client_secret = { env = \"S\" }\ntoken_url = \"https://host/token?secret=canary-secret\"\n",
        "location = \"postgres://me:canary-secret@host/db\"\nslot = \"none\"\n[postgres]\ntable = \"a\"\n",
        "location = \"postgres://me@host/db\"\nslot = \"none\"\n[postgres]\ntable = \"a\"\n\
         password = \"canary-secret\"\n",
        "location = \"https://host/list\"\nslot = \"none\"\n[http]\nbearer = \"canary-secret\"\n",
        "location = \"s3://unit\"\nname = 'x'\nslot = \"none\"\n[options]\n\
         aws_secret_access_key = \"canary-secret\"\n",
    ];
    for source in written {
        let check = world_of(source).hoso(&["check"]);
        assert_eq!(check.code, 3, "{check}");
        assert!(
            check.stderr.contains("holds a secret: secrets are named, never written"),
            "{check}"
        );
        assert!(
            check.stderr.contains("help: one of: { env = \"NAME\" }, { file = \"PATH\" }"),
            "{check}"
        );
        assert!(!check.to_string().contains("canary"), "{check}");
    }
}
