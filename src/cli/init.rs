//! `hoso init`

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use include_dir::{Dir, DirEntry, include_dir};

use crate::run::stop::Stop;

use super::exit::Exit;
use super::output;

/// The ministry's pipeline.
pub(super) static PIPELINE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/pipelines/ministry");
static SAMPLE_DATA: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sample_data");

/// Where the feeds of the ministry's pipeline find the sample data, there and in a new directory.
const SAMPLE_FROM_FEEDS: (&str, &str) = ("../../../sample_data/", "../sample_data/");

/// Write a pipeline directory that runs as it is, with its sample data
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  hoso init my-ministry && cd my-ministry && hoso --pipeline . run"
)]
pub(super) struct Args {
    /// The directory to make; it must be empty or absent
    dir: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    let dir = &args.dir;
    let is_taken = fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if is_taken {
        let mistake = format!("`{}` is not empty: nothing is written", dir.display());
        return Err(Stop::Mistake(mistake).into());
    }
    if dir.is_file() {
        return Err(Stop::Mistake(format!("`{}` is a file, no directory", dir.display())).into());
    }
    write(&PIPELINE, dir)?;
    write(&SAMPLE_DATA, &dir.join("sample_data"))?;
    let shown = dir.display();
    output::to_stdout(
        format!("wrote `{shown}`; next: cd {shown} && hoso --pipeline . run\n").as_bytes(),
    )?;
    Ok(Exit::Done)
}

fn write(from: &Dir<'_>, to: &Path) -> anyhow::Result<()> {
    for entry in from.entries() {
        match entry {
            DirEntry::Dir(dir) => {
                let name = dir.path().file_name().context("a folder has a name")?;
                write(dir, &to.join(name))?;
            }
            DirEntry::File(file) => {
                let name = file.path().file_name().context("a file has a name")?;
                let path = to.join(name);
                let is_feed = file.path().starts_with("feeds");
                let text = file.contents_utf8().filter(|_| is_feed);
                let adapted =
                    text.map(|text| text.replace(SAMPLE_FROM_FEEDS.0, SAMPLE_FROM_FEEDS.1));
                let bytes = adapted.as_ref().map_or(file.contents(), |text| text.as_bytes());
                fs::create_dir_all(to)
                    .and_then(|()| fs::write(&path, bytes))
                    .with_context(|| format!("failed to write `{}`", path.display()))?;
            }
        }
    }
    Ok(())
}
