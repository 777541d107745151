//! What figures rest on, read from the stretches and trades of a screened run.
//!
//! It must not know how figures are made of it.

use domain::Timestamp;
use screen::{Sink, Stretch, Tape, Trade};

/// What figures rest on, read from stretches, in units of cash.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen<'a> {
    pub(super) unit: i128,
    pub(super) ends: &'a [(usize, Timestamp)],
    pub(super) days: Vec<i128>,
    pub(super) peak: i128,
    pub(super) bottom: i128,
    pub(super) deepest: Option<(f64, i128, i128)>,
    pub(super) held: usize,
    pub(super) trades: usize,
    pub(super) wins: usize,
    pub(super) losses: usize,
    pub(super) won: i128,
    pub(super) lost: i128,
    pub(super) fees: i128,
}

impl Seen<'_> {
    #[inline]
    fn mark(&mut self, equity: i128) {
        if equity >= self.peak {
            self.fallen();
            (self.peak, self.bottom) = (equity, equity);
        } else {
            self.bottom = self.bottom.min(equity);
        }
    }

    /// Marks equity at closes in machine words; false where an amount may not fit into one.
    #[inline]
    fn marks_fit(&mut self, closes: &[i64], (cash, unit): (i128, i128), highest: i64) -> bool {
        let word = |amount: i128| i64::try_from(amount).ok().filter(|w| w.abs() < i64::MAX / 2);
        let most = unit.checked_mul(highest.into()).and_then(word);
        let all = (most, word(cash), word(unit), word(self.peak), word(self.bottom));
        let (Some(_), Some(cash), Some(unit), Some(mut peak), Some(mut bottom)) = all else {
            return false;
        };
        for close in closes {
            let equity = cash + unit * close;
            if equity < peak {
                bottom = bottom.min(equity);
                continue;
            }
            if bottom < peak {
                (self.peak, self.bottom) = (peak.into(), bottom.into());
                self.fallen();
            }
            (peak, bottom) = (equity, equity);
        }
        (self.peak, self.bottom) = (peak.into(), bottom.into());
        true
    }

    /// A fall has ended.
    pub(super) fn fallen(&mut self) {
        if self.bottom < self.peak {
            let depth = (self.peak - self.bottom) as f64 / self.peak as f64;
            if self.deepest.is_none_or(|(deepest, ..)| depth > deepest) {
                self.deepest = Some((depth, self.peak, self.bottom));
            }
        }
    }
}

impl Sink for Seen<'_> {
    fn stretch(&mut self, tape: &Tape, stretch: &Stretch) {
        let Stretch { bars, cash, qty } = stretch;
        let unit = i128::from(*qty) * self.unit;
        let equity = |bar: usize| cash + unit * i128::from(tape.closes()[bar]);
        while let Some((end, _)) = self.ends.get(self.days.len()).filter(|e| e.0 < bars.end) {
            self.days.push(equity(*end));
        }
        if *qty == 0 {
            return self.mark(*cash);
        }
        self.held += bars.len();
        if let Some((low, high)) = tape.extremes(bars.clone()) {
            let (worst, best) = if *qty > 0 { (low, high) } else { (high, low) };
            if cash + unit * i128::from(best) < self.peak {
                self.bottom = self.bottom.min(cash + unit * i128::from(worst));
                return;
            }
        }
        let closes = &tape.closes()[bars.clone()];
        if !self.marks_fit(closes, (*cash, unit), tape.highest()) {
            for close in closes {
                self.mark(cash + unit * i128::from(*close));
            }
        }
    }

    fn trade(&mut self, trade: &Trade) {
        let net = trade.gross - trade.fees;
        self.trades += 1;
        self.wins += usize::from(net > 0);
        self.losses += usize::from(net < 0);
        self.won += net.max(0);
        self.lost += (-net).max(0);
        self.fees += trade.fees;
    }
}
