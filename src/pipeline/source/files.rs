//! Folders and object stores: which of their objects are the feed's, and when one is whole.

use std::collections::BTreeMap;
use std::time::Duration;

use globset::{GlobBuilder, GlobMatcher};

use super::super::fault::Faults;
use super::super::feed::{NameFacts, Slot, check_groups, read_name};
use super::super::pattern::Pattern;
use super::super::secret::{Secret, Setting};
use super::super::section::Section;

/// A file that was changed so recently may still be being written.
const SETTLE: Duration = Duration::from_secs(2);

/// A folder, or a prefix of a bucket.
#[derive(Debug, Clone)]
pub struct Files {
    /// A folder, resolved against the feed's own file, or a URL.
    pub location: String,
    pub objects: Objects,
    /// What the clouds' own tools read from their environment, in lower case.
    pub options: BTreeMap<&'static str, Setting>,
}

/// Which objects of a folder are the feed's.
#[derive(Debug, Clone)]
pub struct Objects {
    /// Only what fits is looked at; everything, where nothing is said.
    pub files: Option<GlobMatcher>,
    /// Names that belong to the feed; another that is looked at is refused.
    pub name: Pattern,
    /// An object is whole once another lies beside it whose name ends in this.
    pub marker: Option<String>,
    /// A file is whole once it has not changed for so long.
    pub settle: Duration,
}

impl Objects {
    /// Whether an object is looked at.
    pub fn are_looked_at(&self, name: &str) -> bool {
        let is_marker = self.marker.as_ref().is_some_and(|marker| name.ends_with(&**marker));
        !is_marker && !is_temporary(name) && self.files.as_ref().is_none_or(|f| f.is_match(name))
    }

    /// Reads what the name of one of them tells; `None` when it is not one.
    pub fn read_name(&self, name: &str) -> Option<NameFacts> {
        read_name(&self.name, name)
    }

    pub(super) fn read(
        slot: Slot,
        settle: Duration,
        section: &Section<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        section.require("name", faults);
        let name = section.regex("name", faults);
        if let Some(name) = &name {
            check_groups(name, slot, section, faults);
        }
        let files = section.text("files", faults).and_then(|text| {
            let glob = GlobBuilder::new(&text.value).literal_separator(true).build();
            if let Err(error) = &glob {
                let message = format!("`files` is not a glob: {}", error.kind());
                faults.add(section.file, text.span, message).hint("such as 2020/**/*.csv");
            }
            glob.ok().map(|glob| glob.compile_matcher())
        });
        let marker = section.text("marker", faults);
        if let Some(marker) = marker.as_ref().filter(|marker| marker.value.is_empty()) {
            let message = "`marker` must be the end of a name";
            faults.add(section.file, marker.span.clone(), message).hint("such as .done");
        }
        let settle = section.count("settle_seconds", faults).map_or(settle, Duration::from_secs);
        Some(Self { files, name: name?.value, marker: marker.map(|text| text.value), settle })
    }

    /// Reads the objects of a place where a file grows while it is written.
    pub(super) fn growing(slot: Slot, section: &Section<'_>, faults: &mut Faults) -> Option<Self> {
        Self::read(slot, SETTLE, section, faults)
    }
}

impl Files {
    pub(super) fn read(
        location: String,
        scheme: &str,
        slot: Slot,
        section: &Section<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        // An object store shows an object when it is whole.
        let settle = if scheme == "file" { SETTLE } else { Duration::ZERO };
        let objects = Objects::read(slot, settle, section, faults);
        let mut settings = BTreeMap::new();
        let known = options(scheme);
        let given = if known.is_empty() { None } else { section.section("options", faults) };
        if let Some(given) = given {
            for (key, is_secret) in known {
                if !given.has(key) {
                    continue;
                }
                let setting = if *is_secret {
                    Secret::read(key, &given, faults).map(Setting::Secret)
                } else {
                    Setting::read(key, &given, faults)
                };
                settings.extend(setting.map(|setting| (*key, setting)));
            }
            given.finish(faults);
        }
        Some(Self { location, objects: objects?, options: settings })
    }
}

/// The settings of each kind of object store, and whether one is a secret.
fn options(scheme: &str) -> &'static [(&'static str, bool)] {
    match scheme {
        "s3" | "s3a" => &[
            ("aws_access_key_id", false),
            ("aws_secret_access_key", true),
            ("aws_session_token", true),
            ("aws_region", false),
            ("aws_endpoint", false),
            ("aws_allow_http", false),
            ("aws_virtual_hosted_style_request", false),
            ("aws_skip_signature", false),
        ],
        "gs" => &[
            ("google_service_account", false),
            ("google_service_account_key", true),
            ("google_base_url", false),
            ("google_skip_signature", false),
        ],
        "az" | "abfs" | "abfss" => &[
            ("azure_storage_account_name", false),
            ("azure_storage_account_key", true),
            ("azure_storage_sas_key", true),
            ("azure_storage_client_id", false),
            ("azure_storage_client_secret", true),
            ("azure_storage_tenant_id", false),
            ("azure_endpoint", false),
            ("azure_allow_http", false),
        ],
        _ => &[],
    }
}

/// Names under which programs write a file before it is whole.
fn is_temporary(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let ends = [".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~"];
    name.starts_with('.') || name.starts_with("~$") || ends.iter().any(|end| name.ends_with(end))
}
