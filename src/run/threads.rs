//! Work that waits for polars, on threads of its own: a worker of the common pool that waits begins
//! other work meanwhile, so that more lies in memory at a time than there are threads.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};

/// Does some work for each of some things, as many at a time as there are cores; the first error
/// ends it. The results are in the order of the things.
pub(super) fn on_threads<T: Sync, R: Send, E: Send>(
    things: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let work_on = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(thing) = things.get(at) else { return Ok(done) };
            let result = work(thing);
            // The others stop at their next thing.
            let result = result.inspect_err(|_| next.store(things.len(), Ordering::Relaxed));
            done.push((at, result?));
        }
    };
    let n_threads = rayon::current_num_threads().min(things.len());
    let all: Result<Vec<Vec<(usize, R)>>, E> = thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work_on)).collect();
        threads.into_iter().map(end_of).collect()
    });
    let mut all: Vec<(usize, R)> = all?.into_iter().flatten().collect();
    all.sort_unstable_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

/// Waits for a thread; its panic is ours.
pub(super) fn end_of<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thing_is_worked_on_once_and_the_results_are_in_order() {
        let things: Vec<usize> = (0..1000).collect();
        let done = on_threads(&things, |thing| Ok::<_, ()>(thing * 2)).unwrap();
        assert_eq!(done, things.iter().map(|thing| thing * 2).collect::<Vec<_>>());
        assert!(on_threads(&[], |thing: &usize| Ok::<_, ()>(*thing)).unwrap().is_empty());
    }

    #[test]
    fn an_error_ends_the_work() {
        let things: Vec<usize> = (0..1000).collect();
        let work = |thing: &usize| if *thing == 500 { Err(*thing) } else { Ok(()) };
        assert_eq!(on_threads(&things, work), Err(500));
    }
}
