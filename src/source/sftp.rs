//! Files in a folder of an SFTP server.

use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, AuthResult, Handle};
use russh::keys::{PrivateKey, PrivateKeyWithHashAlg, check_known_hosts_path, decode_secret_key};
use russh_sftp::client::SftpSession;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::protocol::{FileAttributes, StatusCode};
use tokio::io::AsyncReadExt as _;
use tokio::sync::Mutex;
use tokio::time::timeout;
use url::Url;

use crate::pipeline::source::sftp;
use crate::store::RUNTIME;
use crate::store::raw::{Spool, Spooled};

use super::fault::retry;
use super::folder::Place;
use super::secrets::Secrets;
use super::{Context, Fault, Found, connect_timeout, no_room};

const BUFFER_BYTES: usize = 256 << 10;
/// A folder deeper than this is a mistake.
const MAX_DEPTH: usize = 16;

/// A folder on a server.
pub(super) struct Sftp<'a> {
    kind: &'a sftp::Sftp,
    url: Url,
    folder: String,
    login: Login,
    /// The session at hand; one that failed is let go.
    session: Mutex<Option<Session>>,
    wait: Duration,
    budget: Duration,
}

struct Session {
    files: SftpSession,
    /// The connection lives as long as this.
    _connection: Handle<KnownHost>,
}

/// What is needed to log in.
enum Login {
    Password(String),
    Key(Arc<PrivateKey>),
}

const FOLDER_ADVICE: &str = "look whether the folder is there and may be read by this user";
const KNOWN_HOSTS_ADVICE: &str = "`ssh-keyscan` prints a host's keys: compare them with what its \
    keeper says before you put them there";

impl<'a> Sftp<'a> {
    pub(super) fn reach(
        kind: &'a sftp::Sftp,
        context: Context<'a>,
        secrets: &Secrets,
    ) -> Result<Self, Fault> {
        let url = Url::parse(&kind.location).expect("checked when the pipeline was read");
        if let Err(error) = fs::metadata(&kind.known_hosts) {
            let what = format!("no known hosts in `{}`", kind.known_hosts.display());
            return Err(Fault::lasting(what).because(&error).advise(KNOWN_HOSTS_ADVICE));
        }
        // `/~/folder` lies below the user's home, as in other programs' addresses.
        let path = url.path();
        let folder = percent_decoded(path.strip_prefix("/~/").unwrap_or(path));
        let (login, session) = (login(&kind.login, secrets)?, Mutex::new(None));
        let folder = folder.trim_end_matches('/').to_owned();
        let wait = connect_timeout(context.settings);
        Ok(Self { kind, url, folder, login, session, wait, budget: context.settings.retry_budget })
    }

    /// Does something in a session, in another one where that may help.
    async fn in_session<T>(
        &self,
        deed: impl AsyncFn(&SftpSession) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let attempt = || async {
            let mut session = self.session.lock().await;
            let open = match session.take() {
                Some(open) => open,
                None => timeout(self.wait, connect(self.kind, &self.url, &self.login))
                    .await
                    .unwrap_or_else(|_| Err(Fault::passing("the server did not answer")))?,
            };
            let done = deed(&open.files).await;
            if !done.as_ref().is_err_and(Fault::is_transient) {
                *session = Some(open);
            }
            done
        };
        let at_place =
            |fault: Fault| fault.while_doing(format!("failed to read `{}`", self.kind.location));
        retry(self.budget, attempt).await.map_err(at_place)
    }

    /// Lists every file below the folder.
    async fn files(&self, session: &SftpSession) -> Result<Vec<Found>, Fault> {
        let mut files = Vec::new();
        let mut folders = vec![(String::new(), 0)];
        while let Some((below, depth)) = folders.pop() {
            let listed = session.read_dir(format!("{}/{below}", self.folder)).await;
            let listed = listed.map_err(|error| {
                fault("failed to list the folder", &error).advise(FOLDER_ADVICE)
            })?;
            for entry in listed {
                let name = format!("{below}{}", entry.file_name());
                let mut attributes = entry.metadata();
                // Some servers tell of a file's kind only when they are asked for it.
                if attributes.permissions.is_none() {
                    let path = format!("{}/{name}", self.folder);
                    attributes = session.metadata(path).await.map_err(|error| {
                        fault("failed to look at a file", &error).advise(FOLDER_ADVICE)
                    })?;
                }
                if attributes.is_dir() && depth < MAX_DEPTH {
                    folders.push((format!("{name}/"), depth + 1));
                } else if attributes.is_dir() {
                    let what = format!("folders lie in folders more than {MAX_DEPTH} deep");
                    return Err(Fault::lasting(what).advise(FOLDER_ADVICE));
                } else if attributes.is_regular() {
                    // The server's clock is not ours: each new file is looked at twice.
                    files.push(Found { version: version(&attributes), changed_at: None, name });
                }
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    async fn spool(&self, session: &SftpSession, found: &Found) -> Result<Option<Spooled>, Fault> {
        let path = format!("{}/{}", self.folder, found.name);
        let what = format!("failed to read the file `{}`", found.name);
        let mut file = match session.open(path.clone()).await {
            Ok(file) => file,
            // Gone alone, or with the whole folder?
            Err(error) if is_gone(&error) => return self.files(session).await.map(|_| None),
            Err(error) => return Err(fault(&what, &error)),
        };
        let mut spool = Spool::new().map_err(|error| no_room(&error))?;
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let n_read = file.read(&mut buffer).await;
            let n_read = n_read.map_err(|error| Fault::passing(&what).because(&error))?;
            if n_read == 0 {
                break;
            }
            spool.write_all(&buffer[..n_read]).map_err(|error| no_room(&error))?;
        }
        // A file that grew, or gave way to another, is read when it is whole.
        let now = match session.metadata(path).await {
            Ok(attributes) => attributes,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => return Err(fault(&what, &error)),
        };
        let is_whole = version(&now) == found.version && now.len() == spool.size_bytes();
        if !is_whole {
            return Ok(None);
        }
        spool.finish().map(Some).map_err(|error| no_room(&error))
    }
}

impl Place for Sftp<'_> {
    fn list(&self) -> Result<Vec<Found>, Fault> {
        RUNTIME.block_on(self.in_session(async |session| self.files(session).await))
    }

    fn read(&self, found: &Found) -> Result<Option<Spooled>, Fault> {
        RUNTIME.block_on(self.in_session(async |session| self.spool(session, found).await))
    }
}

fn login(login: &sftp::Login, secrets: &Secrets) -> Result<Login, Fault> {
    match login {
        sftp::Login::Password(password) => Ok(Login::Password(secrets.reveal(password)?)),
        sftp::Login::Key { key, passphrase } => {
            let place = key.place();
            let key = secrets.reveal(key)?;
            let passphrase = passphrase.as_ref().map(|p| secrets.reveal(p)).transpose()?;
            let key = decode_secret_key(&key, passphrase.as_deref()).map_err(|error| {
                let what = format!("no private key can be read from {place}");
                Fault::lasting(what)
                    .because(&error)
                    .advise("a key in OpenSSH's form, and its passphrase")
            })?;
            Ok(Login::Key(Arc::new(key)))
        }
    }
}

async fn connect(kind: &sftp::Sftp, url: &Url, login: &Login) -> Result<Session, Fault> {
    let (host, port) = (url.host_str().unwrap_or_default().to_owned(), url.port().unwrap_or(22));
    let known_host = KnownHost { kind: kind.clone(), host: host.clone(), port };
    let config = client::Config {
        keepalive_interval: Some(Duration::from_secs(15)),
        ..client::Config::default()
    };
    let mut connection = client::connect(Arc::new(config), (host, port), known_host).await?;
    let passing = |error: russh::Error| Fault::passing("the login failed").because(&error);
    let user = percent_decoded(url.username());
    let shown = match login {
        Login::Password(password) => connection.authenticate_password(user, password).await,
        Login::Key(key) => {
            let hash = connection.best_supported_rsa_hash().await.map_err(passing)?.flatten();
            let key = PrivateKeyWithHashAlg::new(Arc::clone(key), hash);
            connection.authenticate_publickey(user, key).await
        }
    };
    if let AuthResult::Failure { remaining_methods, .. } = shown.map_err(passing)? {
        let ways: Vec<&str> = remaining_methods.iter().map(Into::into).collect();
        let what = format!("the server refused the login; it takes: {}", ways.join(", "));
        return Err(Fault::lasting(what).advise("look whether user, password or key are right"));
    }
    let channel = connection.channel_open_session().await.map_err(passing)?;
    channel.request_subsystem(true, "sftp").await.map_err(passing)?;
    let files = SftpSession::new(channel.into_stream()).await;
    let files = files.map_err(|error| fault("the server does not speak SFTP", &error))?;
    Ok(Session { files, _connection: connection })
}

/// Holds the server against the keys of known hosts.
struct KnownHost {
    kind: sftp::Sftp,
    host: String,
    port: u16,
}

impl client::Handler for KnownHost {
    type Error = Fault;

    async fn check_server_key(
        &mut self,
        key: &russh::keys::PublicKeyOrCertificate,
    ) -> Result<bool, Fault> {
        let key = key.public_key();
        let path = self.kind.known_hosts.display().to_string();
        match check_known_hosts_path(&self.host, self.port, &key, &self.kind.known_hosts) {
            Ok(true) => Ok(true),
            Ok(false) => Err(Fault::lasting(format!("the server is not among `{path}`"))
                .advise(KNOWN_HOSTS_ADVICE)),
            Err(error) if !matches!(error, russh::keys::Error::KeyChanged { .. }) => {
                let what = format!("`{path}` cannot be read");
                Err(Fault::lasting(what).because(&error).advise(KNOWN_HOSTS_ADVICE))
            }
            Err(error) => {
                let what = format!("the server has another key than `{path}` says");
                Err(Fault::lasting(what).because(&error).advise(
                    "somebody may stand between: ask its keeper before you change the file",
                ))
            }
        }
    }
}

impl From<russh::Error> for Fault {
    fn from(error: russh::Error) -> Self {
        Self::passing("the connection failed").because(&error)
    }
}

fn fault(what: &str, error: &SftpError) -> Fault {
    let SftpError::Status(status) = error else { return Fault::passing(what).because(error) };
    // The server's own words may quote a name that may not be shown.
    let said = format!("{what}: {}", status.status_code);
    match status.status_code {
        StatusCode::PermissionDenied | StatusCode::NoSuchFile => Fault::lasting(said),
        _ => Fault::passing(said),
    }
}

fn is_gone(error: &SftpError) -> bool {
    matches!(error, SftpError::Status(status) if status.status_code == StatusCode::NoSuchFile)
}

fn version(attributes: &FileAttributes) -> String {
    format!("{}:{}", attributes.size.unwrap_or(0), attributes.mtime.unwrap_or(0))
}

fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
