//! Everything that is tested from outside: text in and figures out, whole runs of the binary, the
//! structure of the code, and what other engines read.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod architecture;
mod bad_input;
mod canaries;
mod catalogue;
mod check;
mod check_indicators;
mod check_profiles;
mod check_settings;
mod contracts;
mod explain;
mod export;
mod exports;
mod feeds;
mod figures;
mod form_identities;
mod formats;
mod forms;
mod gaps;
mod generate;
mod guards;
mod layouts;
mod maintain;
mod marks;
mod mending;
mod ministry;
mod plan;
mod privacy;
mod readers;
mod receipt;
mod redefinitions;
mod releases;
mod reorganisations;
mod replay;
mod runs;
mod servers;
mod sources;
mod tamper;
mod trends;
mod verify;
mod versions;
mod words;
mod working_time;
mod world;
