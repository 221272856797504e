//! Cells whose characters are those of an older encoding: workbooks keep Unicode, but the fonts
//! of the day drew other letters.

use std::borrow::Cow;

use crate::pipeline::encoding::Encoding;
use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;

use super::encoding::{decode_chars, detect_chars};
use super::row::{Replayed, Row, Rows};
use super::sheet;

/// Rows whose texts are mended.
pub(super) struct Mended<R> {
    rows: R,
    encoding: Encoding,
}

/// Tells the encoding by the first rows, unless the profile declares it, and mends every text.
pub(super) fn mend<R: Rows>(
    mut rows: R,
    profile: &Profile,
) -> Result<(Mended<Replayed<R>>, Encoding), Refusal> {
    let head = sheet::head(&mut rows)?;
    let encoding = profile.encoding.unwrap_or_else(|| {
        let texts: Vec<String> = head.iter().flat_map(sheet::texts).collect();
        detect_chars(&texts.join(" "))
    });
    Ok((Mended { rows: Replayed::new(head, rows), encoding }, encoding))
}

impl<R: Rows> Rows for Mended<R> {
    fn read(&mut self, row: &mut Row) -> Result<bool, Refusal> {
        let is_read = self.rows.read(row)?;
        if !is_read || self.encoding == Encoding::Utf8 || row.fields.as_slice().is_ascii() {
            return Ok(is_read);
        }
        let mended: csv::ByteRecord =
            row.fields.iter().map(|field| self.mended(field).into_owned()).collect();
        row.fields = mended;
        Ok(true)
    }
}

impl<R> Mended<R> {
    fn mended<'f>(&self, field: &'f [u8]) -> Cow<'f, [u8]> {
        let Ok(text) = std::str::from_utf8(field) else { return Cow::Borrowed(field) };
        match decode_chars(text, self.encoding) {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }
    }
}
