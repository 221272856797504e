//! What leaves for readers: plain Parquet copies, figures for the terminal, a unit's rejected rows.
//!
//! But for these rows it holds no dossier number; it makes bytes and text, and writes nothing itself.

pub mod components;
pub mod copies;
pub mod export;
pub mod figures;
pub mod reference;
pub mod rejects;
pub mod shown;
mod sparkline;
pub mod suppress;
