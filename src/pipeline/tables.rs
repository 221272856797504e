//! The Delta tables of a store and their schemas. A schema grows by nullable columns at its end.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};

use super::columns;

/// The Delta tables of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    Deliveries,
    Dossiers,
    Quarantine,
    Measures,
    Completeness,
    Indicators,
    Revisions,
    Trends,
}

impl Table {
    /// Every table, in the order in which a run writes them.
    pub const ALL: [Self; 8] = [
        Self::Dossiers,
        Self::Quarantine,
        Self::Deliveries,
        Self::Measures,
        Self::Completeness,
        Self::Indicators,
        Self::Revisions,
        Self::Trends,
    ];

    /// Returns the table's folder below the store's root.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Dossiers => "dossiers",
            Self::Quarantine => "quarantine",
            Self::Measures => "measures",
            Self::Completeness => "completeness",
            Self::Indicators => "indicators",
            Self::Revisions => "revisions",
            Self::Trends => "trends",
        }
    }

    /// Whether its files lie by cell, under the partition columns `cell_month` and `bucket`.
    pub fn is_celled(self) -> bool {
        matches!(self, Self::Dossiers | Self::Measures)
    }

    /// Returns the columns that its files hold: all but the partition columns.
    pub fn schema(self) -> SchemaRef {
        let fields: Fields = match self {
            Self::Deliveries => deliveries(),
            Self::Dossiers => dossiers(),
            Self::Quarantine => quarantine(),
            Self::Measures => measures(),
            Self::Completeness => completeness(),
            Self::Indicators => indicators(),
            Self::Revisions => revisions(),
            Self::Trends => trends(),
        }
        .into();
        Arc::new(Schema::new(fields))
    }
}

/// Where dossiers lie: the month of their number (or `undated`) and a bucket. Measures of the
/// service catalogue lie in the cell `catalogue`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    pub month: String,
    pub bucket: i32,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.month, self.bucket)
    }
}

impl FromStr for Cell {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.rsplit_once('/').map(|(month, bucket)| (month, bucket.parse()));
        let Some((month, Ok(bucket))) = parts else {
            return Err(format!("`{text}` is not a cell such as `2020-10/0`"));
        };
        Ok(Self { month: month.to_owned(), bucket })
    }
}

/// The columns of an observation beside its values: who said it, when, and which columns it
/// supplies (names joined by spaces).
pub fn observation_fields() -> Vec<Field> {
    vec![
        text("delivery"),
        integer("judgement"),
        text("feed"),
        text("item_key"),
        instant("event_time"),
        instant("observed_at"),
        day("period_end"),
        integer("hash"),
        list("marks"),
        text("supplied"),
    ]
}

/// The `history` column: every observation of a dossier, whole.
pub fn history_field() -> Field {
    let mut fields: Vec<Arc<Field>> = observation_fields().into_iter().map(Arc::new).collect();
    let values = DataType::Struct(columns::fields(columns::SUPPLIED).into());
    fields.push(Arc::new(Field::new("values", values, true)));
    structs("history", fields.into())
}

fn dossiers() -> Vec<Field> {
    let mut fields = vec![text("dossier_key")];
    let all = columns::SUPPLIED.iter().chain(columns::DERIVED);
    fields.extend(all.map(|column| Field::new(column.name, column.kind.data_type(), true)));
    let [payments, pauses] = [payments_field(), pauses_field()];
    fields.extend([list("marks"), payments, pauses, history_field()]);
    fields
}

/// The `payments` column: every payment of a dossier, folded.
pub fn payments_field() -> Field {
    let key = Arc::new(text("item_key"));
    let columns = columns::fields(columns::PAYMENT);
    structs("payments", std::iter::once(key).chain(columns).collect())
}

/// The `pauses` column: every time in which a dossier waits.
pub fn pauses_field() -> Field {
    structs("pauses", columns::fields(columns::PAUSE).into())
}

fn deliveries() -> Vec<Field> {
    vec![
        text("delivery"),
        text("unit_code"),
        text("feed"),
        integer("n"),
        text("name"),
        text("sha256"),
        text("slot"),
        integer("judgement"),
        text("profile_hash"),
        day("period_start"),
        day("period_end"),
        instant("observed_at"),
        text("outcome"),
        text("rule"),
        text("params"),
        integer("read"),
        integer("accepted"),
        integer("duplicate"),
        integer("rejected"),
        integer("out_of_scope"),
        list("cells"),
        list("unknown_headings"),
        text("format"),
        text("encoding"),
        text("notes"),
        text("control"),
        instant("landed_at"),
    ]
}

fn quarantine() -> Vec<Field> {
    vec![
        text("delivery"),
        integer("judgement"),
        text("unit_code"),
        text("feed"),
        integer("record"),
        integer("line"),
        text("rule"),
        text("column"),
        text("params"),
        integer("sheet"),
        text("dossier_key"),
    ]
}

fn measures() -> Vec<Field> {
    vec![
        text("unit_code"),
        text("procedure_code"),
        day("month"),
        text("measure"),
        integer("bin"),
        integer("value"),
    ]
}

fn completeness() -> Vec<Field> {
    columns::fields(columns::REPORT).iter().map(|field| field.as_ref().clone()).collect()
}

fn indicators() -> Vec<Field> {
    let mut fields = indicator_key();
    fields.extend(indicator_figure());
    fields.extend([text("unit_of_measure"), number("target"), flag("target_met")]);
    fields.extend(indicator_doubt());
    fields.extend([
        number("previous_value"),
        number("change"),
        number("year_ago_value"),
        number("year_change"),
        integer("rank"),
        integer("release"),
    ]);
    fields
}

fn revisions() -> Vec<Field> {
    let mut fields = indicator_key();
    fields.extend(indicator_figure());
    fields.extend(indicator_doubt());
    fields.extend([
        integer("release"),
        text("published_at"),
        text("cause"),
        integer("old_numerator"),
        integer("old_denominator"),
        number("old_value"),
        text("old_status"),
        text("deliveries"),
    ]);
    fields
}

fn trends() -> Vec<Field> {
    let mut fields = indicator_key();
    fields.extend([
        text("statistic"),
        number("value"),
        number("lower"),
        number("upper"),
        number("p_value"),
        integer("numerator"),
        integer("denominator"),
        day("day"),
        day("day_from"),
        day("day_until"),
        day("since"),
        integer("n_points"),
        text("note"),
    ]);
    fields
}

fn indicator_key() -> Vec<Field> {
    vec![
        text("indicator"),
        integer("definition_version"),
        text("scope"),
        text("unit_code"),
        text("field_code"),
        text("procedure_code"),
        text("period_kind"),
        day("period_start"),
        day("period_end"),
    ]
}

fn indicator_figure() -> Vec<Field> {
    vec![integer("numerator"), integer("denominator"), number("value"), text("components")]
}

fn indicator_doubt() -> Vec<Field> {
    vec![text("status"), flag("is_final"), integer("units_expected"), integer("units_included")]
}

fn structs(name: &str, fields: Fields) -> Field {
    let item = Field::new("item", DataType::Struct(fields), true);
    Field::new(name, DataType::List(Arc::new(item)), true)
}

fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

fn integer(name: &str) -> Field {
    Field::new(name, DataType::Int64, true)
}

fn number(name: &str) -> Field {
    Field::new(name, DataType::Float64, true)
}

fn flag(name: &str) -> Field {
    Field::new(name, DataType::Boolean, true)
}

fn day(name: &str) -> Field {
    Field::new(name, DataType::Date32, true)
}

fn instant(name: &str) -> Field {
    Field::new(name, columns::instant_type(), true)
}

fn list(name: &str) -> Field {
    Field::new(name, DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))), true)
}
