//! Observations and rejects between judging and folding: on disk, in one temporary file without a
//! name, so that memory follows neither a delivery nor a cell.
//!
//! The observations of a delivery lie in sorted runs, each cut by cell into blocks of whole dossiers.
//! Where its blocks lie is put aside, too, in a list for each cell.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::StreamWriter;
use serde::{Deserialize, Serialize};
use zstd::bulk::{Compressor, Decompressor};

use crate::dossiers::Arranged;
use crate::normalise::Observations;
use crate::pipeline::tables::Cell;

/// How many observations are sorted at a time.
pub(super) const ROWS_IN_A_RUN: usize = if cfg!(test) { 3 } else { 64 << 10 };
/// About how many observations are read at a time.
const ROWS_IN_A_BLOCK: usize = if cfg!(test) { 1 } else { 2 << 10 };
/// About how many observations are folded at a time.
const ROWS_FOLDED: usize = if cfg!(test) { 2 } else { 32 << 10 };

/// So little that compressing costs no more than writing the plain bytes (docs/decisions/0016).
const ZSTD_LEVEL: i32 = -1;

thread_local! {
    // To make either costs more than to use it on a block.
    static COMPRESSOR: RefCell<Compressor<'static>> =
        RefCell::new(Compressor::new(ZSTD_LEVEL).expect("zstd has the level"));
    static DECOMPRESSOR: RefCell<Decompressor<'static>> =
        RefCell::new(Decompressor::new().expect("there is memory"));
}

/// A temporary file that batches are put into from all sides.
#[derive(Debug)]
pub(super) struct Spill {
    file: File,
    end: AtomicU64,
}

/// Where bytes lie, and how many they are compressed and plain.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Place {
    offset: u64,
    n_bytes: u32,
    n_plain: u32,
}

impl Spill {
    /// Makes the file.
    pub(super) fn new() -> anyhow::Result<Self> {
        let file = tempfile::tempfile().with_context(|| {
            let folder = std::env::temp_dir();
            let folder = folder.display();
            format!(
                "failed to make a temporary file in `{folder}`: `TMPDIR` must name a folder that can \
                 be written to"
            )
        })?;
        Ok(Self { file, end: AtomicU64::new(0) })
    }

    /// Puts a batch aside.
    pub(super) fn put(&self, batch: &RecordBatch) -> anyhow::Result<Place> {
        let plain = || -> Result<Vec<u8>, ArrowError> {
            let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
            writer.write(batch)?;
            writer.into_inner()
        };
        self.put_bytes(&plain().context("failed to put a batch aside")?)
    }

    /// Reads a batch back.
    pub(super) fn get(&self, place: Place) -> anyhow::Result<RecordBatch> {
        let mut plain = Buffer::from_vec(self.get_bytes(place)?);
        let batch = StreamDecoder::new().decode(&mut plain).transpose();
        let cut_off = || ArrowError::from(io::Error::from(io::ErrorKind::UnexpectedEof));
        batch.unwrap_or_else(|| Err(cut_off())).context("failed to take a batch back")
    }

    fn put_bytes(&self, plain: &[u8]) -> anyhow::Result<Place> {
        let put = || -> io::Result<Place> {
            let bytes = COMPRESSOR.with_borrow_mut(|zstd| zstd.compress(plain))?;
            let [n_bytes, n_plain] = [bytes.len(), plain.len()].map(u32::try_from);
            let too_large = |_error| io::Error::from(io::ErrorKind::FileTooLarge);
            let (n_bytes, n_plain) = (n_bytes.map_err(too_large)?, n_plain.map_err(too_large)?);
            let offset = self.end.fetch_add(u64::from(n_bytes), Ordering::Relaxed);
            self.file.write_all_at(&bytes, offset)?;
            Ok(Place { offset, n_bytes, n_plain })
        };
        put().with_context(|| {
            let folder = std::env::temp_dir();
            format!("failed to write to a temporary file in `{}`", folder.display())
        })
    }

    fn get_bytes(&self, place: Place) -> anyhow::Result<Vec<u8>> {
        let get = || -> io::Result<Vec<u8>> {
            let mut bytes = vec![0; place.n_bytes as usize];
            self.file.read_exact_at(&mut bytes, place.offset)?;
            DECOMPRESSOR.with_borrow_mut(|zstd| zstd.decompress(&bytes, place.n_plain as usize))
        };
        get().context("failed to read back from a temporary file")
    }
}

/// Observations of one cell in order, and where they lie.
#[derive(Debug, Serialize, Deserialize)]
struct Block {
    first_key: String,
    place: Place,
}

/// The observations of a delivery, by cell.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// Where the list of the blocks of a cell lies: there are many of them, of every run one a cell.
    blocks: BTreeMap<Cell, Place>,
    /// How many there are, without what a run had twice.
    pub(super) n_observations: i64,
    /// How many the runs had twice.
    pub(super) n_duplicates: i64,
    n_runs: usize,
}

impl Runs {
    /// Returns the cells that they lie in.
    pub(super) fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.blocks.keys()
    }

    /// Reads the list of the blocks of a cell.
    fn blocks(&self, cell: &Cell, spill: &Spill) -> anyhow::Result<Vec<Block>> {
        let Some(place) = self.blocks.get(cell) else { return Ok(Vec::new()) };
        serde_json::from_slice(&spill.get_bytes(*place)?).context("failed to read a list of blocks")
    }

    /// Counts what one run says and another says again.
    pub(super) fn count_repeated(&self, spill: &Spill) -> anyhow::Result<i64> {
        let mut n_repeated = 0;
        for cell in self.cells().filter(|_| self.n_runs > 1) {
            for part in Sweep::new(spill, cell, [self])? {
                n_repeated += part?.without_duplicates().1.values().sum::<i64>();
            }
        }
        Ok(n_repeated)
    }
}

/// Sorts the observations of a delivery run by run.
pub(super) struct RunWriter<'a> {
    spill: &'a Spill,
    blocks: BTreeMap<Cell, Vec<Block>>,
    runs: Runs,
}

impl<'a> RunWriter<'a> {
    pub(super) fn new(spill: &'a Spill) -> Self {
        Self { spill, blocks: BTreeMap::new(), runs: Runs::default() }
    }

    /// Sorts observations into a run.
    pub(super) fn push(&mut self, observations: &Observations) -> anyhow::Result<()> {
        self.runs.n_runs += 1;
        for (cell, part) in Arranged::by_cell(observations) {
            let (part, n_repeated) = part.without_duplicates();
            self.runs.n_duplicates += n_repeated.values().sum::<i64>();
            self.runs.n_observations += part.len() as i64;
            let blocks = self.blocks.entry(cell).or_default();
            for block in part.cut(ROWS_IN_A_BLOCK) {
                let place = self.spill.put(&block.compact())?;
                blocks.push(Block { first_key: block.first_key().to_owned(), place });
            }
        }
        Ok(())
    }

    /// Ends the runs.
    pub(super) fn finish(mut self) -> anyhow::Result<Runs> {
        // What is returned is kept until all deliveries of the batch are folded.
        for (cell, blocks) in self.blocks {
            let list = serde_json::to_vec(&blocks).context("failed to write a list of blocks")?;
            self.runs.blocks.insert(cell, self.spill.put_bytes(&list)?);
        }
        Ok(self.runs)
    }
}

/// The observations of a cell out of many runs, part by part: each of whole dossiers, by ascending
/// key. A block is read when its first key is reached.
pub(super) struct Sweep<'a> {
    spill: &'a Spill,
    /// By first key, the next at the end.
    blocks: Vec<Block>,
    /// What is read and not yielded yet.
    read: Vec<Arranged>,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(
        spill: &'a Spill,
        cell: &Cell,
        runs: impl IntoIterator<Item = &'a Runs>,
    ) -> anyhow::Result<Self> {
        let mut blocks = Vec::new();
        for runs in runs {
            blocks.extend(runs.blocks(cell, spill)?);
        }
        blocks.sort_by(|a, b| b.first_key.cmp(&a.first_key));
        Ok(Self { spill, blocks, read: Vec::new() })
    }

    fn read(&mut self) -> anyhow::Result<Option<Arranged>> {
        let mut n_read: usize = self.read.iter().map(Arranged::len).sum();
        while let Some(block) = self.blocks.pop() {
            let batch = Arranged::from_compact(&self.spill.get(block.place)?);
            n_read += batch.len();
            self.read.push(batch);
            let Some(next) = self.blocks.last() else { break };
            if n_read < ROWS_FOLDED {
                continue;
            }
            // What is before the next block's first key is whole.
            let n_whole: usize = self.read.iter().map(|part| part.n_before(&next.first_key)).sum();
            if n_whole * 2 > ROWS_FOLDED {
                let key = next.first_key.clone();
                return Ok(Some(self.take_before(&key)));
            }
        }
        let rest = std::mem::take(&mut self.read);
        Ok(Some(Arranged::together(&rest)).filter(|rest| !rest.is_empty()))
    }

    fn take_before(&mut self, key: &str) -> Arranged {
        let parts = std::mem::take(&mut self.read);
        let (before, rest): (Vec<_>, Vec<_>) =
            parts.iter().map(|part| part.split_before(key)).unzip();
        self.read = rest.into_iter().filter(|part| !part.is_empty()).collect();
        Arranged::together(&before)
    }
}

impl Iterator for Sweep<'_> {
    type Item = anyhow::Result<Arranged>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
