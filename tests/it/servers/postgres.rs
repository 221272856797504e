//! A `PostgreSQL` server: Debian's `initdb` and `postgres`, run in a temporary folder by the user
//! `postgres` where we are root, and a connection to it that blocks.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_postgres::{Config, NoTls, SimpleQueryMessage};

use super::keeper::{Keeper, free_port, is_root, run};

const USER: &str = "postgres";
const PASSWORD: &str = "a password: of/the@tests";

/// Speed, what the tests ask for, and nothing outside of the folder; TLS for whoever asks for it.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
fsync = off
full_page_writes = off
synchronous_commit = off
max_connections = 50
dynamic_shared_memory_type = mmap
max_prepared_transactions = 10
ssl = on
ssl_cert_file = '../server.pem'
ssl_key_file = '../server.key'
";

/// A `PostgreSQL` server of its own.
pub(crate) struct Postgres {
    port: u16,
    _keeper: Keeper,
    folder: TempDir,
}

/// A connection held open, so that a test can weave several transactions.
pub(crate) struct Client {
    runtime: Runtime,
    client: tokio_postgres::Client,
}

impl Postgres {
    /// Starts the server with an empty database `postgres`.
    pub(crate) fn start() -> Self {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let path = |name: &str| folder.path().join(name);
        certificates(folder.path());
        fs::write(path("password"), PASSWORD).unwrap();
        if is_root() {
            // The user `postgres` must be able to enter, and owns all that it works with.
            run(Command::new("chown").args(["-R", "postgres"]).arg(folder.path()));
        }
        let mut initdb = as_postgres("initdb");
        initdb.args(["--no-sync", "--no-instructions", "--locale=C.UTF-8", "--encoding=UTF8"]);
        initdb.args(["--auth=scram-sha-256", "--username", USER]);
        initdb.arg("--pwfile").arg(path("password")).arg(path("data"));
        run(&mut initdb);
        let settings = path("data/postgresql.conf");
        let sockets = format!("unix_socket_directories = '{}'\n", folder.path().display());
        fs::write(settings, format!("{SETTINGS}{sockets}port = {port}\n")).unwrap();
        let mut server = as_postgres("postgres");
        server.arg("-D").arg(path("data"));
        let mut keeper = Keeper::ended_by("QUIT", &server, path("log"));
        let (config, runtime) = (config(port), Runtime::new().unwrap());
        keeper.wait_until("PostgreSQL", || runtime.block_on(config.connect(NoTls)).is_ok());
        Self { port, _keeper: keeper, folder }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the superuser.
    pub(crate) fn user(&self) -> &'static str {
        USER
    }

    /// Returns the password of the superuser.
    pub(crate) fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Returns the URL of the database for a user, without a password.
    pub(crate) fn url(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/postgres", self.port)
    }

    /// Returns the certificate that vouches for the server's own, which is for `localhost` and
    /// `127.0.0.1`.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Connects as the superuser.
    pub(crate) fn client(&self) -> Client {
        let runtime = Runtime::new().unwrap();
        let (client, connection) = runtime.block_on(config(self.port).connect(NoTls)).unwrap();
        runtime.spawn(connection);
        Client { runtime, client }
    }
}

impl Client {
    /// Runs statements.
    pub(crate) fn execute(&self, sql: &str) {
        let done = self.runtime.block_on(self.client.batch_execute(sql));
        done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Returns the rows of a query: a line each, `|` between the values, nothing for a NULL.
    pub(crate) fn query_text(&self, sql: &str) -> String {
        let answer = self.runtime.block_on(self.client.simple_query(sql));
        let answer = answer.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let mut text = String::new();
        for message in &answer {
            if let SimpleQueryMessage::Row(row) = message {
                let values: Vec<&str> =
                    (0..row.len()).map(|at| row.get(at).unwrap_or("")).collect();
                text.push_str(&values.join("|"));
                text.push('\n');
            }
        }
        text
    }
}

fn config(port: u16) -> Config {
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user(USER).password(PASSWORD).dbname("postgres");
    config
}

/// Makes `ca.pem`, and `server.pem` with its `server.key`.
fn certificates(folder: &Path) {
    let request = |file: &str, args: &str| {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(folder).args(["req", "-x509", "-nodes", "-days", "3650"]);
        openssl.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
        openssl.args(["-out", &format!("{file}.pem"), "-keyout", &format!("{file}.key")]);
        run(openssl.args(args.split_whitespace()));
    };
    request("ca", "-subj /CN=hoso-test-ca");
    request(
        "server",
        "-CA ca.pem -CAkey ca.key -subj /CN=localhost \
         -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
         -addext basicConstraints=critical,CA:FALSE",
    );
    fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
}

/// Returns a program of the server's, to be run by the user `postgres` where we are root: as root
/// it refuses.
fn as_postgres(name: &str) -> Command {
    let program = program(name);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    // Where the tests run, that user may not be let in.
    command.current_dir("/");
    command
}

/// Finds a program of the server's where Debian keeps it, or on the PATH.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let path = env::var_os("PATH").unwrap_or_default();
    versions
        .map(|version| version.path().join("bin"))
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|program| program.exists())
        .unwrap_or_else(|| panic!("no `{name}`: `scripts/test` installs what it needs"))
}
