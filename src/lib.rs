//! `hoso` turns the dossier logs of a ministry's units into indicators that people can trust.
//!
//! The modules stand in the order in which the data moves; each may use `pipeline` and the stage
//! just before it, and only `run` knows the whole way.

// The pipeline directory read into checked types, and the canonical schema.
pub mod pipeline;

// Object storage: objects, Delta tables, releases.
pub mod store;

// Bytes from a unit.
pub mod source;

// Bytes to batches of text columns with a record number.
pub mod decode;

// Text to typed observations, or to a reject with a rule; personal data ends here.
pub mod normalise;

// The observations of a dossier folded into its row.
pub mod dossiers;

// Measures: integers counted by cell.
pub mod measures;

// Periods, ratios, coverage, status and revisions.
pub mod indicators;

// Plain copies and figures for readers.
pub mod publish;

// One run, and the readers of what runs have left.
pub mod run;

// Commands: arguments in, result shown.
pub mod cli;
