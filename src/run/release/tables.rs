//! The tables of a release made one indicator after the other: each is computed, compared with what
//! was published, read beside other rows, and encoded, before the next ones are begun.

use std::collections::BTreeSet;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use crate::indicators::compute::Figures;
use crate::indicators::reading::add_readings;
use crate::indicators::revise::{Changes, Revision, revise_each};
use crate::indicators::{Indicators, Revisions, trend};
use crate::pipeline::Pipeline;
use crate::pipeline::tables::Table;
use crate::run::Options;
use crate::run::final_changed::FinalChanged;
use crate::run::threads::end_of;
use crate::store::StoreError;
use crate::store::parquet::Spooled;

use super::published::Published;

/// The tables whose rows come by indicator.
const BY_INDICATOR: [Table; 3] = [Table::Indicators, Table::Revisions, Table::Trends];
/// How many batches may wait for what encodes them: none, beside the one that is encoded.
const WAITING: usize = 0;
const REVISIONS_AT_A_TIME: usize = 8 << 10;

/// What the tables are made from.
pub(super) struct Making<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) options: &'a Options,
    pub(super) figures: &'a Figures<'a>,
    /// What the rows are compared with.
    pub(super) published: &'a Published<'a>,
    pub(super) trends: &'a Published<'a>,
    pub(super) changes: &'a Changes,
    /// The number of the release, and when it is published.
    pub(super) release: (i64, &'a str),
}

/// The tables, and what is told of their rows.
pub(super) struct Made {
    pub(super) files: Vec<Spooled>,
    pub(super) told: Told,
}

/// What is told of some rows.
#[derive(Default)]
pub(super) struct Told {
    pub(super) n_changed: usize,
    /// Whether a row is read otherwise than it was published, whatever its figure: beside another
    /// target, or in another trend.
    pub(super) is_read_otherwise: bool,
    pub(super) final_changed: FinalChanged,
    /// The rows of the headline's indicators.
    headline: Vec<RecordBatch>,
}

impl Told {
    /// Returns the rows of the headline's indicators.
    pub(super) fn headline(&self) -> anyhow::Result<Indicators> {
        let rows = concat_batches(&Table::Indicators.schema(), &self.headline)?;
        Ok(Indicators::from_batch(rows)?)
    }
}

/// An indicator's rows of each table.
struct Part {
    rows: [Vec<RecordBatch>; BY_INDICATOR.len()],
    n_changed: usize,
    is_read_otherwise: bool,
    final_changed: FinalChanged,
}

/// Revisions made into rows, some at a time: of a first release there is one for each figure.
struct Revised<'a> {
    making: &'a Making<'a>,
    waiting: Vec<Revision>,
    rows: Vec<RecordBatch>,
    n: usize,
    final_changed: FinalChanged,
}

impl<'a> Revised<'a> {
    fn new(making: &'a Making<'a>) -> Self {
        let (waiting, rows, final_changed) = (Vec::new(), Vec::new(), FinalChanged::default());
        Self { making, waiting, rows, n: 0, final_changed }
    }

    fn add(&mut self, revision: Revision) {
        self.waiting.push(revision);
        if self.waiting.len() == REVISIONS_AT_A_TIME {
            self.make_rows();
        }
    }

    fn make_rows(&mut self) {
        let Making { pipeline, release: (number, published_at), .. } = *self.making;
        self.n += self.waiting.len();
        self.final_changed.add(FinalChanged::of(&self.waiting, &pipeline.definitions));
        let rows = Revisions::from_rows(&self.waiting, number, published_at);
        self.rows.push(rows.batch().clone());
        self.waiting.clear();
    }
}

impl Making<'_> {
    /// Makes the tables; they lie nowhere yet.
    pub(super) fn make(&self) -> anyhow::Result<Made> {
        thread::scope(|scope| {
            let encode = |table: Table| {
                let (sender, rows) = sync_channel::<RecordBatch>(WAITING);
                let rows = rows.into_iter().map(Ok::<_, StoreError>);
                (sender, scope.spawn(move || Spooled::new(table, None, rows)))
            };
            let (senders, encoders): (Vec<_>, Vec<_>) =
                BY_INDICATOR.into_iter().map(encode).unzip();
            let told = self.send(&senders);
            drop(senders);
            let files = encoders.into_iter().map(end_of).collect::<Result<_, _>>()?;
            Ok(Made { files, told: told? })
        })
    }

    /// Sends the rows of each indicator to what encodes them, in order.
    fn send(&self, senders: &[SyncSender<RecordBatch>]) -> anyhow::Result<Told> {
        let mut told = Told::default();
        let defined = self.pipeline.definitions.indicators.keys().map(String::as_str);
        let ids: BTreeSet<&str> = defined.chain(self.published.ids()).collect();
        for id in ids {
            let part = self.part(id)?;
            told.n_changed += part.n_changed;
            told.is_read_otherwise |= part.is_read_otherwise;
            told.final_changed.add(part.final_changed);
            let [indicators, ..] = &part.rows;
            if self.pipeline.settings.headline.iter().any(|known| known.value == id) {
                told.headline.extend(indicators.iter().cloned());
            }
            for (sender, rows) in senders.iter().zip(part.rows) {
                for rows in rows {
                    if sender.send(rows).is_err() {
                        // What encodes has failed, and tells why.
                        return Ok(told);
                    }
                }
            }
        }
        Ok(told)
    }

    fn part(&self, id: &str) -> anyhow::Result<Part> {
        let Self { pipeline, options, changes, release: (number, _), .. } = *self;
        let mut rows = self.figures.of(id);
        let published = self.published.of(id)?;
        let mut revised = Revised::new(self);
        revise_each(&mut rows, &published, number, changes, |revision| revised.add(revision));
        revised.make_rows();
        let Revised { rows: told, n: n_changed, final_changed, .. } = revised;
        // Where figures differ it makes no odds how they were read.
        let published = (n_changed == 0).then_some(published);
        add_readings(&mut rows, pipeline, options.as_of);
        let (indicators, trends) = rayon::join(
            || Indicators::from_rows(&rows),
            || trend::batch(&trend::trends(&rows, pipeline, options.as_of)),
        );
        let is_read_otherwise = match published {
            Some(published) => indicators != published || trends != self.trends.rows(id)?,
            None => false,
        };
        Ok(Part {
            is_read_otherwise,
            rows: [vec![indicators.batch().clone()], told, vec![trends]],
            n_changed,
            final_changed,
        })
    }
}
