//! Rejects: the records that go to quarantine, with their place, rule and masked parameters.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder, RecordBatch, StringBuilder};

use crate::decode::RecordPlace;
use crate::pipeline::tables::Table;

use super::Origin;
use super::value::Breach;

/// A batch of rejected records, with the columns of the quarantine table.
#[derive(Debug, Clone)]
pub struct Rejects(RecordBatch);

impl Rejects {
    /// Returns the batch.
    pub fn batch(&self) -> &RecordBatch {
        &self.0
    }
}

/// Builds the rejects of one delivery.
pub(super) struct RejectsBuilder<'a> {
    origin: &'a Origin,
    numbers: [Int64Builder; 4],
    texts: [StringBuilder; 7],
}

impl<'a> RejectsBuilder<'a> {
    pub(super) fn new(origin: &'a Origin) -> Self {
        Self { origin, numbers: Default::default(), texts: Default::default() }
    }

    /// Adds a record, with the key of its dossier where its number could be read.
    pub(super) fn push(
        &mut self,
        place: RecordPlace,
        column: Option<&str>,
        breach: &Breach,
        key: Option<&str>,
    ) {
        let [judgements, records, lines, sheets] = &mut self.numbers;
        judgements.append_value(self.origin.judgement);
        records.append_value(place.record);
        lines.append_value(place.line);
        sheets.append_option(place.sheet);
        let [deliveries, units, feeds, rules, columns, params, keys] = &mut self.texts;
        deliveries.append_value(&self.origin.delivery);
        units.append_value(&self.origin.unit);
        feeds.append_value(&self.origin.feed);
        rules.append_value(breach.0);
        columns.append_option(column);
        params.append_value(serde_json::to_string(&breach.1).expect("texts by text are JSON"));
        keys.append_option(key);
    }

    pub(super) fn finish(self) -> Rejects {
        let [judgements, records, lines, sheets] =
            self.numbers.map(|mut numbers| Arc::new(numbers.finish()) as ArrayRef);
        let [deliveries, units, feeds, rules, columns, params, keys] =
            self.texts.map(|mut texts| Arc::new(texts.finish()) as ArrayRef);
        let columns = vec![
            deliveries, judgements, units, feeds, records, lines, rules, columns, params, sheets,
            keys,
        ];
        let batch = RecordBatch::try_new(Table::Quarantine.schema(), columns);
        Rejects(batch.expect("each column was given one value a reject"))
    }
}
