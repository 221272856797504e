//! The pipeline directory read into checked types, and the canonical schema they are checked
//! against. Knows nothing of the other modules; every fault names file, line and column.

pub mod calendar;
pub mod columns;
pub mod condition;
pub mod contract;
pub mod date_form;
pub mod definitions;
pub mod due;
pub mod encoding;
pub mod fault;
pub mod feed;
pub mod form;
pub mod guards;
pub mod heading;
pub mod identifier;
pub mod integer;
pub mod pattern;
mod position;
pub mod profile;
pub mod rules;
pub mod secret;
mod section;
pub mod services;
pub mod settings;
mod sheet;
pub mod source;
pub mod tables;
pub mod text;
pub mod units;
mod values;
pub mod withdrawal;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use calendar::Calendar;
use definitions::Definitions;
use fault::{Faults, SourceFile};
use feed::Feed;
use profile::Profile;
use section::Placed;
use services::Services;
use settings::Settings;
use units::Units;

/// How records are decoded and judged: another number wherever the same bytes come to other
/// observations, fates or marks, so that what earlier versions judged is known to be outdated.
const JUDGES: &str = "1";
/// How observations are folded and what is derived of them: another number wherever the same
/// observations come to other rows, so that cells are folded again.
const FOLDS: &str = "1";

/// A pipeline directory, read and checked.
#[derive(Debug)]
pub struct Pipeline {
    pub settings: Settings,
    pub reference: Reference,
    pub definitions: Definitions,
    /// The feeds, in the order of unit and feed.
    pub feeds: Vec<Feed>,
}

/// What dossiers are held against: units, procedures and the working calendar.
#[derive(Debug, Default)]
pub struct Reference {
    pub units: Units,
    pub services: Services,
    pub calendar: Calendar,
    /// Identifies the reference data and the offset of local time: what was derived from others is
    /// stale.
    pub hash: String,
    /// Identifies each part of it.
    pub hashes: ReferenceHashes,
    /// Identifies the codes that records are judged by.
    pub codes_hash: String,
}

/// Identifies the parts of the reference data: which of them changed is the cause of a revision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceHashes {
    pub units: String,
    pub services: String,
    pub calendar: String,
}

impl Pipeline {
    /// Reads a pipeline directory.
    ///
    /// # Errors
    ///
    /// Every fault of every file, sorted by place.
    pub fn load(dir: &Path) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        if !dir.is_dir() {
            let file = SourceFile { path: dir.to_string_lossy().into(), text: "".into() };
            let hint = match Path::new("pipeline.toml").is_file() {
                true => "the working directory is one: --pipeline .",
                false => "`hoso init DIR` makes one; --pipeline DIR names it",
            };
            faults.add(&file, 0..0, "no pipeline directory here").hint(hint);
            return Err(faults);
        }
        let settings = Settings::read(&dir.join("pipeline.toml"), &mut faults);
        let mut reference = Reference::read(dir, &mut faults);
        let definitions = Definitions::read(&dir.join("indicators.toml"), &mut faults);
        let profiles = toml_files(&dir.join("profiles"), &mut faults).map(|paths| {
            let read = |path: PathBuf| {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                (name, Profile::read(&path, &reference, &mut faults))
            };
            paths.into_iter().map(read).collect()
        });
        let mut feeds = read_feeds(dir, &reference, profiles.as_ref(), &mut faults);
        // Definitions that could not be read have told why themselves.
        if let Some(settings) = settings.as_ref().filter(|_| !definitions.hash.is_empty()) {
            check_headline(settings, &definitions, dir, &mut faults);
        }
        // By it a day is told from a moment, in judging and in what is derived.
        let offset =
            settings.as_ref().map_or(0, |settings| settings.utc_offset_seconds).to_string();
        reference.hash = hash_of([reference.hash.as_str(), offset.as_str()]);
        for feed in &mut feeds {
            feed.due = feed.due.or(settings.as_ref().and_then(|settings| settings.due));
            let profile = format!("{:?}", feed.profile);
            feed.profile_hash = hash_of([&*profile, &*reference.codes_hash, &*offset, JUDGES]);
        }
        match settings {
            Some(settings) if faults.is_empty() => {
                Ok(Self { settings, reference, definitions, feeds })
            }
            _ => Err(faults.sorted()),
        }
    }

    /// Finds the feed of a unit.
    pub fn feed(&self, unit: &str, feed: &str) -> Option<&Feed> {
        self.feeds.iter().find(|known| known.unit == unit && known.feed == feed)
    }
}

impl Reference {
    fn read(dir: &Path, faults: &mut Faults) -> Self {
        let paths = ["units.csv", "services.csv", "calendar.csv"].map(|name| dir.join(name));
        let units = Units::read(&paths[0], faults);
        let services = Services::read(&paths[1], &units, faults);
        let calendar = Calendar::read(&paths[2], faults);
        let parts = [format!("{units:?}"), format!("{services:?}"), format!("{calendar:?}")];
        let hashes = parts.each_ref().map(|part| hash_of([part.as_str()]));
        // What is derived belongs to it: a column more is derived anew.
        let derived = format!("{:?}{:?}{:?}", columns::DERIVED, columns::PAYMENT, columns::PAUSE);
        let hash = hash_of(hashes.iter().chain([&derived]).map(String::as_str).chain([FOLDS]));
        let [units_hash, services_hash, calendar_hash] = hashes;
        let hashes =
            ReferenceHashes { units: units_hash, services: services_hash, calendar: calendar_hash };
        let codes: Vec<&str> = services.codes().collect();
        let codes_hash = hash_of([parts[0].as_str()].into_iter().chain(codes));
        Self { units, services, calendar, hash, hashes, codes_hash }
    }
}

/// Returns the first 16 hexadecimal digits of the SHA-256 of some texts.
pub fn hash_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = sha2::Sha256::new();
    for text in texts {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Profiles by name; `None` for one that could not be read, which was told.
type Profiles = BTreeMap<String, Option<Profile>>;

fn read_feeds(
    dir: &Path,
    reference: &Reference,
    profiles: Option<&Profiles>,
    faults: &mut Faults,
) -> Vec<Feed> {
    let find = |name: &Placed<String>, file: &SourceFile, faults: &mut Faults| {
        let profiles = profiles?;
        if let Some(found) = profiles.get(&name.value) {
            return found.clone();
        }
        faults
            .add(file, name.span.clone(), format!("unknown profile `{}`", name.value))
            .suggest(&name.value, profiles.keys().map(String::as_str));
        None
    };
    let mut feeds: Vec<Feed> = Vec::new();
    for path in toml_files(&dir.join("feeds"), faults).unwrap_or_default() {
        let Some(feed) = Feed::read(&path, reference, &find, faults) else {
            continue;
        };
        if feeds.iter().any(|other| (&other.unit, &other.feed) == (&feed.unit, &feed.feed)) {
            let file = SourceFile { path: path.to_string_lossy().into(), text: "".into() };
            let message = format!("unit `{}` has two `{}` feeds", feed.unit, feed.feed);
            faults.add(&file, 0..0, message);
        }
        feeds.push(feed);
    }
    feeds.sort_by(|a, b| (&a.unit, &a.feed).cmp(&(&b.unit, &b.feed)));
    feeds
}

fn check_headline(settings: &Settings, definitions: &Definitions, dir: &Path, faults: &mut Faults) {
    for id in &settings.headline {
        if definitions.ids.contains(&id.value) {
            continue;
        }
        if let Some(file) = SourceFile::read(&dir.join("pipeline.toml"), faults) {
            faults
                .add(&file, id.span.clone(), format!("unknown indicator `{}`", id.value))
                .suggest(&id.value, definitions.ids.iter().map(String::as_str));
        }
    }
}

/// Lists the TOML files of a folder by name; `None` where it cannot be listed.
fn toml_files(folder: &Path, faults: &mut Faults) -> Option<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let file = SourceFile { path: folder.to_string_lossy().into(), text: "".into() };
            faults.add_first(&file, format!("failed to list the folder: {error}"));
            return None;
        }
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    Some(paths)
}
