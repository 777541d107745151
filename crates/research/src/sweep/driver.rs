//! Work on all cores.
//!
//! The only place in this crate that knows threads. Each piece of work depends on its number alone,
//! so what comes of it is the same whoever does it; only the order in which pieces end varies, and
//! nothing may depend on that. This module must not know what the work is.

use std::{
    num::NonZeroUsize,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::sync_channel,
    },
    thread,
};

/// Does every piece of work and hands each result to `done`, on the caller's thread and in the
/// order in which they end. After the first error of `done` no further piece is begun.
pub(super) fn each<T: Send, E>(
    threads: NonZeroUsize,
    pieces: &[usize],
    work: &(impl Fn(usize) -> T + Sync),
    mut done: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (tell, heard) = sync_channel(threads.get());
    thread::scope(|scope| {
        for _ in 0..threads.get().min(pieces.len()) {
            let (tell, next, stop) = (tell.clone(), &next, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        return;
                    };
                    if tell.send(work(*piece)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        // Dropped before the scope waits for its threads, so that none waits to be heard.
        let heard = heard;
        heard.iter().try_for_each(|result| {
            let outcome = done(result);
            if outcome.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            outcome
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn threads(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).unwrap()
    }

    #[test]
    fn every_piece_is_done_once() {
        for count in [1, 2, 7] {
            let pieces: Vec<usize> = (0..100).collect();
            let mut squares = Vec::new();
            let told: Result<(), ()> = each(threads(count), &pieces, &|n| n * n, |square| {
                squares.push(square);
                Ok(())
            });
            assert_eq!((told, squares.len()), (Ok(()), 100));
            assert_eq!(squares.into_iter().collect::<BTreeSet<_>>().len(), 100, "{count} threads");
        }
    }

    #[test]
    fn an_error_ends_the_work() {
        let pieces: Vec<usize> = (0..10_000).collect();
        let begun = AtomicUsize::new(0);
        let work = |n| {
            begun.fetch_add(1, Ordering::Relaxed);
            n
        };
        let mut heard = 0;
        let told = each(threads(2), &pieces, &work, |_| {
            heard += 1;
            if heard == 3 { Err("full") } else { Ok(()) }
        });
        assert_eq!((told, heard), (Err("full"), 3));
        assert!(begun.load(Ordering::Relaxed) < 100);
    }
}
