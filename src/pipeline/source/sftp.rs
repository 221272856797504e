//! SFTP servers: a folder whose keeper is known by its key.

use std::path::PathBuf;

use super::super::fault::Faults;
use super::super::feed::Slot;
use super::super::secret::Secret;
use super::super::section::Section;
use super::files::Objects;
use super::path;

/// A folder of an SFTP server.
#[derive(Debug, Clone)]
pub struct Sftp {
    /// `sftp://user@host:port/folder`; `/~/folder` lies below the user's home.
    pub location: String,
    pub objects: Objects,
    /// Keys of hosts, as OpenSSH keeps them; a host that is not among them is not trusted.
    pub known_hosts: PathBuf,
    pub login: Login,
}

/// How the user shows who they are.
#[derive(Debug, Clone)]
pub enum Login {
    Password(Secret),
    /// A private key in OpenSSH's form, with its passphrase if it has one.
    Key {
        key: Secret,
        passphrase: Option<Secret>,
    },
}

impl Sftp {
    pub(super) fn read(
        location: String,
        slot: Slot,
        section: &Section<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let objects = Objects::growing(slot, section, faults);
        section.require_table("sftp", "`known_hosts`, and `password` or `key`", faults);
        let sftp = section.section("sftp", faults)?;
        let known_hosts = sftp.required_text("known_hosts", faults);
        let password = Secret::read("password", &sftp, faults);
        let key = Secret::read("key", &sftp, faults);
        let passphrase = Secret::read("passphrase", &sftp, faults);
        let login = match (password, key) {
            (Some(password), None) => Some(Login::Password(password)),
            (None, Some(key)) => Some(Login::Key { key, passphrase }),
            _ => {
                let message = "`sftp` needs a login: `password` or `key`";
                faults.add(sftp.file, sftp.span.clone(), message);
                None
            }
        };
        sftp.finish(faults);
        let has_user = url::Url::parse(&location).is_ok_and(|url| !url.username().is_empty());
        if !has_user {
            let message = "`location` must name a user";
            let fault = faults.add(section.file, section.span.start..section.span.start, message);
            fault.hint("sftp://user@host/folder");
        }
        let known_hosts = path(known_hosts?, &sftp);
        Some(Self { location, objects: objects?, known_hosts, login: login? })
    }
}
