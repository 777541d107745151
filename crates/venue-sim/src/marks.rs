//! Mark prices and the extremes of bars: what they set off.
//!
//! This module must not know how a price is marked.

use domain::{InstrumentId, Price, Quote, Timestamp};

use crate::{
    engine::{AccountEvent, Engine},
    matching::{Effect, Point, rank, reached_by_mark},
};

impl Engine {
    /// Takes the venue's mark price of an instrument. Holdings are valued by it from now on, and
    /// stops that wait for it are set off; they meet the latest quote. The first mark at or after
    /// the end of a dated contract is the one at which it is settled.
    pub fn on_mark(
        &mut self,
        instrument: &InstrumentId,
        mark: Price,
        now: Timestamp,
    ) -> Vec<AccountEvent> {
        let mut out = Vec::new();
        let Some(market) = self.markets.get_mut(instrument) else { return out };
        market.state.mark = Some(mark);
        market.quiet = None;
        self.dirty.market(instrument);
        if !self.settle_due(instrument, now, &mut out) {
            self.meet_mark(instrument, mark, now, &mut out);
            self.check_margin(instrument, now, &mut out);
        }
        out
    }

    /// Looks at the margin of those who hold an instrument at the lowest and at the highest price
    /// of a bar, as if the market had stood there. A venue that tells marks looks at those alone.
    pub(crate) fn check_extremes(
        &mut self,
        instrument: &InstrumentId,
        extremes: [Price; 2],
        quote: Quote,
        out: &mut Vec<AccountEvent>,
    ) {
        for price in extremes {
            let Some(market) = self.markets.get_mut(instrument) else { return };
            if market.state.mark.is_some() {
                return;
            }
            market.state.quote = Some(Quote { bid: price, ask: price, last: price, ..quote });
            self.check_margin(instrument, quote.at, out);
        }
        if let Some(market) = self.markets.get_mut(instrument) {
            market.state.quote = Some(quote);
        }
    }

    fn meet_mark(
        &mut self,
        instrument: &InstrumentId,
        mark: Price,
        now: Timestamp,
        out: &mut Vec<AccountEvent>,
    ) {
        let Some(market) = self.markets.get(instrument) else { return };
        let Some(quote) = market.state.quote.filter(|_| market.state.instrument.tradable) else {
            return;
        };
        let session = market.state.session;
        let point = Point::Quote { quote, traded: false };
        let orders = self.live(&market.working);
        let reached = orders
            .filter(|order| session.takes(order) && reached_by_mark(order, mark, &self.config));
        let mut turns: Vec<_> = reached.map(|order| (rank(order, &point), order.number)).collect();
        turns.sort_unstable();
        for (_, number) in turns {
            self.execute(number, Effect::Trigger(point), now, out);
        }
    }
}
