//! Positions of columns that code names itself: found when it is compiled.

use super::columns::SUPPLIED;

/// Returns the position of a supplied column whose name is known when this is compiled.
///
/// # Panics
///
/// Where there is no such column: as a constant, it does not compile.
pub const fn position(name: &str) -> usize {
    let mut at = 0;
    while at < SUPPLIED.len() {
        if is_same(SUPPLIED[at].name, name) {
            return at;
        }
        at += 1;
    }
    panic!("no such column");
}

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}
