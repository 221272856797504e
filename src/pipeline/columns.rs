//! The canonical dossier: which columns a log may supply, of which kind, and which are derived.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};

pub use super::position::position;

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

/// The kinds of feeds; each owns its columns in the fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum FeedKind {
    /// What a unit itself logs of its dossiers.
    #[default]
    Dossier,
    /// What the payment gateway settles; an item is a payment.
    Payment,
    /// What the post carries; an item is a parcel.
    Postal,
    /// What the National Public Service Portal knows.
    Portal,
    /// What the business registry answers.
    Enterprise,
    /// What a unit reports of itself on form II.06a: totals, no dossiers.
    Control,
}

impl FeedKind {
    /// Every kind with its name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("dossier", Self::Dossier),
        ("payment", Self::Payment),
        ("postal", Self::Postal),
        ("portal", Self::Portal),
        ("enterprise", Self::Enterprise),
        ("control", Self::Control),
    ];

    /// Returns the kind's name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// Whether a dossier has many items of this feed, each with a key of its own.
    pub fn has_items(self) -> bool {
        matches!(self, Self::Payment | Self::Postal)
    }

    /// Whether this feed may supply the column or input.
    pub fn may_supply(self, column: &str) -> bool {
        if self == Self::Control {
            return CONTROL.iter().any(|figure| figure.name == column);
        }
        owner(column) == Some(self)
            || (self == Self::Portal && PORTAL_TOO.contains(&column))
            || INPUTS.iter().any(|input| input.name == column)
            || matches!(column, "dossier_number" | "unit_code")
    }
}

const CHANNELS: &[&str] = &["online", "counter", "post", "other", "unknown"];
const APPLICANTS: &[&str] = &["citizen", "enterprise", "agency", "organisation", "unknown"];
const LEVELS: &[&str] = &["information", "partial", "full"];
const STATUS_NAMES: &[&str] =
    &["new", "processing", "supplement", "paused", "refused", "withdrawn", "completed"];
const PAYMENT_CHANNELS: &[&str] = &["paygov", "npsp", "transfer", "cash"];
const PAYMENT_STATUSES: &[&str] = &["paid", "unpaid", "refunded", "cancelled"];

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free text as written, in NFC: compared and dropped, or of our own making.
    Text,
    /// A number or code that somebody gave: nothing that could tell of a person.
    Identifier,
    /// The tax code of an enterprise; of anything else the shape.
    TaxCode,
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
            Self::Day => DataType::Date32,
            Self::Instant => instant_type(),
            Self::Integer => DataType::Int64,
            Self::Flag => DataType::Boolean,
            _ => DataType::Utf8,
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

/// The columns that the `dossier` feed owns.
const OF_DOSSIER: [Column; 26] = [
    column("dossier_number", Kind::Identifier),
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
    column("satisfaction_scale", Kind::Identifier),
    column("rated_on", Kind::Day),
    column("enterprise_code", Kind::TaxCode),
];

/// The columns that the `payment` feed owns: sums and flags over the payments of a dossier.
const OF_PAYMENT: [Column; 5] = [
    column("paid_vnd", Kind::Integer),
    column("paid_online", Kind::Flag),
    column("paid_on", Kind::Day),
    column("payment_channel", Kind::Code(PAYMENT_CHANNELS)),
    column("payment_status", Kind::Code(PAYMENT_STATUSES)),
];

/// The columns that the `postal` feed owns: flags and last days over the parcels of a dossier.
const OF_POSTAL: [Column; 4] = [
    column("post_in", Kind::Flag),
    column("post_out", Kind::Flag),
    column("post_handed_on", Kind::Day),
    column("post_delivered_on", Kind::Day),
];

/// The columns that the `portal` feed owns.
const OF_PORTAL: [Column; 8] = [
    column("portal_status", Kind::Code(STATUS_NAMES)),
    column("portal_received_on", Kind::Day),
    column("portal_due_on", Kind::Day),
    column("portal_completed_on", Kind::Day),
    column("portal_channel", Kind::Code(CHANNELS)),
    column("portal_synced", Kind::Flag),
    column("portal_fee_vnd", Kind::Integer),
    column("portal_paid_online", Kind::Flag),
];

/// The column that the `enterprise` feed owns.
const OF_ENTERPRISE: [Column; 1] = [column("enterprise_found", Kind::Flag)];

/// Columns of the `dossier` feed that the `portal` feed may tell, too.
const PORTAL_TOO: &[&str] = &["e_result", "digitised", "reused", "connected", "vneid"];

const OWNED: &[(FeedKind, &[Column])] = &[
    (FeedKind::Dossier, &OF_DOSSIER),
    (FeedKind::Payment, &OF_PAYMENT),
    (FeedKind::Postal, &OF_POSTAL),
    (FeedKind::Portal, &OF_PORTAL),
    (FeedKind::Enterprise, &OF_ENTERPRISE),
];

const N_SUPPLIED: usize =
    OF_DOSSIER.len() + OF_PAYMENT.len() + OF_POSTAL.len() + OF_PORTAL.len() + OF_ENTERPRISE.len();

/// Every column that an observation may supply, by owner.
pub const SUPPLIED: &[Column] = &supplied();

const fn supplied() -> [Column; N_SUPPLIED] {
    let mut all = [OF_DOSSIER[0]; N_SUPPLIED];
    let (mut at, mut owner) = (0, 0);
    while owner < OWNED.len() {
        let mut column = 0;
        while column < OWNED[owner].1.len() {
            all[at] = OWNED[owner].1[column];
            assert!(!matches!(all[at].kind, Kind::Text), "what is kept holds no free text");
            at += 1;
            column += 1;
        }
        owner += 1;
    }
    all
}

/// The figures of form II.06a, by the names of the measures that they are held against.
pub const CONTROL: &[Column] = &[
    column("handled", Kind::Integer),
    column("received_online", Kind::Integer),
    column("received_other", Kind::Integer),
    column("carried_over", Kind::Integer),
    column("resolved", Kind::Integer),
    column("resolved_early", Kind::Integer),
    column("resolved_on_time", Kind::Integer),
    column("late", Kind::Integer),
    column("open", Kind::Integer),
    column("open_in_term", Kind::Integer),
    column("overdue", Kind::Integer),
];

/// Inputs of a record that are no columns of the dossier: they place it, find its key or are
/// compared and dropped.
pub const INPUTS: &[Column] = &[
    column("event_time", Kind::Instant),
    column("item_key", Kind::Identifier),
    column("old_number", Kind::Identifier),
    column("portal_number", Kind::Identifier),
    column("reference_id", Kind::Identifier),
    column("submitted_files", Kind::Text),
    column("result_files", Kind::Text),
];

/// The columns that the fold derives from the others and from the reference data.
pub const DERIVED: &[Column] = &[
    column("field_code", Kind::Text),
    column("service_level", Kind::Code(LEVELS)),
    column("first_due_on", Kind::Day),
    column("overdue_from", Kind::Day),
    column("processing_days", Kind::Integer),
    column("days_to_due", Kind::Integer),
    column("enterprise_check", Kind::Flag),
    column("handling_days", Kind::Integer),
    column("service_has_fee", Kind::Flag),
    column("result_required", Kind::Flag),
    column("end_766_on", Kind::Day),
    column("late_766_from", Kind::Day),
    column("has_dossier", Kind::Flag),
    column("feeds", Kind::Text),
];

/// What is kept of each payment of a dossier, beside its key.
pub const PAYMENT: &[Column] = &OF_PAYMENT;

/// A time in which a dossier waits for papers or is paused: half-open days, the last of them null
/// while it goes on.
pub const PAUSE: &[Column] = &[
    column("paused_from", Kind::Day),
    column("paused_until", Kind::Day),
    column("pause_status", Kind::Code(&["supplement", "paused"])),
    column("overdue_paused_from", Kind::Day),
];

/// The columns of what a unit has delivered that a measure `of = "deliveries"` may use: of the
/// judgement that stands, in the month in which the period that it covers begins.
pub const DELIVERY: &[Column] = &[
    column("unit_code", Kind::Unit),
    column("feed", Kind::Text),
    column("period_start", Kind::Day),
    column("period_end", Kind::Day),
    column("read", Kind::Integer),
    column("rejected", Kind::Integer),
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

/// The statuses of a report, as `completeness` publishes them.
pub const REPORT_STATUSES: &[&str] =
    &["received", "on_time", "late", "quiet", "awaited", "missing", "not_expected"];

/// The columns of `completeness`: those that a measure `of = "reports"` may use.
pub const REPORT: &[Column] = &[
    column("unit_code", Kind::Unit),
    column("feed", Kind::Text),
    column("period_start", Kind::Day),
    column("period_end", Kind::Day),
    column("expected", Kind::Flag),
    column("received", Kind::Flag),
    column("status", Kind::Code(REPORT_STATUSES)),
    column("due_on", Kind::Day),
    column("received_on", Kind::Day),
    column("on_time", Kind::Flag),
    column("quiet", Kind::Flag),
];

/// Returns the kind of feed that owns a supplied column.
pub fn owner(column: &str) -> Option<FeedKind> {
    let owns = |columns: &[Column]| columns.iter().any(|owned| owned.name == column);
    OWNED.iter().find(|(_, columns)| owns(columns)).map(|(owner, _)| *owner)
}

/// Returns the columns of an item of this feed; none where a feed has no items.
pub fn item_columns(kind: FeedKind) -> impl Iterator<Item = &'static str> {
    let owned = OWNED.iter().filter(move |(owner, _)| *owner == kind && kind.has_items());
    owned.flat_map(|(_, columns)| columns.iter()).map(|column| column.name)
}

/// Everything that a profile may read: columns of the dossier, inputs, figures of a form.
pub fn readable() -> impl Iterator<Item = Column> {
    SUPPLIED.iter().chain(INPUTS).chain(CONTROL).copied()
}

/// Finds what a profile may read.
pub fn supplied_or_input(name: &str) -> Option<Column> {
    readable().find(|column| column.name == name)
}

/// Returns a bit for a supplied column, none for an input.
pub fn supplied_bit(name: &str) -> u64 {
    supplied_index(name).map_or(0, |at| 1 << at)
}

/// Returns the position of a supplied column.
pub fn supplied_index(name: &str) -> Option<usize> {
    SUPPLIED.iter().position(|column| column.name == name)
}

/// Returns the columns of `dossiers` that a measure may use.
pub fn of_dossiers() -> impl Iterator<Item = Column> {
    SUPPLIED.iter().chain(DERIVED).copied()
}

/// Returns the columns of a payment that a measure may use: its own, and those of its dossier.
pub fn of_payments() -> impl Iterator<Item = Column> {
    let is_own = |name: &str| PAYMENT.iter().any(|own| own.name == name);
    PAYMENT.iter().copied().chain(of_dossiers().filter(move |column| !is_own(column.name)))
}

/// Returns the columns of a pause that a measure may use: its own, and those of its dossier.
pub fn of_pauses() -> impl Iterator<Item = Column> {
    PAUSE.iter().copied().chain(of_dossiers())
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
