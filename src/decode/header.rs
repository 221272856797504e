//! The heading row: found under title rows by the headings that the profile requires.

use std::collections::BTreeMap;

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;
use crate::pipeline::text::{closest, fold};

use super::Header;

/// How many rows are searched for the headings.
pub(super) const MAX_TITLE_ROWS: usize = 40;

/// Finds the heading row among the first rows; returns its position and what it says.
pub(super) fn find(rows: &[Vec<String>], profile: &Profile) -> Result<(usize, Header), Refusal> {
    let is_header = |row: &Vec<String>| missing(row, profile).is_none();
    let Some(at) = rows.iter().position(is_header) else {
        return Err(why_not_found(rows, profile));
    };
    let mut header = read(&rows[at], profile)?;
    header.titles = rows[..at].iter().map(|row| row.join(" ").trim().to_owned()).collect();
    Ok((at, header))
}

/// Returns the first required heading that a row lacks.
fn missing<'a>(row: &[String], profile: &'a Profile) -> Option<&'a str> {
    let folded: Vec<String> = row.iter().map(|cell| fold(cell)).collect();
    let is_there = |heading: &str| {
        let column = profile.column_of(heading);
        folded.iter().any(|cell| {
            *cell == fold(heading) || (column.is_some() && profile.column_of(cell) == column)
        })
    };
    profile.required.iter().map(String::as_str).find(|heading| !is_there(heading))
}

fn read(row: &[String], profile: &Profile) -> Result<Header, Refusal> {
    let mut header = Header::default();
    let mut seen: BTreeMap<&'static str, &str> = BTreeMap::new();
    for (at, heading) in row.iter().enumerate() {
        let column = profile.column_of(heading);
        if let Some(column) = column {
            if let Some(first) = seen.insert(column, heading) {
                let params = [("first", first.to_owned()), ("second", heading.clone())];
                return Err(Refusal::new("heading_twice", params));
            }
        } else if !heading.is_empty() && !profile.ignored.contains(&fold(heading)) {
            header.unknown.push(at + 1);
        }
        header.columns.push(column);
    }
    Ok(header)
}

/// Names the missing heading by the row that comes nearest to a heading row.
fn why_not_found(rows: &[Vec<String>], profile: &Profile) -> Refusal {
    let n_known =
        |row: &&Vec<String>| row.iter().filter(|c| profile.column_of(c).is_some()).count();
    let nearest = rows.iter().rev().max_by_key(n_known).map_or(&[][..], Vec::as_slice);
    let missing = missing(nearest, profile).unwrap_or_default();
    let unknown = nearest.iter().filter(|cell| profile.column_of(cell).is_none());
    // Only a row that has headings may be quoted: any other may tell of a person.
    let is_heading_row = nearest.len() - unknown.clone().count() >= 2;
    let near = closest(missing, unknown.map(String::as_str)).filter(|_| is_heading_row);
    let near = near.map_or_else(String::new, |near| format!(" (`{near}`?)"));
    Refusal::new("heading_missing", [("missing", missing.to_owned()), ("near", near)])
}
