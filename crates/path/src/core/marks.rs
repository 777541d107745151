//! Coarse marks for statements: how far prices went while something was held, and what equity was.
//!
//! Marks are written once an hour and where a holding begins or ends, never with every price. They
//! change no state and decide nothing; after a crash what lay since the last one is not known.

use domain::{BookId, Fill, InstrumentId, Price, Side};

use super::{Step, live::Extremes};
use crate::event::{Event, Marked, PriceMark};

/// Nanoseconds of the desk's clock between two marks.
const EVERY: i64 = 3_600 * 1_000_000_000;

impl Step<'_> {
    /// Takes a price of something held in.
    pub(super) fn note_extremes(&mut self, instrument: &InstrumentId, last: Price) {
        if let Some(known) = self.core.live.extremes.get_mut(instrument) {
            known.low = known.low.min(last);
            known.high = known.high.max(last);
            known.last = last;
            return;
        }
        let mut books = self.state().books.values();
        let held = |p: &domain::Position| !p.qty.is_zero();
        if books.any(|b| b.positions.get(instrument).is_some_and(held)) {
            let first = Extremes { low: last, high: last, last };
            self.core.live.extremes.insert(instrument.clone(), first);
        }
    }

    /// Writes what is known before an execution begins or ends a book's holding, so that each
    /// holding is told its own prices.
    pub(super) fn mark_before(&mut self, book: &BookId, fill: &Fill) {
        let position = self.state().position(book, &fill.instrument);
        let begins = position.is_zero();
        let ends = Side::reducing(position) == Some(fill.side) && fill.qty >= position.abs();
        if !begins && !ends {
            return;
        }
        if let Some(known) = self.core.live.extremes.remove(&fill.instrument) {
            let prices = vec![known.mark(&fill.instrument)];
            self.emit(Event::Marked(Marked { equity: None, prices }));
        }
    }

    /// Writes what is known once an hour.
    pub(super) fn mark_duty(&mut self) {
        let hour = self.now.at.0.div_euclid(EVERY);
        let before = self.core.live.marked_hour.replace(hour);
        if before.is_none_or(|before| before >= hour) || !self.now.trusted {
            return;
        }
        let known = std::mem::take(&mut self.core.live.extremes);
        let prices: Vec<PriceMark> = known.iter().map(|(id, known)| known.mark(id)).collect();
        let equity = self.state().reconciled_through.and(self.core.book().equity());
        let news = equity.is_some() && equity != self.core.live.marked_equity;
        if prices.is_empty() && !news {
            return;
        }
        self.core.live.marked_equity = equity;
        self.emit(Event::Marked(Marked { equity, prices }));
        for (id, known) in known {
            self.note_extremes(&id, known.last);
        }
    }
}

impl Extremes {
    fn mark(&self, instrument: &InstrumentId) -> PriceMark {
        let Self { low, high, last } = *self;
        PriceMark { instrument: instrument.clone(), low, high, last }
    }
}
