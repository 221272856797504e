//! What leaves for readers: plain Parquet copies, figures for the terminal. Holds no dossier
//! number; makes bytes and text, and writes nothing itself.

pub mod copies;
pub mod figures;
mod sparkline;
