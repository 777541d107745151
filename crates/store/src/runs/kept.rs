//! Which runs that have ended a desk keeps.
//!
//! There is room for so many and so many bytes. Whoever keeps most makes room first, so that nobody
//! who asks for many runs pushes out what others keep. This module must not know what a run is.

use std::{cmp::Reverse, collections::BTreeMap};

use identity::Owner;

/// A run that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EndedRun {
    /// Ids of later runs are greater.
    pub(super) id: String,
    pub(super) owner: Owner,
    /// Bytes of its result.
    pub(super) bytes: u64,
}

/// What is kept at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) runs: usize,
    pub(super) bytes: u64,
}

/// What one owner keeps.
#[derive(Default)]
struct Share<'r> {
    runs: usize,
    bytes: u64,
    /// What may go, the oldest last.
    may_go: Vec<&'r EndedRun>,
}

impl<'r> Share<'r> {
    /// By what owners are compared; of equal ones the one with the older run counts more.
    fn weight(&self, by_bytes: bool) -> (u64, Option<Reverse<&'r str>>) {
        let kept = if by_bytes { self.bytes } else { self.runs as u64 };
        (kept, self.may_go.last().map(|oldest| Reverse(oldest.id.as_str())))
    }
}

/// The runs for which there is no room, of all that have ended, the newest first. While there is
/// too much, the oldest run goes of the owner who keeps most of what there is too much of. The
/// newest run stays, whatever its size.
pub(super) fn too_much(ended: &[EndedRun], room: Room) -> Vec<&EndedRun> {
    let mut shares: BTreeMap<&Owner, Share<'_>> = BTreeMap::new();
    let (mut runs, mut bytes) = (0, 0_u64);
    for (place, run) in ended.iter().enumerate() {
        let share = shares.entry(&run.owner).or_default();
        (share.runs, share.bytes) = (share.runs + 1, share.bytes.saturating_add(run.bytes));
        (runs, bytes) = (runs + 1, bytes.saturating_add(run.bytes));
        if place > 0 {
            share.may_go.push(run);
        }
    }
    let mut gone = Vec::new();
    while runs > room.runs || bytes > room.bytes {
        let by_bytes = bytes > room.bytes;
        let may_give = shares.values_mut().filter(|share| !share.may_go.is_empty());
        let Some(most) = may_give.max_by_key(|share| share.weight(by_bytes)) else { break };
        let Some(oldest) = most.may_go.pop() else { break };
        (most.runs, most.bytes) = (most.runs - 1, most.bytes.saturating_sub(oldest.bytes));
        (runs, bytes) = (runs - 1, bytes.saturating_sub(oldest.bytes));
        gone.push(oldest);
    }
    gone
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOM: Room = Room { runs: 4, bytes: 100 };

    fn owner(name: char) -> Owner {
        format!("user/{}", name.to_string().repeat(16)).parse().unwrap()
    }

    /// Runs as `(owner, bytes)`, the oldest first.
    fn ended(runs: &[(char, u64)]) -> Vec<EndedRun> {
        let run = |(at, (name, bytes)): (usize, &(char, u64))| EndedRun {
            id: format!("{at:03}"),
            owner: owner(*name),
            bytes: *bytes,
        };
        let mut ended: Vec<EndedRun> = runs.iter().enumerate().map(run).collect();
        ended.reverse();
        ended
    }

    /// The places of those that go, in the order in which they go.
    fn gone(runs: &[(char, u64)]) -> Vec<usize> {
        let ended = ended(runs);
        too_much(&ended, ROOM).iter().map(|run| run.id.parse().unwrap()).collect()
    }

    #[test]
    fn who_keeps_most_makes_room() {
        assert_eq!(gone(&[('a', 1), ('b', 1), ('b', 1), ('b', 1)]), [0; 0]);
        assert_eq!(gone(&[('a', 1), ('b', 1), ('b', 1), ('b', 1), ('b', 1)]), [1]);
        assert_eq!(gone(&[('b', 1), ('b', 1), ('b', 1), ('b', 1), ('a', 1)]), [0]);
        assert_eq!(gone(&[('b', 1), ('a', 1), ('a', 1), ('b', 1), ('b', 1), ('a', 1)]), [0, 1]);
        assert_eq!(gone(&[('a', 9), ('b', 60), ('b', 9), ('c', 30)]), [1], "by bytes");
    }

    #[test]
    fn the_newest_stays_whatever_its_size() {
        assert_eq!(gone(&[('a', 500)]), [0; 0]);
        assert_eq!(gone(&[('b', 1), ('a', 1), ('a', 500)]), [1, 0]);
        let largest = u64::MAX;
        assert_eq!(gone(&[('a', largest), ('b', largest)]), [0], "sums have an end");
    }

    proptest! {
        #[test]
        fn there_is_room_and_nobody_goes_before_who_keeps_more(
            runs in prop::collection::vec((prop::char::range('a', 'c'), 0_u64..60), 1..20)
        ) {
            let all = ended(&runs);
            let gone = too_much(&all, ROOM);
            let left: Vec<&EndedRun> = all.iter().filter(|run| !gone.contains(run)).collect();
            prop_assert_eq!(left[0], &all[0], "the newest");
            let bytes: u64 = left.iter().map(|run| run.bytes).sum();
            let fits = left.len() <= ROOM.runs && bytes <= ROOM.bytes;
            prop_assert!(fits || left.len() == 1, "{:?}", left);
            for owner in ['a', 'b', 'c'].map(owner) {
                let kept = left.iter().filter(|run| run.owner == owner).map(|run| &run.id).min();
                let went = gone.iter().filter(|run| run.owner == owner).map(|run| &run.id).max();
                prop_assert!(kept.is_none() || went < kept, "the oldest go first");
            }
        }
    }
}
