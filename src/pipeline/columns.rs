//! The canonical dossier: which columns a log may supply, of which kind, and which are derived.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};

/// Statuses in the order of their rank; a fold prefers the higher of two that tell the same time.
pub const STATUSES: &[(&str, i8)] = &[
    ("new", 0),
    ("processing", 1),
    ("supplement", 2),
    ("paused", 2),
    ("refused", 3),
    ("withdrawn", 4),
    ("completed", 5),
];

const CHANNELS: &[&str] = &["online", "counter", "post", "other", "unknown"];
const APPLICANTS: &[&str] = &["citizen", "enterprise", "agency", "organisation", "unknown"];
const LEVELS: &[&str] = &["information", "partial", "full"];
const STATUS_NAMES: &[&str] =
    &["new", "processing", "supplement", "paused", "refused", "withdrawn", "completed"];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text as written, in NFC.
    Text,
    /// One of a closed list.
    Code(&'static [&'static str]),
    /// The code of a unit, through the aliases of `units.csv`.
    Unit,
    /// The national code of a procedure of `services.csv`.
    Procedure,
    /// A local day.
    Day,
    /// A point in time, UTC microseconds.
    Instant,
    /// A whole number.
    Integer,
    /// Yes or no.
    Flag,
}

impl Kind {
    /// Returns the Arrow type that holds it.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Code(_) | Self::Unit | Self::Procedure => DataType::Utf8,
            Self::Day => DataType::Date32,
            Self::Instant => instant_type(),
            Self::Integer => DataType::Int64,
            Self::Flag => DataType::Boolean,
        }
    }
}

/// A column of the canonical dossier.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind }
}

/// The columns that the `dossier` feed owns: what an observation may supply.
pub const SUPPLIED: &[Column] = &[
    column("dossier_number", Kind::Text),
    column("unit_code", Kind::Unit),
    column("procedure_code", Kind::Procedure),
    column("applicant_kind", Kind::Code(APPLICANTS)),
    column("channel", Kind::Code(CHANNELS)),
    column("stated_level", Kind::Code(LEVELS)),
    column("status", Kind::Code(STATUS_NAMES)),
    column("submitted_on", Kind::Day),
    column("received_on", Kind::Day),
    column("due_on", Kind::Day),
    column("completed_on", Kind::Day),
    column("returned_on", Kind::Day),
    column("ended_on", Kind::Day),
    column("supplement_count", Kind::Integer),
    column("supplement_days", Kind::Integer),
    column("fee_vnd", Kind::Integer),
    column("fee_exempt", Kind::Flag),
    column("e_result", Kind::Flag),
    column("digitised", Kind::Flag),
    column("reused", Kind::Flag),
    column("connected", Kind::Flag),
    column("vneid", Kind::Flag),
    column("satisfaction", Kind::Integer),
    column("satisfaction_scale", Kind::Text),
    column("rated_on", Kind::Day),
];

/// Inputs of a record that are no columns of the dossier: they place it and find its key.
pub const INPUTS: &[Column] = &[
    column("event_time", Kind::Instant),
    column("item_key", Kind::Text),
    column("old_number", Kind::Text),
    column("reference_id", Kind::Text),
];

/// The columns that the fold derives from the others and from the reference data.
pub const DERIVED: &[Column] = &[
    column("field_code", Kind::Text),
    column("service_level", Kind::Code(LEVELS)),
    column("first_due_on", Kind::Day),
    column("overdue_from", Kind::Day),
    column("processing_days", Kind::Integer),
    column("days_to_due", Kind::Integer),
];

/// The columns of the service catalogue that a measure `of = "services"` may use.
pub const SERVICE: &[Column] = &[
    column("code", Kind::Procedure),
    column("unit_code", Kind::Unit),
    column("field_code", Kind::Text),
    column("service_level", Kind::Code(LEVELS)),
    column("eligible_full", Kind::Flag),
    column("fee_vnd", Kind::Integer),
    column("result_paper", Kind::Flag),
    column("audience", Kind::Code(&["citizen", "enterprise", "both"])),
    column("valid_from", Kind::Day),
    column("valid_to", Kind::Day),
    column("npsp_integrated_on", Kind::Day),
    column("payable_online_on", Kind::Day),
];

/// Finds what a profile may supply: a column of the dossier or an input.
pub fn supplied_or_input(name: &str) -> Option<Column> {
    SUPPLIED.iter().chain(INPUTS).find(|column| column.name == name).copied()
}

/// Returns the position of a supplied column.
pub fn supplied_index(name: &str) -> Option<usize> {
    SUPPLIED.iter().position(|column| column.name == name)
}

/// Returns the columns of `dossiers` that a measure may use.
pub fn of_dossiers() -> impl Iterator<Item = Column> {
    SUPPLIED.iter().chain(DERIVED).copied()
}

/// Returns a status's rank; the fold prefers the higher.
pub fn status_rank(status: &str) -> Option<i8> {
    STATUSES.iter().find(|(name, _)| *name == status).map(|(_, rank)| *rank)
}

/// Whether a dossier of this status has ended.
pub fn is_ended(status: &str) -> bool {
    matches!(status, "completed" | "refused" | "withdrawn")
}

/// Returns the type of every instant: UTC microseconds.
pub fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Returns the Arrow fields of some columns, all nullable.
pub fn fields(columns: &[Column]) -> Vec<Arc<Field>> {
    columns.iter().map(|c| Arc::new(Field::new(c.name, c.kind.data_type(), true))).collect()
}
