//! `hoso generate`: raw logs with their faults, all of it invented, and the pipeline that reads them.
//!
//! A dossier is drawn again for each month that tells of it, from the generator of its unit and month:
//! nothing is kept between files, so memory does not grow with what is made.

mod actions;
mod catalogue;
mod chance;
mod days;
mod dossier;
mod facts;
mod fault;
mod layout;
mod life;
mod line;
mod list;
mod month;
mod names;
mod others;
mod parcels;
mod payments;
mod plan;
mod portal;
mod sink;
mod style;

use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use rayon::prelude::*;

use crate::pipeline::Pipeline;
use crate::run::stop::Stop;

use super::clock::now;
use super::exit::Exit;
use super::{Cli, output, progress};

use facts::Facts;
use plan::{Plan, World};

/// Write synthetic raw logs with their faults, and a pipeline directory that reads them
///
/// The same arguments give the same bytes on every machine. FACTS.json tells what was planted.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  hoso generate --rows 10000 --units 5 --seed 7 --out trial && cd trial \
                  && hoso --pipeline . run"
)]
pub(super) struct Args {
    /// How many dossiers; many are told of in more than one record
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000_000))]
    rows: u64,

    /// How many units share them
    #[arg(long, value_name = "U", value_parser = clap::value_parser!(u32).range(1..=999))]
    units: u32,

    /// Another seed gives other dossiers
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// The directory to make; it must be empty or absent
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The first month
    #[arg(long, value_name = "YYYY-MM", default_value = "2019-01", value_parser = first_month)]
    from: NaiveDate,

    /// How many months, each with a file a unit
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=120))]
    months: u32,
}

pub(super) fn run(args: &Args, cli: &Cli) -> anyhow::Result<Exit> {
    let dir = &args.out;
    check_empty(dir)?;
    let Args { rows: n_rows, units: n_units, seed, from, months: n_months, .. } = *args;
    let plan = Plan { n_rows, n_units, seed, from, n_months };
    if plan.as_of() > now().date_naive() {
        let told = format!("the last of {n_months} months from {from} is not over yet");
        return Err(Stop::Mistake(format!("{told}: an earlier --from, or fewer --months")).into());
    }
    layout::write(dir, &plan)?;
    let world = World::new(plan, &Pipeline::load(dir)?);
    let facts = write_logs(&world, &dir.join(layout::LOGS), cli)?;
    layout::put(dir, "FACTS.json", &format!("{:#}\n", facts.json(&plan)))?;
    let (shown, [n_files, n_records, n_bytes]) = (dir.display(), facts.totals());
    let told = format!(
        "wrote `{shown}`: {n_rows} dossiers in {n_records} records of {n_files} files, \
         {n_bytes} bytes; next: cd {shown} && hoso --pipeline . --store warehouse run\n"
    );
    output::to_stdout(told.as_bytes())?;
    Ok(Exit::Done)
}

/// Writes the months at once, as many as there are processors.
fn write_logs(world: &World, logs: &Path, cli: &Cli) -> anyhow::Result<Facts> {
    let progress = progress::display(progress::ProgressMode::Auto, cli.quiet);
    progress.begin("writing", world.plan.n_months as usize);
    let months: anyhow::Result<Vec<Facts>> = (0..world.plan.n_months)
        .into_par_iter()
        .map(|month| {
            let facts = month::write(world, month, logs);
            progress.step();
            facts
        })
        .collect();
    progress.end();
    Ok(months?.into_iter().fold(Facts::default(), Facts::merge))
}

/// Nothing that is there is mixed with what is made.
fn check_empty(dir: &Path) -> Result<(), Stop> {
    let shown = dir.display();
    let is_taken = fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
    if is_taken {
        return Err(Stop::Mistake(format!("`{shown}` is not empty: nothing is written")));
    }
    if dir.exists() && !dir.is_dir() {
        return Err(Stop::Mistake(format!("`{shown}` is no directory: nothing is written")));
    }
    Ok(())
}

fn first_month(text: &str) -> Result<NaiveDate, String> {
    let month = format!("{text}-01").parse::<NaiveDate>();
    let month = month.map_err(|_error| "it is not a month such as 2019-01".to_owned())?;
    // A dossier's number tells two digits of its year.
    let is_known = ("2000-01".."2080-01").contains(&text);
    if is_known { Ok(month) } else { Err("it must lie from 2000-01 to 2079-12".to_owned()) }
}
