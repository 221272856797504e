//! Everything that is tested from outside: text in and figures out, whole runs of the binary, the
//! structure of the code, and what other engines read.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod architecture;
mod bad_input;
mod check;
mod export;
mod feeds;
mod figures;
mod formats;
mod layouts;
mod ministry;
mod readers;
mod receipt;
mod runs;
mod servers;
mod sources;
mod world;
