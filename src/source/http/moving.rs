//! Lists that are read by place: one that moves in between must neither lose a record nor lead
//! round in circles.

use super::super::Fault;
use super::Http;
use super::cursor::{Next, Walk};
use super::page::{Page, Record};
use super::walk::Reading;

/// A list that moves so often while it is read cannot be read.
const MAX_BACK: u64 = 1000;

impl Http<'_> {
    /// A page counts once the page before it is the same after it as before it: records of a list
    /// that moved in between would be lost. Else reading goes on from the last page that is.
    pub(super) async fn step_by_number(
        &self,
        page: Page,
        number: u64,
        first: u64,
        is_still: bool,
        reading: &mut Reading<'_>,
    ) -> Result<(), Fault> {
        // What is still while it is read may have moved since another day.
        if number > first && (!is_still || reading.is_resumed) {
            let kept = self.look_back(number - 1, first, reading).await?;
            if kept.is_none_or(|kept| kept + 1 < number) {
                match kept {
                    Some(kept) => reading.walk.next = Next::Number(kept + 1),
                    None => self.begin_again(reading),
                }
                return Ok(());
            }
        }
        let (hash, is_last) = (page.hash(), page.records.is_empty());
        let before = self.seen.borrow_mut().put_page(number, hash);
        if !is_last && before == Some(hash) {
            return Err(self.repeated(reading));
        }
        self.take(page, reading)?;
        reading.is_ended = is_last || (is_still && reading.is_complete());
        reading.walk.next = Next::Number(number + 1);
        Ok(())
    }

    /// Goes back to the last page that is as it was read, and returns its number; `None` where
    /// nobody remembers the pages before, or there are none.
    async fn look_back(
        &self,
        mut number: u64,
        first: u64,
        reading: &mut Reading<'_>,
    ) -> Result<Option<u64>, Fault> {
        loop {
            let walk = Walk { next: Next::Number(number), ..Walk::new() };
            let url = self.page_url(reading.list, &reading.cursor, &walk)?;
            let page = self.page(&url, number + 1 - first, reading.list).await?;
            if self.seen.borrow_mut().is_page(number, page.hash()) {
                return Ok(Some(number));
            }
            if reading.is_resumed {
                return Ok(None);
            }
            self.count_back(reading)?;
            self.take(page, reading)?;
            if number == first {
                return Ok(Some(number));
            }
            number -= 1;
        }
    }

    /// The records that a page is asked for again must be among those seen: else the list has moved
    /// and reading goes back to where it went on.
    pub(super) fn step_by_offset(
        &self,
        page: Page,
        overlap: u64,
        reading: &mut Reading<'_>,
    ) -> Result<(), Fault> {
        let (at, joins, is_back) = match reading.walk.next {
            Next::Offset { at, overlap, is_back } => (at, overlap, is_back),
            _ => (0, 0, false),
        };
        let n_records = page.records.len() as u64;
        let is_seen = |record: &Record| self.seen.borrow().has(record);
        if joins > 0 && !page.records.iter().take(joins as usize).any(is_seen) {
            // Records before this place are gone: those after it have moved there.
            self.count_back(reading)?;
            let back = at.saturating_sub((reading.walk.tail.len() as u64).max(1));
            let next = Next::Offset { at: back, overlap: joins.min(back), is_back: true };
            reading.walk.next = next;
            return Ok(());
        }
        let is_new = !page.records.iter().all(is_seen);
        let is_repeated = self.seen.borrow_mut().is_repeated(&page);
        // As many records may have come before this place as were skipped: but not each time.
        if !is_new && n_records > joins && !is_back && is_repeated {
            let mut seen = self.seen.borrow_mut();
            seen.n_same += 1;
            if seen.n_same > 1 {
                return Err(self.repeated(reading));
            }
        }
        let is_past_all = page.total.is_some_and(|total| at + n_records >= total);
        self.take(page, reading)?;
        reading.is_ended = (!is_new && n_records <= joins) || n_records == 0 || is_past_all;
        let overlap = overlap.min(n_records.saturating_sub(1));
        reading.walk.next = Next::Offset { at: at + n_records - overlap, overlap, is_back: false };
        Ok(())
    }

    /// A page that was read before leads round in circles.
    pub(super) fn refuse_repeated(&self, page: &Page, reading: &Reading<'_>) -> Result<(), Fault> {
        if self.seen.borrow_mut().is_repeated(page) { Err(self.repeated(reading)) } else { Ok(()) }
    }

    fn repeated(&self, reading: &Reading<'_>) -> Fault {
        let what = format!("page {} holds the same as a page before", reading.walk.n_pages + 1);
        Fault::lasting(what)
            .advise("look whether the parameters are those that the server knows")
            .while_doing(self.after(reading))
    }

    fn count_back(&self, reading: &Reading<'_>) -> Result<(), Fault> {
        let mut seen = self.seen.borrow_mut();
        seen.n_back += 1;
        if seen.n_back <= MAX_BACK {
            return Ok(());
        }
        Err(Fault::lasting("the list moves faster than it can be read")
            .advise("read it at a quiet hour, or by cursor")
            .while_doing(self.after(reading)))
    }
}
