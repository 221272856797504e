//! Where a feed's logs are pulled from, as its file says; each kind of source is one file.

pub mod files;
pub mod http;
pub mod postgres;
pub mod sftp;

use std::path::Path;

use super::fault::Faults;
use super::feed::Slot;
use super::secret::{beside, written_out};
use super::section::{Placed, Section};

use files::{Files, Objects};
use http::Http;
use postgres::Postgres;
use sftp::Sftp;

/// A feed's source; the scheme of its `location` tells which kind.
#[derive(Debug, Clone)]
pub enum Source {
    /// Files in a folder, or objects below a prefix of an object store.
    Files(Files),
    /// Files in a folder of an SFTP server.
    Sftp(Sftp),
    /// A file or a list behind an HTTP address.
    Http(Http),
    /// A table or a query of a PostgreSQL database.
    Postgres(Postgres),
}

impl Source {
    /// Returns where it lies, as a person writes it; it never holds a secret.
    pub fn location(&self) -> &str {
        match self {
            Self::Files(files) => &files.location,
            Self::Sftp(sftp) => &sftp.location,
            Self::Http(http) => &http.location,
            Self::Postgres(postgres) => &postgres.location,
        }
    }

    /// Returns which of the objects there are the feed's, where the source is a folder.
    pub fn objects(&self) -> Option<&Objects> {
        match self {
            Self::Files(files) => Some(&files.objects),
            Self::Sftp(sftp) => Some(&sftp.objects),
            Self::Http(_) | Self::Postgres(_) => None,
        }
    }

    pub(super) fn read(
        slot: Slot,
        section: &Section<'_>,
        feed_file: &Path,
        faults: &mut Faults,
    ) -> Option<Self> {
        let location = section.required_text("location", faults)?;
        let Some((scheme, _)) = location.value.split_once("://") else {
            let folder = feed_file.parent().unwrap_or(Path::new(".")).join(&location.value);
            let folder = folder.to_string_lossy().into_owned();
            return Files::read(folder, "file", slot, section, faults).map(Self::Files);
        };
        if !is_plain_url("location", &location, section, faults) {
            return None;
        }
        let text = location.value.clone();
        match scheme {
            "sftp" => Sftp::read(text, slot, section, faults).map(Self::Sftp),
            "http" | "https" => Http::read(text, slot, section, faults).map(Self::Http),
            "postgres" | "postgresql" => {
                Postgres::read(text, slot, section, faults).map(Self::Postgres)
            }
            "file" | "s3" | "s3a" | "gs" | "az" | "abfs" | "abfss" => {
                Files::read(text, scheme, slot, section, faults).map(Self::Files)
            }
            _ => {
                let message = format!("unknown kind of source `{scheme}://`");
                faults.add(section.file, location.span, message).hint(SCHEMES);
                None
            }
        }
    }
}

const SCHEMES: &str =
    "a folder, or one of: file://, s3://, gs://, az://, sftp://, http://, https://, postgres://";

/// A URL must be one, and must hold no secret, nor what may be one.
fn is_plain_url(
    key: &'static str,
    location: &Placed<String>,
    section: &Section<'_>,
    faults: &mut Faults,
) -> bool {
    match url::Url::parse(&location.value) {
        // Parameters have keys of their own; a user of a web page logs in by `basic`.
        Ok(url) if has_login_or_query(&url) => {
            written_out(key, location.span.clone(), section.file, faults);
            false
        }
        Ok(_) => true,
        Err(error) => {
            let message = format!("`{key}` is not a URL: {error}");
            faults.add(section.file, location.span.clone(), message);
            false
        }
    }
}

/// Whether an address has what might be a secret, and what belongs elsewhere.
fn has_login_or_query(url: &url::Url) -> bool {
    let has_user = !url.username().is_empty() && matches!(url.scheme(), "http" | "https");
    has_user || url.password().is_some() || url.query().is_some()
}

/// A source that is no folder has no names to tell a period by.
fn refuse_names(slot: Slot, section: &Section<'_>, faults: &mut Faults) {
    let at = || section.span.start..section.span.start;
    if section.has("name") {
        let message = "`name` tells the objects of a folder: this source has none";
        faults.add(section.file, at(), message).hint("take `name` out");
    }
    if slot == Slot::Period {
        let message = "`slot = \"period\"` needs a folder of files";
        faults.add(section.file, at(), message).hint("one of: none, name");
    }
}

/// Resolves a path against the folder of the feed's file.
fn path(text: Placed<String>, section: &Section<'_>) -> std::path::PathBuf {
    beside(section.file, &text.value)
}
