//! Reads the quarantine: the rejected records of judgements that stand.

use anyhow::Context as _;
use arrow::array::Array as _;
use arrow::array::RecordBatch;
use arrow::array::cast::AsArray as _;
use arrow::datatypes::Int64Type;
use serde_json::{Value, json};

use crate::pipeline::Pipeline;
use crate::pipeline::rules::{Language, Params, message};
use crate::pipeline::tables::Table;
use crate::store::Store;
use crate::store::table::Snapshot;

use super::ledger::{Judgement, Ledger};
use super::mended;

/// A rejected record.
#[derive(Debug, Clone)]
pub struct Reject {
    pub unit: String,
    pub delivery: String,
    /// The delivery's name at its source.
    pub name: String,
    pub record: i64,
    pub line: i64,
    /// The sheet of a workbook of several.
    pub sheet: Option<i64>,
    pub rule: String,
    pub column: Option<String>,
    pub params: Params,
    /// The key of its dossier, where its number could be read.
    pub dossier_key: Option<String>,
    /// Whether a later delivery of its feed tells of its dossier.
    pub is_mended: bool,
}

impl Reject {
    /// Returns the id by which `quarantine show` finds it.
    pub fn id(&self) -> String {
        format!("{}#{}", self.delivery, self.record)
    }

    /// Tells why the record was rejected.
    pub fn reason(&self, language: Language) -> String {
        message(&self.rule, &self.params, language)
    }

    /// Returns it as JSON, with the reason in both languages.
    pub fn json(&self) -> Value {
        json!({
            "id": self.id(),
            "unit_code": self.unit,
            "delivery": self.delivery,
            "name": self.name,
            "record": self.record,
            "line": self.line,
            "sheet": self.sheet,
            "rule": self.rule,
            "column": self.column,
            "params": self.params,
            "mended": self.is_mended,
            "reason_vi": self.reason(Language::Vietnamese),
            "reason_en": self.reason(Language::English),
        })
    }
}

/// Which rejects to read.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub unit: Option<String>,
    pub rule: Option<String>,
}

/// Reads the rejects of the judgements that stand, by delivery and record, mended ones among them.
pub fn read(pipeline: &Pipeline, store: &Store, filter: &Filter) -> anyhow::Result<Vec<Reject>> {
    let ledger = Ledger::read(store)?;
    let snapshot = store.snapshot(Table::Quarantine).context("failed to read the quarantine")?;
    let mut rejects = Vec::new();
    for judgement in ledger.judgements() {
        let is_wanted = filter.unit.as_ref().is_none_or(|unit| *unit == judgement.unit);
        let is_wanted = is_wanted && ledger.replaced_by(judgement).is_none();
        if is_wanted {
            rejects.extend(of_judgement(judgement, &snapshot, store)?);
        }
    }
    rejects.retain(|reject| filter.rule.as_ref().is_none_or(|rule| *rule == reject.rule));
    let dossiers = store.snapshot(Table::Dossiers).context("failed to read the dossiers")?;
    mended::mark(&mut rejects, &ledger, pipeline, &dossiers, store)?;
    rejects.sort_by(|a, b| (&a.delivery, a.record).cmp(&(&b.delivery, b.record)));
    Ok(rejects)
}

/// Reads the rejects of a judgement.
pub(super) fn of_judgement(
    judgement: &Judgement,
    quarantine: &Snapshot,
    store: &Store,
) -> anyhow::Result<Vec<Reject>> {
    let name = format!("{}.parquet", judgement.file_name());
    let file = quarantine.files.iter().find(|file| file.path == name);
    let mut rejects = Vec::new();
    for batch in file
        .map(|file| store.read(Table::Quarantine, file, None))
        .transpose()?
        .into_iter()
        .flatten()
    {
        rejects.extend(rows(&batch?, &judgement.name)?);
    }
    Ok(rejects)
}

fn rows(batch: &RecordBatch, name: &str) -> anyhow::Result<Vec<Reject>> {
    let column = |name: &str| batch.column_by_name(name).expect("the store checks the schema");
    let text = |name: &str, row: usize| column(name).as_string::<i32>().value(row).to_owned();
    let integer = |name: &str, row: usize| column(name).as_primitive::<Int64Type>().value(row);
    let read = |row: usize| {
        let params = serde_json::from_str(&text("params", row));
        Ok(Reject {
            unit: text("unit_code", row),
            delivery: text("delivery", row),
            name: name.to_owned(),
            record: integer("record", row),
            line: integer("line", row),
            sheet: column("sheet").is_valid(row).then(|| integer("sheet", row)),
            rule: text("rule", row),
            column: column("column").is_valid(row).then(|| text("column", row)),
            params: params.context("the quarantine holds parameters that are not JSON")?,
            dossier_key: column("dossier_key").is_valid(row).then(|| text("dossier_key", row)),
            is_mended: false,
        })
    };
    (0..batch.num_rows()).map(read).collect()
}
