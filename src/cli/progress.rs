//! Progress on stderr: a bar on a terminal, a line a stage elsewhere if asked for.

use std::io::{self, IsTerminal as _};
use std::sync::Mutex;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use crate::run::watch::{Progress, Quiet};

use super::output;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressMode {
    /// A bar on a terminal, nothing elsewhere
    Auto,
    /// A line a stage
    Plain,
    /// Nothing
    None,
}

/// Makes the display.
pub(super) fn display(mode: ProgressMode, quiet: bool) -> Box<dyn Progress> {
    let has_terminal = io::stderr().is_terminal();
    match mode {
        _ if quiet => Box::new(Quiet),
        ProgressMode::None => Box::new(Quiet),
        ProgressMode::Plain => Box::new(Lines),
        ProgressMode::Auto if has_terminal => Box::new(Bar(Mutex::new(ProgressBar::hidden()))),
        ProgressMode::Auto => Box::new(Quiet),
    }
}

struct Lines;

impl Progress for Lines {
    fn begin(&self, stage: &str, n_steps: usize) {
        output::to_stderr(&format!("{stage}: {n_steps}"));
    }
    fn step(&self) {}
    fn end(&self) {}
}

struct Bar(Mutex<ProgressBar>);

impl Bar {
    fn bar(&self) -> std::sync::MutexGuard<'_, ProgressBar> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Progress for Bar {
    fn begin(&self, stage: &str, n_steps: usize) {
        let style = ProgressStyle::with_template("{msg:>10} {wide_bar} {pos}/{len}");
        let bar = ProgressBar::new(n_steps as u64).with_message(stage.to_owned());
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        *self.bar() = bar;
    }

    fn step(&self) {
        self.bar().inc(1);
    }

    fn end(&self) {
        self.bar().finish_and_clear();
    }
}
