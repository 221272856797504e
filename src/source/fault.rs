//! What goes wrong at a source, told to the person who must mend it, and tried again where that
//! may help.

use std::fmt;
use std::time::{Duration, Instant};

use backon::{ExponentialBuilder, Retryable as _};
use tracing::warn;

use crate::store::StoreError;

use super::secrets::Secrets;

/// A source that could not be read: what was done, why it failed, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    text: String,
    is_transient: bool,
    /// Whether the server would not have what it was asked.
    is_refused: bool,
    /// How long the server asks to be left alone.
    wait: Option<Duration>,
}

impl Fault {
    /// A fault that stays until somebody mends something.
    pub fn lasting(what: impl fmt::Display) -> Self {
        Self { text: what.to_string(), is_transient: false, is_refused: false, wait: None }
    }

    /// A lasting fault: the server would not have what it was asked.
    pub(super) fn refused(what: impl fmt::Display) -> Self {
        Self { is_refused: true, ..Self::lasting(what) }
    }

    /// A fault that may be gone at the next try.
    pub fn passing(what: impl fmt::Display) -> Self {
        Self { is_transient: true, ..Self::lasting(what) }
    }

    /// Adds the reasons below, the outermost first.
    pub fn because(mut self, cause: &dyn std::error::Error) -> Self {
        let mut cause = Some(cause);
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries tell their cause themselves.
            if !self.text.contains(&text) {
                self.text += &format!(": {text}");
            }
            cause = error.source();
        }
        self
    }

    /// Adds what to do about it.
    pub fn advise(mut self, advice: impl fmt::Display) -> Self {
        self.text += &format!("; {advice}");
        self
    }

    /// Puts what was being done before it.
    pub fn while_doing(mut self, deed: impl fmt::Display) -> Self {
        self.text = format!("{deed}: {}", self.text);
        self
    }

    /// Says how long the server asks to be left alone.
    pub fn wait(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait;
        self
    }

    /// Whether it may be gone at the next try.
    pub fn is_transient(&self) -> bool {
        self.is_transient
    }

    /// Whether the server would not have what it was asked.
    pub(super) fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Takes every secret out of what it says.
    pub(super) fn without(mut self, secrets: &Secrets) -> Self {
        self.text = secrets.hide(&self.text);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Fault {}

impl From<StoreError> for Fault {
    /// Object stores are tried again by their own client: what is left stays.
    fn from(error: StoreError) -> Self {
        Self::lasting(&error).because(std::error::Error::source(&error).unwrap_or(&error))
    }
}

/// Tries again, with growing pauses and jitter, while a fault may pass and the budget lasts.
pub(super) async fn retry<T, F: Future<Output = Result<T, Fault>>>(
    budget: Duration,
    deed: impl FnMut() -> F,
) -> Result<T, Fault> {
    let pauses = ExponentialBuilder::new()
        .with_jitter()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(10))
        .without_max_times()
        .with_total_delay(Some(budget));
    let began = Instant::now();
    deed.retry(pauses)
        .when(Fault::is_transient)
        .adjust(|fault, pause| {
            // What a server asks for is waited for where the budget lasts so long.
            let pause = pause.map(|pause| fault.wait.map_or(pause, |wait| wait.max(pause)))?;
            let until = began.elapsed().checked_add(pause)?;
            (until <= budget).then_some(pause)
        })
        .notify(|_, pause| warn!(pause_ms = pause.as_millis() as u64, "source is tried again"))
        .await
}
