//! `hoso quarantine replay`

use crate::cli::exit::Exit;
use crate::cli::progress::{ProgressMode, display};
use crate::cli::run::{Publishing, listen, tell};
use crate::cli::{Cli, output};
use crate::pipeline::Pipeline;
use crate::run;
use crate::run::watch::Watch;

use super::filter;

/// Judge deliveries again, after a profile, a contract or the catalogue was mended, and publish
/// what differs
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  hoso quarantine replay --unit G16.01 --rule unknown_status\n\n\
    Exit codes: those of `run`; 6 also where bytes have expired"
)]
pub(in crate::cli) struct Args {
    /// Only those of this unit
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Only those that this rule rejects records of, or refuses
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    #[command(flatten)]
    publishing: Publishing,
}

pub(super) fn run(args: &Args, pipeline: &Pipeline, cli: &Cli) -> anyhow::Result<Exit> {
    let filter = filter(args.unit.as_ref(), args.rule.as_ref(), pipeline);
    let options = args.publishing.options(pipeline);
    let Some((filter, options)) = filter.zip(options) else { return Ok(Exit::Usage) };
    let store = run::open_published(cli.store_url(pipeline), pipeline)?;
    let selection = run::replay::select(pipeline, &store, &filter)?;
    output::to_stderr(&format!(
        "{} deliveries are judged again; {} were judged by the profile, contract and catalogue that \
         hold now",
        selection.len(),
        selection.n_unmended,
    ));
    for (delivery, n_rejected) in &selection.expired {
        output::to_stderr(&format!(
            "expired: `{delivery}` cannot be judged again, its bytes are no longer kept; its \
             {n_rejected} rejected records stay"
        ));
    }
    let watch = Watch { progress: display(ProgressMode::Auto, cli.quiet), stop: listen()? };
    let done = run::replay(pipeline, &store, &options, &selection, &watch);
    let exit = tell(done, None, pipeline, cli)?;
    Ok(if selection.expired.is_empty() { exit } else { Exit::Incomplete })
}
