//! Where words go: results to stdout, everything else to stderr.

use std::io::{self, IsTerminal as _, Write as _};

use tracing_subscriber::EnvFilter;

use crate::pipeline::text::closest;

use super::LogFormat;
use super::exit::Exit;

/// Writes a result to stdout; a reader that closed the pipe has seen enough.
pub(super) fn to_stdout(result: &[u8]) -> anyhow::Result<()> {
    match io::stdout().write_all(result) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Writes a JSON document to stdout.
pub(super) fn json_to_stdout(document: &serde_json::Value) -> anyhow::Result<()> {
    to_stdout(format!("{document:#}\n").as_bytes())
}

/// Writes a message to stderr; there is nowhere to tell that it failed.
pub(super) fn to_stderr(message: &str) {
    let written = writeln!(io::stderr(), "{}", message.trim_end());
    drop(written);
}

/// Says that a name is unknown, and which was probably meant.
pub(super) fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Exit {
    let known: Vec<&str> = known.collect();
    let near = closest(name, known.iter().copied());
    let hint = near.map_or_else(
        || format!(": it is none of {}", known.join(", ")),
        |near| format!(", did you mean `{near}`?"),
    );
    to_stderr(&format!("error: unknown {what} `{name}`{hint}"));
    Exit::Usage
}

/// Starts the log on stderr.
pub(super) fn start_log(format: LogFormat, verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => "off,hoso=error",
        (false, 0) => "off,hoso=warn",
        (false, 1) => "warn,hoso=info",
        (false, 2) => "info,hoso=debug",
        (false, _) => "trace",
    };
    let colour = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(io::stderr)
        .with_ansi(colour);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

/// Whether the locale is Vietnamese.
pub(super) fn locale_is_vietnamese() -> bool {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let locale = names.iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    locale.is_some_and(|locale| locale.starts_with("vi"))
}
