//! What only a person can settle: an order that the venue lost, a rest that nobody can sell.
//!
//! Both take something out of the figures that the venue has not confirmed to be gone, so both are
//! for operators, and both are undone by the venue's word. It must not be asked by a duty.

use domain::{BookId, ClientOrderId, Instrument, InstrumentId, Origin, Qty, SignedQty};

use super::{Core, Reply, ReplyId, Step, kill::not_an_operator};
use crate::{
    codes::{Refusal, RefusalCode},
    event::{Adopted, Event, OrderResurfaced, OrderWrittenOff},
};

impl Core {
    /// True for less than the venue trades: below its step or minimum, or worth less than its
    /// smallest order.
    pub(super) fn is_dust(&self, instrument: &Instrument, qty: Qty) -> bool {
        let value = self.market.mark(&instrument.id).map(|mark| instrument.notional(mark, qty));
        let small = value.is_some_and(|v| v.is_ok_and(|v| v.amount() < instrument.min_notional));
        qty < instrument.min_qty || qty < instrument.step || small
    }

    /// True for a live order that the venue took and, asked twice since, doesn't know.
    #[must_use]
    pub fn is_lost(&self, id: &ClientOrderId) -> bool {
        self.live.inquiries.get(id).is_some_and(|inquiry| inquiry.alarmed)
    }
}

impl Step<'_> {
    /// Ends an order that the venue took and no longer knows. Should the venue tell that it lives,
    /// or tell an execution of it, the order counts again.
    pub(super) fn write_off(&mut self, id: &ClientOrderId, by: Origin, reply: Option<ReplyId>) {
        let live = self.state().orders.get(id).is_some_and(|o| !o.is_settled());
        let refusal = not_an_operator(&by).or_else(|| {
            let (code, text) = match (live, self.core.is_lost(id)) {
                (true, true) => return None,
                (true, false) => {
                    (RefusalCode::OrderNotLost, RefusalCode::OrderNotLost.meaning().to_owned())
                }
                (false, _) => {
                    (RefusalCode::OrderUnknown, format!("The account has no live order `{id}`."))
                }
            };
            Some(Refusal::rule(code, text))
        });
        if let Some(refusal) = refusal {
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        self.disturb();
        self.core.live.inquiries.remove(id);
        self.core.live.cancels.remove(id);
        self.emit(Event::OrderWrittenOff(OrderWrittenOff { client_order_id: id.clone(), by }));
        self.reply(reply, Reply::Done);
    }

    /// What is left of an order that was written off and has filled in part: it lives, so it counts.
    pub(super) fn rest_counts_again(&mut self, id: &ClientOrderId) {
        let order = self.state().orders.get(id);
        let Some(order) = order.filter(|o| o.written_off && o.resurfaced.is_none()) else { return };
        let open = order.qty.minus(order.filled);
        let Some(venue_order_id) = order.venue_order_id.clone().filter(|_| !open.is_zero()) else {
            return;
        };
        let client_order_id = id.clone();
        self.emit(Event::OrderResurfaced(OrderResurfaced {
            client_order_id,
            venue_order_id,
            open,
        }));
        self.alarm("order_resurfaced", format!("Order {id} was written off and fills."));
    }

    /// Gives a book's dust back to `unmanaged`, at the last price: it is shown there, and neither
    /// closed nor protected any more.
    pub(super) fn leave_dust(
        &mut self,
        book: BookId,
        instrument: InstrumentId,
        by: &Origin,
        reply: Option<ReplyId>,
    ) {
        match self.dust_of(&book, &instrument, by) {
            Err(refusal) => self.reply(reply, Reply::Refused(vec![refusal])),
            Ok((held, price)) => {
                let source = format!("dust left alone by {}", by.principal);
                let qty = SignedQty::ZERO.minus(held);
                self.core.live.dust.remove(&(book.clone(), instrument.clone()));
                self.emit(Event::Adopted(Adopted {
                    instrument,
                    qty,
                    price,
                    source,
                    book,
                    by: Some(by.clone()),
                }));
                self.reply(reply, Reply::Done);
            }
        }
    }

    /// A book's dust and its price.
    fn dust_of(
        &self,
        book: &BookId,
        instrument: &InstrumentId,
        by: &Origin,
    ) -> Result<(SignedQty, domain::Price), Refusal> {
        if let Some(refusal) = not_an_operator(by) {
            return Err(refusal);
        }
        let refuse = |code, text| Err(Refusal::rule(code, text));
        let held = self.state().position(book, instrument);
        let rules = self.state().instruments.get(instrument);
        let Some(rules) = rules.filter(|_| !held.is_zero() && !book.is_unmanaged()) else {
            let text = format!("Book {book} manages nothing of {instrument}.");
            return refuse(RefusalCode::NothingToReduce, text);
        };
        if !self.core.is_dust(rules, held.abs()) {
            let mut refusal = Refusal::limit(
                RefusalCode::NotDust,
                domain::Scope::Venue,
                rules.min_qty.max(rules.step),
                held.abs(),
                None,
            );
            refusal.can_change = false;
            return Err(refusal);
        }
        let Some(price) = self.core.market.mark(instrument) else {
            let text = format!("There is no price for {instrument}.");
            return refuse(RefusalCode::NoQuote, text);
        };
        Ok((held, price))
    }
}
