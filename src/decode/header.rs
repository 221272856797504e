//! The headings: found under title rows by those that the profile requires, in one row or in
//! several that were merged.

use std::collections::BTreeMap;

use crate::pipeline::profile::Profile;
use crate::pipeline::rules::Refusal;
use crate::pipeline::text::{closest, fold, is_slip};

use super::{Header, Taken};

/// How many rows are searched for the headings.
pub(super) const MAX_TITLE_ROWS: usize = 40;
/// How many rows one heading may be spread over.
const MAX_DEPTH: usize = 4;
/// No sheet has more columns; a workbook cannot.
pub(super) const MAX_FIELDS: usize = 16_384;

/// A heading as merged from the rows above each other: the group's first, its own last.
type Parts = Vec<String>;

/// Finds the headings among the first rows; returns how many rows end with them, and what they say.
pub(super) fn find(rows: &[Vec<String>], profile: &Profile) -> Result<(usize, Header), Refusal> {
    // The first row that ends them, and of those above it as few as there must be.
    let found = (1..=rows.len()).find_map(|end| {
        let starts = (end.saturating_sub(MAX_DEPTH)..end).rev();
        let mut merged = starts.map(|start| (start, merge(&rows[start..end])));
        let (at, headings) = merged.find(|(_, headings)| missing(headings, profile).is_none())?;
        Some((at, end, headings))
    });
    let Some((mut at, mut end, mut headings)) = found else {
        return Err(why_not_found(rows, profile));
    };
    while at > 0 && end - at < MAX_DEPTH && begins_above(&headings, &rows[at - 1], profile) {
        at -= 1;
        headings = merge(&rows[at..end]);
    }
    while end < rows.len() && end < at + MAX_DEPTH && goes_on(&headings, &rows[end], profile) {
        end += 1;
        headings = merge(&rows[at..end]);
    }
    let mut header = read(&headings, profile)?;
    header.titles = rows[..at].iter().map(|row| row.join(" ").trim().to_owned()).collect();
    Ok((end, header))
}

/// Reads the headings of a keyed log, one a field.
pub(super) fn of_keys(keys: &[String], profile: &Profile) -> Result<Header, Refusal> {
    let headings: Vec<Parts> = keys.iter().map(|key| vec![key.clone()]).collect();
    match missing(&headings, profile) {
        Some(_) => Err(why_not_found(&[keys.to_vec()], profile)),
        None => read(&headings, profile),
    }
}

/// Merges heading rows: an empty cell above a text belongs to the group at its left.
fn merge(rows: &[Vec<String>]) -> Vec<Parts> {
    let n_fields = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: usize, at: usize| rows[row].get(at).map_or("", String::as_str);
    let mut headings = vec![Parts::new(); n_fields];
    for row in 0..rows.len() {
        let mut group = "";
        for (at, heading) in headings.iter_mut().enumerate() {
            let text = cell(row, at);
            let is_below = |below: usize| !cell(below, at).is_empty();
            let is_grouped = text.is_empty() && (row + 1..rows.len()).any(is_below);
            // A heading that spans rows, not columns, is no group.
            group = if text.is_empty() { group } else { text };
            let part = if is_grouped && heading.is_empty() { group } else { text };
            if !part.is_empty() && heading.last().is_none_or(|last| last != part) {
                heading.push(part.to_owned());
            }
        }
    }
    headings
}

/// Whether the headings begin in the row above: it names one, known to the profile, of which the
/// rows below have but the empty rest of a merged cell.
fn begins_above(headings: &[Parts], above: &[String], profile: &Profile) -> bool {
    let is_known = |text: &String| profile.reads(text) || profile.ignores(text);
    let is_open = |at: usize| headings.get(at).is_none_or(Vec::is_empty);
    above.iter().enumerate().any(|(at, text)| is_open(at) && !text.is_empty() && is_known(text))
}

/// Whether the next row still belongs to the headings: it names cells of groups and says nothing
/// under the headings that every record has.
fn goes_on(headings: &[Parts], next: &[String], profile: &Profile) -> bool {
    let text = |at: usize| next.get(at).map_or("", String::as_str);
    let names_group =
        headings.iter().enumerate().any(|(at, parts)| parts.is_empty() && !text(at).is_empty());
    let is_required = |parts: &Parts| {
        parts.last().is_some_and(|leaf| profile.required.iter().any(|r| fold(r) == fold(leaf)))
    };
    let says_nothing = |(at, parts): (usize, &Parts)| {
        !is_required(parts) || text(at).is_empty() || parts.last().is_some_and(|p| p == text(at))
    };
    names_group && headings.iter().enumerate().all(says_nothing)
}

/// Returns the first required heading that is not there.
fn missing<'a>(headings: &[Parts], profile: &'a Profile) -> Option<&'a str> {
    let is_there = |required: &str| {
        let column = |name: &str| profile.columns_of(name).next().map(|(column, _)| column);
        let wanted = column(required);
        names(headings).any(|name| {
            fold(&name) == fold(required) || (wanted.is_some() && column(&name) == wanted)
        })
    };
    profile.required.iter().map(String::as_str).find(|required| !is_there(required))
}

/// The names by which headings may be known: each with its groups, and alone.
fn names(headings: &[Parts]) -> impl Iterator<Item = String> {
    headings.iter().flat_map(|parts| [Some(parts.join(" / ")), parts.last().cloned()]).flatten()
}

fn read(headings: &[Parts], profile: &Profile) -> Result<Header, Refusal> {
    if headings.len() > MAX_FIELDS {
        return Err(too_many_fields(headings.len()));
    }
    let mut header = Header::default();
    let mut seen: BTreeMap<&'static str, &str> = BTreeMap::new();
    for (at, parts) in headings.iter().enumerate() {
        let (path, leaf) = (parts.join(" / "), parts.last().map_or("", String::as_str));
        if profile.without_cells.contains(&fold(leaf)) {
            continue;
        }
        // A part alone may be what the profile knows: the group says nothing to it then.
        let names = || [&*path, leaf].into_iter();
        let read = names().find(|name| profile.reads(name));
        let known = read.or_else(|| names().find(|name| profile.ignores(name)));
        let (field, name) = (header.names.len(), known.unwrap_or(&path));
        for (column, function) in profile.columns_of(name) {
            if let Some(first) = seen.insert(column, leaf) {
                let params = [("first", first.to_owned()), ("second", leaf.to_owned())];
                return Err(Refusal::new("heading_twice", params));
            }
            header.taken.push(Taken { field, column, function });
        }
        if !leaf.is_empty() && known.is_none() {
            header.unknown.push(at + 1);
        }
        header.names.push(name.to_owned());
    }
    Ok(header)
}

/// Refuses a sheet that claims more columns than any log has.
pub(super) fn too_many_fields(n_fields: usize) -> Refusal {
    let params = [("fields", n_fields.to_string()), ("limit", MAX_FIELDS.to_string())];
    Refusal::new("too_many_fields", params)
}

/// Names the missing heading by the row that comes nearest to a heading row.
fn why_not_found(rows: &[Vec<String>], profile: &Profile) -> Refusal {
    let n_known = |row: &&Vec<String>| row.iter().filter(|cell| profile.reads(cell)).count();
    let nearest = rows.iter().rev().max_by_key(n_known).map_or(&[][..], Vec::as_slice);
    let parts: Vec<Parts> = nearest.iter().map(|cell| vec![cell.clone()]).collect();
    let missing = missing(&parts, profile).unwrap_or_default();
    let unknown = nearest.iter().filter(|cell| !profile.reads(cell));
    // Only a row that has headings may be quoted, and of it what can be no more than a heading: any
    // other text may tell of a person.
    let is_heading_row = nearest.len() - unknown.clone().count() >= 2;
    let near = closest(missing, unknown.map(String::as_str))
        .filter(|near| is_heading_row && is_slip(near, missing));
    let near = near.map_or_else(String::new, |near| format!(" (`{near}`?)"));
    Refusal::new("heading_missing", [("missing", missing.to_owned()), ("near", near)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let row = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect();
        text.lines().map(row).collect()
    }

    #[test]
    fn merged_headings_carry_their_groups() {
        let rows = rows("STT|Lĩnh vực|Tiếp nhận|||Quá hạn\n||Tổng số|Trực tuyến|Khác|");
        let names: Vec<String> = merge(&rows).iter().map(|parts| parts.join(" / ")).collect();
        let expected = [
            "STT",
            "Lĩnh vực",
            "Tiếp nhận / Tổng số",
            "Tiếp nhận / Trực tuyến",
            "Tiếp nhận / Khác",
            "Quá hạn",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn a_heading_repeated_over_rows_is_one() {
        let rows = rows("Mã hồ sơ|Ngày|\nMã hồ sơ|Tiếp nhận|Hẹn trả");
        let names: Vec<String> = merge(&rows).iter().map(|parts| parts.join(" / ")).collect();
        assert_eq!(names, ["Mã hồ sơ", "Ngày / Tiếp nhận", "Ngày / Hẹn trả"]);
    }
}
