//! An SFTP server: OpenSSH's `sshd` with keys of its own, and with an account of its own that
//! `libnss_wrapper` shows it, so that nothing under `/etc` changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::keeper::{Keeper, free_port, is_root, run};

/// The account, which is the user who runs the tests by another name.
const USER: &str = "hoso";
const PASSWORD: &str = "a password: of/the@tests";
const PASSPHRASE: &str = "a passphrase of the tests";

/// An `sshd` of its own.
pub(crate) struct Sftp {
    port: u16,
    served: PathBuf,
    _keeper: Keeper,
    folder: TempDir,
}

impl Sftp {
    /// Serves a folder.
    ///
    /// It is no root of its own: the path of a URL is the absolute path of the file on this
    /// machine, as `url` makes it, and a relative path begins at the folder.
    pub(crate) fn start(served: &Path) -> Self {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let path = |name: &str| folder.path().join(name);
        let shown = folder.path().display();
        for (file, passphrase) in
            [("host", ""), ("other_host", ""), ("key", ""), ("encrypted_key", PASSPHRASE)]
        {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f"]);
            run(keygen.arg(path(file)));
        }
        let key = |file: &str| fs::read_to_string(path(&format!("{file}.pub"))).unwrap();
        fs::write(path("authorized"), key("key") + &key("encrypted_key")).unwrap();
        for (known, host) in [("known_hosts", "host"), ("other_known_hosts", "other_host")] {
            fs::write(path(known), format!("[127.0.0.1]:{port} {}", key(host))).unwrap();
        }
        accounts(folder.path(), served);
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {shown}/host\nPidFile none\nUsePAM no\n\
             AuthorizedKeysFile {shown}/authorized\nStrictModes no\nPermitRootLogin yes\n\
             KbdInteractiveAuthentication no\nMaxStartups 100\nMaxAuthTries 20\n\
             Subsystem sftp internal-sftp -d {}\n",
            served.display()
        );
        fs::write(path("config"), config).unwrap();
        if is_root() {
            // What is not yet logged in runs with this folder for its root; Debian's unit makes it.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let mut server = Command::new("/usr/sbin/sshd");
        server.args(["-D", "-e", "-f"]).arg(path("config"));
        server.env("LD_PRELOAD", "libnss_wrapper.so");
        for file in ["passwd", "group", "shadow"] {
            server.env(format!("NSS_WRAPPER_{}", file.to_ascii_uppercase()), path(file));
        }
        let mut keeper = Keeper::start(&server, path("log"));
        keeper.wait_for(port);
        Self { port, served: served.to_owned(), _keeper: keeper, folder }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn user(&self) -> &'static str {
        USER
    }

    pub(crate) fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Returns a private key that the server accepts.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    /// Returns another, encrypted with the passphrase.
    pub(crate) fn encrypted_key_file(&self) -> PathBuf {
        self.folder.path().join("encrypted_key")
    }

    pub(crate) fn passphrase(&self) -> &'static str {
        PASSPHRASE
    }

    /// Returns a file that knows the server by its key.
    pub(crate) fn known_hosts_file(&self) -> PathBuf {
        self.folder.path().join("known_hosts")
    }

    /// Returns a file that knows the server by a key that it does not have.
    pub(crate) fn other_known_hosts_file(&self) -> PathBuf {
        self.folder.path().join("other_known_hosts")
    }

    /// Returns the URL of a path in the served folder; an empty one is the folder itself.
    pub(crate) fn url(&self, path: &str) -> String {
        let path = self.served.join(path);
        format!("sftp://{USER}@127.0.0.1:{}{}", self.port, path.display())
    }
}

/// Writes the accounts that the server is to see: the machine's, and ours.
fn accounts(folder: &Path, served: &Path) {
    let mut passwd = fs::read_to_string("/etc/passwd").unwrap();
    let id = |flag| run(Command::new("id").arg(flag)).trim().to_owned();
    let (uid, gid, home) = (id("-u"), id("-g"), served.display());
    passwd.push_str(&format!("{USER}:x:{uid}:{gid}::{home}:/bin/sh\n"));
    fs::write(folder.join("passwd"), passwd).unwrap();
    fs::copy("/etc/group", folder.join("group")).unwrap();
    let hash = run(Command::new("openssl").args(["passwd", "-6", PASSWORD]));
    fs::write(folder.join("shadow"), format!("{USER}:{}:19000::::::\n", hash.trim())).unwrap();
}
