//! Form II.06a of Circular 01/2020/TT-VPCP: its eleven columns, as a unit's own form brings them and
//! as the catalogue computes them.

/// A column of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// What a profile calls it where it reads a unit's own form.
    pub name: &'static str,
    /// The indicator that computes it from the log.
    pub indicator: &'static str,
}

/// The columns in their order: column 1 is the first.
pub const COLUMNS: [Column; 11] = [
    column("handled", "form_handled"),
    column("received_online", "form_received_online"),
    column("received_other", "form_received_other"),
    column("carried_over", "form_carried_over"),
    column("resolved", "form_resolved"),
    column("resolved_early", "form_resolved_early"),
    column("resolved_on_time", "form_resolved_on_time"),
    column("late", "form_resolved_late"),
    column("open", "form_open"),
    column("open_in_term", "form_open_in_term"),
    column("overdue", "form_open_overdue"),
];

/// Columns that are the sum of others, by their numbers: the form says so under its headings.
pub const SUMS: [(usize, &[usize]); 3] = [(1, &[2, 3, 4]), (5, &[6, 7, 8]), (9, &[10, 11])];

/// What was to be handled is resolved or open.
pub const BALANCE: (usize, &[usize]) = (1, &[5, 9]);

/// Returns a column by its number.
pub fn numbered(number: usize) -> Column {
    COLUMNS[number - 1]
}

const fn column(name: &'static str, indicator: &'static str) -> Column {
    Column { name, indicator }
}
