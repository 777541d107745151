//! What the rules say at the closes of a block: conditions, one bit a bar, and distances.
//!
//! It must not know what follows from it.

use formula::In;

use crate::{account::Side, levels::Away};

/// The bits of one rule; none where the strategy has no such rule.
type Bits<'a> = Option<&'a [u64]>;

/// What the rules say over a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    /// The first bar.
    pub(crate) first: usize,
    pub(crate) bars: usize,
    pub(crate) entry_long: Bits<'a>,
    pub(crate) entry_short: Bits<'a>,
    pub(crate) exit_long: Bits<'a>,
    pub(crate) exit_short: Bits<'a>,
    /// From the entry to stop and target, in units of price.
    pub(crate) stop: Option<In<'a>>,
    pub(crate) target: Option<In<'a>>,
}

#[inline]
fn word(bits: Bits<'_>, index: usize) -> u64 {
    bits.map_or(0, |bits| bits[index])
}

impl Said<'_> {
    /// The bar behind the block.
    pub(crate) const fn end(&self) -> usize {
        self.first + self.bars
    }

    /// The first bar from one on at which one side, and not both, is to be entered.
    #[inline]
    pub(crate) fn entry(&self, from: usize) -> Option<usize> {
        self.find(from, |n| word(self.entry_long, n) ^ word(self.entry_short, n))
    }

    /// The first bar from one on at which a position of this side is to be left or turned.
    #[inline]
    pub(crate) fn leaves(&self, side: Side, from: usize) -> Option<usize> {
        let (same, other, exit) = match side {
            Side::Long => (self.entry_long, self.entry_short, self.exit_long),
            Side::Short => (self.entry_short, self.entry_long, self.exit_short),
        };
        self.find(from, |n| (word(other, n) & !word(same, n)) | word(exit, n))
    }

    /// The side that is to be entered at a bar.
    #[inline]
    pub(crate) fn side(&self, bar: usize) -> Side {
        if self.bit(self.entry_long, bar) { Side::Long } else { Side::Short }
    }

    /// True when a position of this side is to be turned.
    #[inline]
    pub(crate) fn turns(&self, side: Side, bar: usize) -> bool {
        let long = self.bit(self.entry_long, bar);
        let short = self.bit(self.entry_short, bar);
        long != short && short == (side == Side::Long)
    }

    /// How far away from an entry that is wished at a bar its levels lie; `None` when one of them
    /// is no distance, so that there is no entry.
    #[inline]
    pub(crate) fn away(&self, bar: usize) -> Option<Away> {
        let one = |column: Option<In<'_>>| match column {
            None => Some(None),
            Some(column) => strategy::distance(column.at(bar - self.first)).map(Some),
        };
        Some(Away { stop: one(self.stop)?, target: one(self.target)? })
    }

    fn bit(&self, bits: Bits<'_>, bar: usize) -> bool {
        let place = bar - self.first;
        word(bits, place / 64) >> (place % 64) & 1 == 1
    }

    #[inline]
    fn find(&self, from: usize, word: impl Fn(usize) -> u64) -> Option<usize> {
        let place = from.saturating_sub(self.first);
        if place >= self.bars {
            return None;
        }
        let words = self.bars.div_ceil(64);
        let mut index = place / 64;
        let mut found = word(index) & (u64::MAX << (place % 64));
        while found == 0 {
            index += 1;
            if index == words {
                return None;
            }
            found = word(index);
        }
        let bar = index * 64 + found.trailing_zeros() as usize;
        // Bits behind the last bar mean nothing.
        (bar < self.bars).then_some(self.first + bar)
    }
}
