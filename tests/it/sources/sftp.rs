//! A folder on an SFTP server: whom it trusts, and whom it lets in.

use std::fs;

use tempfile::TempDir;

use super::super::servers::sftp::Sftp;
use super::super::world::{World, log};
use super::{counts, rows, world_of};

const FOLDER: &str =
    "name = '^[a-z/]*(?<period>\\d{4}-\\d{2})\\.csv$'\nslot = \"none\"\nsettle_seconds = 0\n";

fn server() -> (TempDir, Sftp) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("2020-01.csv"), log(&rows(0, 9))).unwrap();
    let server = Sftp::start(folder.path());
    (folder, server)
}

fn world(folder: &TempDir, server: &Sftp, login: &str) -> World {
    let url = server.url(folder.path().to_str().unwrap());
    let secrets = [("PASSWORD", server.password()), ("PASSPHRASE", server.passphrase())];
    let secrets = secrets.map(|(key, value)| (key.to_owned(), value.to_owned()));
    world_of(&format!("location = \"{url}\"\n{FOLDER}[sftp]\n{login}\n")).env(secrets)
}

/// Returns what is told of the source, with the exit code.
fn told(world: &World, server: &Sftp) -> String {
    let ran = world.hoso(&["run"]);
    let line = ran.stderr.lines().find(|line| line.contains("G99.01 dossier: "));
    let line = line.unwrap_or_else(|| panic!("{ran}")).split("G99.01 dossier: ").nth(1).unwrap();
    let place = format!("127.0.0.1:{}", server.port());
    format!("{}: {}", ran.code, line.replace(&place, "host"))
}

#[test]
fn a_key_a_key_with_a_passphrase_and_a_password_open_the_folder() {
    let (folder, server) = server();
    let hosts = format!("known_hosts = \"{}\"\n", server.known_hosts_file().display());
    let (plain, encrypted) = (server.key_file(), server.encrypted_key_file());
    for login in [
        "password = { env = \"PASSWORD\" }".to_owned(),
        format!("key = {{ file = \"{}\" }}", plain.display()),
        format!(
            "key = {{ file = \"{}\" }}\npassphrase = {{ env = \"PASSPHRASE\" }}",
            encrypted.display()
        ),
    ] {
        let world = world(&folder, &server, &format!("{hosts}{login}"));
        world.run(0);
        assert_eq!(counts(&world), (9, 9), "{login}");
        assert!(world.run(0).stderr.contains("no_new_data"));
    }
    // Files below the folder are found, too.
    fs::create_dir(folder.path().join("more")).unwrap();
    fs::write(folder.path().join("more/2020-02.csv"), log(&rows(20, 25))).unwrap();
    let world = world(&folder, &server, &format!("{hosts}password = {{ env = \"PASSWORD\" }}"));
    world.run(0);
    assert_eq!(counts(&world), (14, 14));
}

#[test]
fn a_server_that_is_not_known_gets_no_password() {
    let (folder, server) = server();
    let password = "password = { env = \"PASSWORD\" }";
    let hosts = |path: &str| format!("known_hosts = \"{path}\"\n{password}");
    let place = server
        .url(folder.path().to_str().unwrap())
        .replace(&format!("127.0.0.1:{}", server.port()), "host");
    let advice = "`ssh-keyscan` prints a host's keys: compare them with what its keeper says before \
        you put them there";

    let none = folder.path().join("none");
    fs::write(&none, "").unwrap();
    let none = none.to_str().unwrap();
    assert_eq!(
        told(&world(&folder, &server, &hosts(none)), &server),
        format!("4: failed to read `{place}`: the server is not among `{none}`; {advice}")
    );
    let other = server.other_known_hosts_file().display().to_string();
    assert_eq!(
        told(&world(&folder, &server, &hosts(&other)), &server),
        format!(
            "4: failed to read `{place}`: the server has another key than `{other}` says: The server \
             key changed at line 1; somebody may stand between: ask its keeper before you change the \
             file"
        )
    );
    let missing = world(&folder, &server, &hosts("missing"));
    let told = told(&missing, &server);
    assert!(told.starts_with("4: no known hosts in `./feeds/missing`: No such file"), "{told}");
}

#[test]
fn a_refused_login_a_missing_folder_and_a_server_that_is_away() {
    let (folder, server) = server();
    // The server's own goes with it.
    let hosts = tempfile::NamedTempFile::new().unwrap();
    fs::copy(server.known_hosts_file(), hosts.path()).unwrap();
    let login = format!(
        "known_hosts = \"{}\"\npassword = {{ env = \"PASSWORD\" }}",
        hosts.path().display()
    );
    let wrong = world(&folder, &server, &login)
        .env([("PASSWORD".to_owned(), "of-somebody-else".to_owned())]);
    let place = server
        .url(folder.path().to_str().unwrap())
        .replace(&format!("127.0.0.1:{}", server.port()), "host");
    let told_of_login = told(&wrong, &server);
    assert!(
        told_of_login.starts_with(&format!(
            "4: failed to read `{place}`: the server refused the login; it takes: publickey"
        )) && told_of_login.ends_with("; look whether user, password or key are right"),
        "{told_of_login}"
    );
    let world = world(&folder, &server, &login);
    world.run(0);
    // A folder that is gone is no empty folder.
    let moved = folder.path().with_extension("moved");
    fs::rename(folder.path(), &moved).unwrap();
    assert_eq!(
        told(&world, &server),
        format!(
            "4: failed to read `{place}`: failed to list the folder: No such file; look \
             whether the folder is there and may be read by this user"
        )
    );
    fs::rename(&moved, folder.path()).unwrap();
    world.run(0);
    let port = server.port();
    drop(server);
    let ran = world.run(4);
    assert!(ran.stderr.contains("the connection failed: Connection refused"), "{port} {ran}");
}
