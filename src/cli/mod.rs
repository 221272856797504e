//! The command line: one file a command; arguments in, `run` or a reader called, result shown.

mod check;
mod clock;
mod exit;
mod explain;
mod export;
mod generate;
mod init;
mod maintain;
mod output;
mod panic;
mod plan;
mod progress;
mod quarantine;
mod query;
mod run;
mod show;
mod status;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::pipeline::Pipeline;
use crate::pipeline::rules::Language;

use exit::Exit;

/// Turn the dossier logs of a ministry's units into indicators that people can trust
#[derive(Debug, Parser)]
#[command(name = "hoso", version, max_term_width = 100)]
#[command(
    after_help = "Example:\n  hoso init my-ministry && cd my-ministry && hoso --pipeline . run"
)]
struct Cli {
    /// The pipeline directory
    #[arg(long, global = true, value_name = "DIR", default_value = "pipelines/ministry")]
    pipeline: PathBuf,

    /// The store: a folder, or file://, s3://, gs://, az://; by default what the pipeline says,
    /// else ./warehouse
    #[arg(long, global = true, value_name = "URL", env = "HOSO_STORE")]
    store: Option<String>,

    /// How the log on stderr is written
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    log: LogFormat,

    /// The language of what an officer reads; by default that of the locale, else English
    #[arg(long, global = true, value_enum)]
    lang: Option<Lang>,

    /// Log more; -vvv logs everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,

    /// Log errors only and show no progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lang {
    Vi,
    En,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Vi => Self::Vietnamese,
            Lang::En => Self::English,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Check(check::Args),
    Plan(plan::Args),
    Run(run::Args),
    Status(status::Args),
    Show(show::Args),
    Explain(explain::Args),
    Export(export::Args),
    #[command(subcommand)]
    Quarantine(quarantine::Command),
    Query(query::Args),
    Verify(verify::Args),
    Maintain(maintain::Args),
    Generate(generate::Args),
}

impl Cli {
    fn run(&self) -> anyhow::Result<Exit> {
        match &self.command {
            Command::Init(args) => init::run(args),
            Command::Check(args) => check::run(args, self),
            Command::Plan(args) => plan::run(args, self),
            Command::Run(args) => run::run(args, self),
            Command::Status(args) => status::run(args, self),
            Command::Show(args) => show::run(args, self),
            Command::Explain(args) => explain::run(args, self),
            Command::Export(args) => export::run(args, self),
            Command::Quarantine(command) => quarantine::run(command, self),
            Command::Query(args) => query::run(args, self),
            Command::Verify(args) => verify::run(args, self),
            Command::Maintain(args) => maintain::run(args, self),
            Command::Generate(args) => generate::run(args, self),
        }
    }

    fn language(&self) -> Language {
        let of_locale = || match output::locale_is_vietnamese() {
            true => Language::Vietnamese,
            false => Language::English,
        };
        self.lang.map_or_else(of_locale, Language::from)
    }

    /// The language of a file that goes to a unit, whoever makes it.
    fn language_of_units(&self) -> Language {
        self.lang.map_or(Language::Vietnamese, Language::from)
    }

    fn pipeline(&self) -> anyhow::Result<Pipeline> {
        Ok(Pipeline::load(&self.pipeline)?)
    }

    /// The flag or `HOSO_STORE`, else what the pipeline says, else `./warehouse`.
    fn store_url<'a>(&'a self, pipeline: &'a Pipeline) -> &'a str {
        self.store.as_deref().or(pipeline.settings.store.as_deref()).unwrap_or("warehouse")
    }
}

/// Reads the arguments, does what they say, and returns the exit code that a scheduler reads.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    output::start_log(cli.log, cli.verbose, cli.quiet);
    panic::contained(|| cli.run().unwrap_or_else(|error| Exit::from_error(&error))).into()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
