//! Mark prices: what they set off.
//!
//! This module must not know how a price is marked.

use domain::{InstrumentId, Price, Timestamp};

use crate::{
    engine::{AccountEvent, Engine},
    matching::{Effect, Point, rank, reached_by_mark},
};

impl Engine {
    /// Takes the venue's mark price of an instrument. Holdings are valued by it from now on, and
    /// stops that wait for it are set off; they meet the latest quote.
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
        self.meet_mark(instrument, mark, now, &mut out);
        out
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
