//! Secrets, by where they are found: the pipeline directory names them and never holds one.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::fault::{Faults, SourceFile};
use super::section::Section;

/// Where a secret is found when it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// An environment variable.
    Env(String),
    /// A file, as orchestrators mount secrets; the line end at its end is not part of it.
    File(PathBuf),
}

/// A setting that may be written out or kept as a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    Plain(String),
    Secret(Secret),
}

impl Secret {
    /// Says where the secret is found, for people.
    pub fn place(&self) -> String {
        match self {
            Self::Env(name) => format!("the environment variable `{name}`"),
            Self::File(path) => format!("the file `{}`", path.display()),
        }
    }

    /// Reads `key = { env = "NAME" }` or `key = { file = "PATH" }`; a path is relative to the file
    /// that names it.
    pub(super) fn read(
        key: &'static str,
        section: &Section<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        if let Some(span) = section.plain_text(key) {
            written_out(key, span, section.file, faults);
            return None;
        }
        let place = section.section(key, faults)?;
        let env = place.text("env", faults);
        let file = place.text("file", faults);
        place.finish(faults);
        match (env, file) {
            (Some(env), None) => Some(Self::Env(env.value)),
            (None, Some(file)) => Some(Self::File(beside(section.file, &file.value))),
            _ => {
                let message = format!("`{key}` must say where the secret is found");
                faults.add(section.file, place.span.clone(), message).hint(HINT);
                None
            }
        }
    }

    /// Reads a secret that must be there.
    pub(super) fn required(
        key: &'static str,
        section: &Section<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        section.require(key, faults);
        Self::read(key, section, faults)
    }
}

impl Setting {
    /// Reads a text or the place of a secret.
    pub(super) fn read(
        key: &'static str,
        section: &Section<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        match section.plain_text(key) {
            Some(_) => section.text(key, faults).map(|text| Self::Plain(text.value)),
            None => Secret::read(key, section, faults).map(Self::Secret),
        }
    }
}

const HINT: &str = "one of: { env = \"NAME\" }, { file = \"PATH\" }";

/// Says that a secret must not be written, without showing it: a fault quotes its line.
pub(super) fn written_out(key: &str, span: Range<usize>, file: &SourceFile, faults: &mut Faults) {
    let mut text = file.text.to_string();
    text.replace_range(span.clone(), &"*".repeat(span.len()));
    let masked = SourceFile { path: file.path.clone(), text: text.into() };
    let message = format!("`{key}` holds a secret: secrets are named, never written");
    faults.add(&masked, span, message).hint(HINT);
}

/// Resolves a path against the folder of the file that names it.
pub(super) fn beside(file: &SourceFile, path: &str) -> PathBuf {
    Path::new(&*file.path).parent().unwrap_or(Path::new(".")).join(path)
}
