//! Sheets: rows of cells, with the headings among the first ones.

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;
use crate::pipeline::text::clean;

use super::header;
use super::row::{Replayed, Row, Rows};
use super::table::{Table, Width};

/// Reads the headings of a sheet and leaves its records to be read.
pub(super) fn read<'a>(
    mut rows: impl Rows + 'a,
    profile: &Profile,
    width: Width,
) -> Result<Table<'a>, Refusal> {
    let mut head = head(&mut rows)?;
    let texts: Vec<Vec<String>> = head.iter().map(texts).collect();
    let (n_above, header) = header::find(&texts, profile)?;
    let ahead = head.split_off(n_above);
    Ok(Table { rows: Box::new(Replayed::new(ahead, rows)), header, width })
}

/// Reads the rows among which the headings must stand.
pub(super) fn head(rows: &mut impl Rows) -> Result<Vec<Row>, Refusal> {
    let mut head = Vec::new();
    let mut row = Row::default();
    while head.len() < header::MAX_TITLE_ROWS && rows.read(&mut row)? {
        if row.fields.len() > header::MAX_FIELDS {
            return Err(header::too_many_fields(row.fields.len()));
        }
        head.push(std::mem::take(&mut row));
    }
    Ok(head)
}

/// Returns the texts of a row, composed and trimmed.
pub(super) fn texts(row: &Row) -> Vec<String> {
    row.fields.iter().map(|field| clean(&String::from_utf8_lossy(field))).collect()
}
