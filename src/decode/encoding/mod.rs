//! How the characters of a log are written: telling it, and turning it into UTF-8.
//!
//! An encoding that is not in Unicode is one file, which knows only its letters.

mod detect;
mod form;
mod mend;
mod misread;
mod reader;
#[cfg(test)]
mod samples;
mod syllables;
mod tcvn3;
#[cfg(test)]
mod tests;
mod vni;

pub(super) use detect::{detect_bytes, detect_chars};
pub(super) use mend::decode_chars;
pub(super) use reader::decode_bytes;

use crate::pipeline::encoding::Encoding;
