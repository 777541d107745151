//! What is left of a wish while nothing may be opened: what reduces goes on.
//!
//! A paused run and one under the kill switch close what they hold as their rules say, and secure
//! it. Nothing here weakens the gate, which judges what is left like any wish. It must not know why
//! nothing may be opened.

use backtest::trader::Wish;
use domain::{Activate, Percent, Protective, Timestamp};
use path::state::AccountState;

use crate::record::RunId;

/// A wish, and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    whole: Wish,
    reduced: Option<Wish>,
}

impl Wanted {
    /// A wish of a run at a close, by the books of then.
    pub(crate) fn new(wish: Wish, state: &AccountState, run: &RunId, at: Timestamp) -> Self {
        let reduced = reduced(&wish, standing(&wish, state), run, at);
        Self { whole: wish, reduced }
    }

    /// True when something would be opened, enlarged, or protected less.
    pub(crate) fn opens(&self) -> bool {
        self.reduced.as_ref() != Some(&self.whole)
    }

    /// What may be asked for.
    pub(crate) fn allowed(self, opens_nothing: bool) -> Option<Wish> {
        if opens_nothing { self.reduced } else { Some(self.whole) }
    }
}

fn reduced(
    wish: &Wish,
    standing: Option<(&Protective, bool)>,
    run: &RunId,
    at: Timestamp,
) -> Option<Wish> {
    match wish {
        Wish::Submit(intent) => intent.reduce_only.then(|| wish.clone()),
        Wish::Reverse(intent) => Some(Wish::Close {
            book: intent.book.clone(),
            instrument: intent.instrument.clone(),
            share: Percent::basis_points(10_000),
            activate: Activate::NextPrice,
            key: Some(format!("{run}.{}.{}.paused", intent.instrument, at.0)),
        }),
        Wish::SetPlan { protective, .. } => {
            let kept = standing.is_none_or(|(before, long)| protects(protective, before, long));
            kept.then(|| wish.clone())
        }
        // A close only reduces. An order that is taken back opens nothing, and the gate keeps
        // strategies from taking stops back; neither does a request that waits no longer.
        Wish::Close { .. } | Wish::Cancel(_) | Wish::Disarm(_) => Some(wish.clone()),
    }
}

/// The levels that stand for what a plan would change, and whether that is held long.
fn standing<'a>(wish: &Wish, state: &'a AccountState) -> Option<(&'a Protective, bool)> {
    let Wish::SetPlan { book, instrument, .. } = wish else { return None };
    let plan = state.books.get(book)?.plans.get(instrument)?;
    Some((&plan.levels, state.position(book, instrument).is_long()))
}

/// True when these levels protect a holding at least as well as those that stand.
fn protects(levels: &Protective, before: &Protective, long: bool) -> bool {
    let stop = match (levels.stop, before.stop) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(now), Some(before)) if long => now >= before,
        (Some(now), Some(before)) => now <= before,
    };
    let trail = before.trail.is_none() || levels.trail == before.trail;
    stop && trail && (before.time_stop.is_none() || levels.time_stop == before.time_stop)
}

#[cfg(test)]
mod tests {
    use domain::{BookId, Trail, TrailBy};

    use super::*;

    fn levels(stop: Option<&str>, trail: Option<&str>) -> Protective {
        let trail =
            trail.map(|by| Trail { by: TrailBy::Amount(by.parse().unwrap()), activation: None });
        Protective { stop: stop.map(|stop| stop.parse().unwrap()), trail, ..Protective::default() }
    }

    fn plan(stop: Option<&str>, trail: Option<&str>) -> Wish {
        let (book, instrument) = (BookId::new("trend").unwrap(), "sim:IBM".parse().unwrap());
        Wish::SetPlan { book, instrument, protective: levels(stop, trail) }
    }

    #[test]
    fn levels_that_protect_less_are_held_back() {
        let before = levels(Some("90"), Some("5"));
        for (stop, trail, long, passes) in [
            (Some("95"), Some("5"), true, true),
            (Some("90"), Some("5"), true, true),
            (Some("85"), Some("5"), true, false),
            (Some("85"), Some("5"), false, true),
            (Some("95"), Some("5"), false, false),
            (None, Some("5"), true, false),
            (Some("95"), None, true, false),
            (Some("95"), Some("50"), true, false),
        ] {
            let wish = plan(stop, trail);
            let left = reduced(&wish, Some((&before, long)), &RunId("run-1".into()), Timestamp(0));
            assert_eq!(left, passes.then_some(wish), "{stop:?} {trail:?} {long}");
        }
        let first = plan(None, None);
        let left = reduced(&first, None, &RunId("run-1".into()), Timestamp(0));
        assert_eq!(left, Some(first), "nothing stands that could be less");
    }

    #[test]
    fn what_is_taken_back_goes() {
        let wish = Wish::Disarm(domain::IntentId::new("run-1.IBM").unwrap());
        let left = reduced(&wish, None, &RunId("run-1".into()), Timestamp(0));
        assert_eq!(left, Some(wish));
    }
}
