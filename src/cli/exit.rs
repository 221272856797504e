//! Exit codes, as a scheduler reads them.

use std::process::ExitCode;

use crate::pipeline::fault::Faults;
use crate::run::stop::Stop;

use super::output;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Done,
    Fault,
    Usage,
    InvalidPipeline,
    Unreachable,
    Stopped,
    Incomplete,
    Contended,
    Signal(u8),
}

impl Exit {
    /// Shows an error once and tells which exit it is.
    pub(super) fn from_error(error: &anyhow::Error) -> Self {
        if let Some(faults) = error.downcast_ref::<Faults>() {
            output::to_stderr(&format!("{faults} in the pipeline directory"));
            return Self::InvalidPipeline;
        }
        output::to_stderr(&format!("error: {error:#}"));
        match error.downcast_ref::<Stop>() {
            None => Self::Fault,
            Some(Stop::Unreachable(_)) => Self::Unreachable,
            Some(Stop::OtherStore { .. }) => Self::InvalidPipeline,
            Some(Stop::Mistake(_)) => Self::Usage,
            Some(Stop::AllRefused(_) | Stop::Conservation { .. } | Stop::Guard { .. }) => {
                Self::Stopped
            }
            Some(Stop::Contended) => Self::Contended,
            Some(Stop::Interrupted { signal }) => Self::Signal(128 + *signal as u8),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Fault => 1,
            Exit::Usage => 2,
            Exit::InvalidPipeline => 3,
            Exit::Unreachable => 4,
            Exit::Stopped => 5,
            Exit::Incomplete => 6,
            Exit::Contended => 7,
            Exit::Signal(code) => code,
        })
    }
}

/// Shows clap's own message: help and version are results, anything else wrong usage.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // Whoever closed the stream knows that he did.
    error.print().ok();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}
