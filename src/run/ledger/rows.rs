//! Judgements as rows of the ledger, written and read back.

use std::sync::Arc;

use anyhow::Context as _;
use arrow::array::cast::AsArray as _;
use arrow::array::{
    Array as _, ArrayRef, Date32Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{Date32Type, Int64Type, TimestampMicrosecondType};
use chrono::NaiveDate;

use crate::decode::Written;
use crate::normalise::Fates;
use crate::pipeline::encoding::Encoding;
use crate::pipeline::rules::Refusal;
use crate::pipeline::tables::Table;

use super::Judgement;

/// Makes the ledger row of a judgement.
pub(in crate::run) fn row(judgement: &Judgement) -> RecordBatch {
    let text = |text: Option<&str>| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let integer = |number: i64| Arc::new(Int64Array::from(vec![number])) as ArrayRef;
    let day = |day: Option<NaiveDate>| {
        Arc::new(Date32Array::from(vec![day.map(Date32Type::from_naive_date)])) as ArrayRef
    };
    let instant = |micros: Option<i64>| {
        Arc::new(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC")) as ArrayRef
    };
    let (refusal, written) = (judgement.refusal.as_ref(), judgement.written.as_ref());
    let params = refusal.map(|r| serde_json::to_string(&r.params).expect("texts by text are JSON"));
    let control = judgement.control.as_ref();
    let control = control.map(|c| serde_json::to_string(c).expect("numbers by text are JSON"));
    let Fates { read, accepted, duplicate, rejected, out_of_scope } = judgement.fates;
    let columns = vec![
        text(Some(&judgement.delivery())),
        text(Some(&judgement.unit)),
        text(Some(&judgement.feed)),
        integer(judgement.n),
        text(Some(&judgement.name)),
        text(Some(&judgement.sha256)),
        text(judgement.slot.as_deref()),
        integer(judgement.judgement),
        text(Some(&judgement.profile_hash)),
        day(judgement.period.map(|(start, _)| start)),
        day(judgement.period.map(|(_, end)| end)),
        instant(judgement.observed_at),
        text(Some(if refusal.is_none() { "accepted" } else { "refused" })),
        text(refusal.map(|refusal| refusal.rule.as_str())),
        text(params.as_deref()),
        integer(read),
        integer(accepted),
        integer(duplicate),
        integer(rejected),
        integer(out_of_scope),
        list(judgement.cells.iter().map(ToString::to_string)),
        list(judgement.unknown_headings.iter().cloned()),
        text(written.map(|written| written.format.as_str())),
        text(written.map(|written| written.encoding.name())),
        text(Some(&serde_json::to_string(&judgement.notes).expect("texts by text are JSON"))),
        text(control.as_deref()),
        instant(judgement.landed_at),
    ];
    RecordBatch::try_new(Table::Deliveries.schema(), columns).expect("one value a column")
}

fn list(texts: impl Iterator<Item = String>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    texts.for_each(|text| builder.values().append_value(text));
    builder.append(true);
    Arc::new(builder.finish())
}

/// Reads ledger rows back.
pub(super) fn judgements(batch: &RecordBatch) -> anyhow::Result<Vec<Judgement>> {
    let column = |name: &str| batch.column_by_name(name).expect("the store checks the schema");
    let text = |name: &str, row: usize| {
        let texts = column(name).as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row).to_owned())
    };
    let integer = |name: &str, row: usize| column(name).as_primitive::<Int64Type>().value(row);
    let day = |name: &str, row: usize| {
        let days = column(name).as_primitive::<Date32Type>();
        days.is_valid(row).then(|| Date32Type::to_naive_date_opt(days.value(row))).flatten()
    };
    let instant = |name: &str, row: usize| {
        let instants = column(name).as_primitive::<TimestampMicrosecondType>();
        instants.is_valid(row).then(|| instants.value(row))
    };
    let texts = |name: &str, row: usize| {
        let values = column(name).as_list::<i32>().value(row);
        values.as_string::<i32>().iter().flatten().map(str::to_owned).collect::<Vec<_>>()
    };
    let read = |row: usize| {
        let params = text("params", row).map(|params| serde_json::from_str(&params)).transpose();
        let params = params.context("the ledger holds parameters that are not JSON")?;
        let notes = text("notes", row).map_or(Ok(Vec::new()), |notes| serde_json::from_str(&notes));
        let control = text("control", row).map(|figures| serde_json::from_str(&figures));
        let control = control.transpose();
        let written = |format| {
            let encoding = Encoding::of_name(&text("encoding", row)?)?;
            Some(Written { format, encoding })
        };
        let cells = texts("cells", row).iter().map(|cell| cell.parse()).collect::<Result<_, _>>();
        Ok(Judgement {
            unit: text("unit_code", row).unwrap_or_default(),
            feed: text("feed", row).unwrap_or_default(),
            n: integer("n", row),
            name: text("name", row).unwrap_or_default(),
            sha256: text("sha256", row).unwrap_or_default(),
            slot: text("slot", row),
            judgement: integer("judgement", row),
            profile_hash: text("profile_hash", row).unwrap_or_default(),
            period: day("period_start", row).zip(day("period_end", row)),
            observed_at: instant("observed_at", row),
            refusal: text("rule", row)
                .map(|rule| Refusal { rule, params: params.unwrap_or_default() }),
            fates: Fates {
                read: integer("read", row),
                accepted: integer("accepted", row),
                duplicate: integer("duplicate", row),
                rejected: integer("rejected", row),
                out_of_scope: integer("out_of_scope", row),
            },
            cells: cells.map_err(anyhow::Error::msg)?,
            unknown_headings: texts("unknown_headings", row),
            written: text("format", row).and_then(written),
            control: control.context("the ledger holds figures that are not JSON")?,
            notes: notes.context("the ledger holds notes that are not JSON")?,
            landed_at: instant("landed_at", row),
        })
    };
    (0..batch.num_rows()).map(read).collect()
}
