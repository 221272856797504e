//! How a run ends early, told apart where a scheduler must tell it apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use thiserror::Error;

use crate::store::StoreError;

/// Why a run ended before its end.
#[derive(Debug, Error)]
pub enum Stop {
    /// No source, or not the store, could be reached.
    #[error("{0}")]
    Unreachable(String),
    /// Every new delivery was refused; each is named.
    #[error("every new delivery was refused, nothing is published:\n{0}")]
    AllRefused(String),
    /// The store belongs to another pipeline, or its cells are cut in another way.
    #[error("the store is one of {found}, the pipeline is one of {wanted}: use another `--store`")]
    OtherStore { found: String, wanted: String },
    /// What the user asked for does not exist.
    #[error("{0}")]
    Mistake(String),
    /// Records read and records accounted for differ.
    #[error(
        "conservation does not hold for delivery `{delivery}`: {account}; nothing is published"
    )]
    Conservation { delivery: String, account: String },
    /// A guard over the whole ministry, or over final values, stops the release.
    #[error(
        "guard `{guard}`: {told}; nothing is published. `hoso plan` shows what would be; to publish \
         it all the same: hoso run --accept {guard} --reason TEXT{also}"
    )]
    Guard {
        guard: String,
        told: String,
        /// What else is to be told of the run, each on a line of its own.
        also: String,
    },
    /// Other runs published first and the retries ran out.
    #[error("other runs published first; run again")]
    Contended,
    /// A signal asked to stop.
    #[error("stopped by a signal at a safe point; the next run goes on from here")]
    Interrupted { signal: i32 },
}

/// Tells the store's own reasons to stop apart from other errors.
pub(super) fn classify(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<StoreError>() {
        Some(StoreError::Unreachable { .. }) => Stop::Unreachable(format!("{error:#}")).into(),
        Some(StoreError::Contended { .. }) => Stop::Contended.into(),
        _ => error,
    }
}

/// An error of a stage that works on the store; carries a [`Stop`] where there is one.
#[derive(Debug)]
pub struct Failure(pub anyhow::Error);

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error.into())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self(error)
    }
}

impl From<Failure> for anyhow::Error {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

/// Says whether a signal came; shared with the handler that hears it.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicUsize>);

impl StopFlag {
    /// Returns the cell that a signal handler sets to the signal's number.
    pub fn cell(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.0)
    }

    /// Stops the run here, at a safe point, if a signal came.
    pub fn check(&self) -> anyhow::Result<()> {
        match self.0.load(Ordering::Relaxed) {
            0 => Ok(()),
            signal => Err(Stop::Interrupted { signal: signal as i32 }.into()),
        }
    }
}
