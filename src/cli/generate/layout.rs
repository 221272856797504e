//! The pipeline directory around the logs: what the ministry's says, for the units that are made.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::super::init::PIPELINE;
use super::month::OTHERS;
use super::plan::{Plan, unit_code, unit_folder};
use super::style::{Encoding, Style};

/// The folder of the logs.
pub(super) const LOGS: &str = "logs";

/// What the ministry's pipeline lends.
const LENT: [&str; 6] = [
    "calendar.csv",
    "indicators.toml",
    "profiles/opencps_actions.toml",
    "profiles/paygov.toml",
    "profiles/vnpost.toml",
    "profiles/npsp_2023.toml",
];

/// The kind and the profile of the logs of what others tell, in the order of [`OTHERS`].
const FEEDS_OF_OTHERS: [(&str, &str); 3] =
    [("payment", "paygov"), ("postal", "vnpost"), ("portal", "npsp_2023")];

/// The ministry itself, under which all units lie.
const MINISTRY: &str = "G16";

/// Writes the directory, with empty folders for the logs.
pub(super) fn write(dir: &Path, plan: &Plan) -> anyhow::Result<()> {
    for path in LENT {
        put(dir, path, lent(path)?)?;
    }
    put(dir, "profiles/dossier_list.toml", include_str!("dossier_list.toml"))?;
    let settings = include_str!("pipeline.toml")
        .replace("@SINCE@", &plan.from.to_string())
        .replace("@AS_OF@", &plan.as_of().to_string())
        .replace("@BUCKETS@", &plan.n_buckets().to_string());
    put(dir, "pipeline.toml", &settings)?;
    put(dir, "units.csv", &units(plan))?;
    put(dir, "services.csv", &services(plan)?)?;
    for unit in 0..plan.n_units {
        let folder = unit_folder(unit);
        put(dir, &format!("feeds/{folder}.toml"), &feed_of_unit(unit))?;
        make(&dir.join(LOGS).join(folder))?;
    }
    for ((folder, name, ending), (kind, profile)) in OTHERS.into_iter().zip(FEEDS_OF_OTHERS) {
        let feed = feed(MINISTRY, kind, profile, folder, name, ending);
        put(dir, &format!("feeds/{folder}.toml"), &feed)?;
        make(&dir.join(LOGS).join(folder))?;
    }
    Ok(())
}

/// Writes a file of the directory.
pub(super) fn put(dir: &Path, path: &str, text: &str) -> anyhow::Result<()> {
    let path = dir.join(path);
    make(path.parent().unwrap_or(dir))?;
    fs::write(&path, text).with_context(|| format!("failed to write `{}`", path.display()))
}

fn make(dir: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("failed to make `{}`", dir.display()))
}

fn lent(path: &str) -> anyhow::Result<&'static str> {
    let file = PIPELINE.get_file(path).and_then(|file| file.contents_utf8());
    file.with_context(|| format!("the ministry's pipeline has no `{path}`"))
}

fn units(plan: &Plan) -> String {
    let mut csv = format!(
        "code,name_vi,name_en,aliases,parent,predecessor,valid_from,valid_to\n\
         {MINISTRY},Bộ thử nghiệm,Ministry on trial,000.00.00.G16,,,2007-08-01,\n"
    );
    for unit in 0..plan.n_units {
        let (code, n) = (unit_code(unit), unit + 1);
        csv.push_str(&format!(
            "{code},Đơn vị thử nghiệm {n},Unit on trial {n},000.00.{n:02}.G16,{MINISTRY},,\
             2007-08-01,\n"
        ));
    }
    csv
}

/// Deals the ministry's procedures to the units in turn.
fn services(plan: &Plan) -> anyhow::Result<String> {
    let mut reader = csv::Reader::from_reader(lent("services.csv")?.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let headings = reader.headers()?.clone();
    writer.write_record(&headings)?;
    let column = |name: &str| headings.iter().position(|heading| heading == name);
    let (code, unit) = column("code").zip(column("unit_code")).context("no such columns")?;
    let mut codes: Vec<String> = Vec::new();
    for record in reader.records() {
        let record = record?;
        let own = record.get(code).unwrap_or_default();
        let at = codes.iter().position(|known| known == own).unwrap_or_else(|| {
            codes.push(own.to_owned());
            codes.len() - 1
        });
        let owner = unit_code(at as u32 % plan.n_units);
        let fields = record.iter().enumerate();
        writer.write_record(fields.map(|(at, text)| if at == unit { &owner } else { text }))?;
    }
    let bytes = writer.into_inner().context("failed to write the procedures")?;
    Ok(String::from_utf8(bytes)?)
}

fn feed_of_unit(unit: u32) -> String {
    let style = Style::of_unit(unit);
    let profile = if style == Style::Actions { "opencps_actions" } else { "dossier_list" };
    let code = unit_code(unit);
    let mut feed = feed(&code, "dossier", profile, &unit_folder(unit), "ho-so", "csv");
    if style.encoding() == Encoding::Tcvn3 {
        feed.push_str("encoding = \"tcvn3\"\n");
    }
    feed
}

fn feed(unit: &str, kind: &str, profile: &str, folder: &str, name: &str, ending: &str) -> String {
    format!(
        "unit = \"{unit}\"\n\
         feed = \"{kind}\"\n\
         profile = \"{profile}\"\n\
         location = \"../{LOGS}/{folder}\"\n\
         name = '^{name}_(?<period>\\d{{4}}-\\d{{2}})_(?<observed>\\d{{8}})\\.{ending}$'\n\
         slot = \"none\"\n\
         expected = \"month\"\n\
         # The files were whole when they were made.\n\
         settle_seconds = 0\n"
    )
}
