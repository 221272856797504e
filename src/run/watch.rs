//! What a run tells while it goes on, and whether it should stop.

use super::stop::StopFlag;

/// Shows how far a stage is.
pub trait Progress: Send + Sync {
    /// A stage begins: so many steps are ahead.
    fn begin(&self, stage: &str, n_steps: usize);
    /// A step is done.
    fn step(&self);
    /// The stage is over.
    fn end(&self);
}

/// Shows nothing.
#[derive(Debug, Clone, Copy)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _stage: &str, _n_steps: usize) {}
    fn step(&self) {}
    fn end(&self) {}
}

/// Watches over a run.
pub struct Watch {
    pub progress: Box<dyn Progress>,
    pub stop: StopFlag,
}
