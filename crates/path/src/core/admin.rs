//! What operators set: limits, books, protective levels, adoption.
//!
//! Raising limits and loosening policy is for operators only; it must not be asked for by
//! automated sources.

use domain::{BookId, Instrument, InstrumentId, Limits, Origin, Principal, Protective, Side};
use rust_decimal::Decimal;

use super::{Reply, ReplyId, Step, kill::not_an_operator};
use crate::{
    codes::{Refusal, RefusalCode},
    event::{
        Adopted, BookOpened, Event, IncarnationStarted, InstrumentSet, LimitTarget, LimitsSet,
        OrderUnknown, PlanSet,
    },
    gate,
};

/// Books that an account may have.
const BOOKS_MAX: usize = 2_000;
/// Principals that may have limits of their own in an account.
const PRINCIPALS_MAX: usize = 2_000;

impl Step<'_> {
    /// A new run: nothing is known about what was on its way.
    pub(super) fn begin(&mut self, incarnation: u32) {
        self.emit(Event::IncarnationStarted(IncarnationStarted { incarnation }));
        let unanswered: Vec<_> = self
            .state()
            .live_orders()
            .filter(|o| o.end.is_none() && !o.is_acknowledged())
            .map(|o| o.client_order_id.clone())
            .collect();
        for id in unanswered {
            let body = OrderUnknown {
                client_order_id: id.clone(),
                why: "the desk restarted before the answer".to_owned(),
            };
            self.emit(Event::OrderUnknown(body));
            self.inquire_later(&id);
        }
    }

    pub(super) fn set_limits(
        &mut self,
        target: LimitTarget,
        limits: Box<Limits>,
        by: Origin,
        reply: Option<ReplyId>,
    ) {
        let missing = match &target {
            LimitTarget::Book(id) if !self.state().books.contains_key(id) => {
                Some((RefusalCode::BookUnknown, format!("The account has no book `{id}`.")))
            }
            LimitTarget::Instrument(id) if !self.state().instruments.contains_key(id) => {
                Some((RefusalCode::InstrumentUnknown, format!("The account has no `{id}`.")))
            }
            LimitTarget::Principal(who) if self.principals_full(who) => {
                let text =
                    format!("An account has limits for at most {PRINCIPALS_MAX} principals.");
                Some((RefusalCode::Capacity, text))
            }
            _ => None,
        };
        let refusal =
            missing.map(|(code, text)| Refusal::rule(code, text)).or_else(|| not_an_operator(&by));
        if let Some(refusal) = refusal {
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        self.emit(Event::LimitsSet(LimitsSet { target, limits, by }));
        self.reply(reply, Reply::Done);
    }

    fn principals_full(&self, principal: &Principal) -> bool {
        let known = &self.state().principal_limits;
        known.len() >= PRINCIPALS_MAX && !known.contains_key(principal)
    }

    pub(super) fn open_book(
        &mut self,
        book: BookId,
        name: String,
        capital: Option<Decimal>,
        by: Origin,
        reply: Option<ReplyId>,
    ) {
        if self.state().books.len() >= BOOKS_MAX {
            let text = format!("An account has at most {BOOKS_MAX} books.");
            let refusal = Refusal::rule(RefusalCode::Capacity, text);
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        if !self.state().books.contains_key(&book) {
            let by = Some(by);
            self.emit(Event::BookOpened(BookOpened { book, name, capital, by }));
        }
        self.reply(reply, Reply::Done);
    }

    pub(super) fn set_instrument(&mut self, instrument: Instrument) {
        if self.state().instruments.get(&instrument.id) != Some(&instrument) {
            self.emit(Event::InstrumentSet(InstrumentSet { instrument }));
        }
    }

    /// Moves a position's levels. A stop may be tightened by whoever manages the book; taking it
    /// away or loosening it is for operators.
    pub(super) fn set_plan(
        &mut self,
        book: &BookId,
        instrument: &InstrumentId,
        protective: Protective,
        by: Origin,
        reply: Option<ReplyId>,
    ) {
        let Some(rules) = self.state().instruments.get(instrument) else {
            let text = format!("The account has no instrument `{instrument}`.");
            let refusal = Refusal::rule(RefusalCode::InstrumentUnknown, text);
            return self.reply(reply, Reply::Refused(vec![refusal]));
        };
        let position = self.state().position(book, instrument);
        let Some(side) = Side::reducing(position) else {
            let text = format!("Book {book} holds nothing of {instrument}.");
            let refusal = Refusal::rule(RefusalCode::NothingToReduce, text);
            return self.reply(reply, Reply::Refused(vec![refusal]));
        };
        let mut protective = match gate::on_tick(rules, side, protective) {
            Ok(protective) => protective,
            Err(refusal) => return self.reply(reply, Reply::Refused(vec![refusal])),
        };
        // A trail without a stop begins where it stands, so that the old stop is moved, not taken
        // away until the next price.
        let quote = self.core.market.quote(instrument);
        let near = quote.map(|q| if side == Side::Sell { q.bid } else { q.ask });
        let first = || gate::plan::first_stop(rules, side.opposite(), near?, &protective);
        protective.stop = protective.stop.or_else(first);
        let price = self.core.market.mark(instrument);
        let checked = price.map_or(Ok(()), |price| {
            gate::plan::check(rules, side.opposite(), price, &protective, self.now.at)
        });
        if let Err(refusal) = checked {
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        let old = self.state().books.get(book).and_then(|b| b.plans.get(instrument)?.levels.stop);
        let loosens = match (old, protective.stop, side) {
            (Some(_), None, _) => true,
            (Some(old), Some(new), Side::Sell) => new < old,
            (Some(old), Some(new), Side::Buy) => new > old,
            (None, ..) => false,
        };
        if let Some(refusal) = not_an_operator(&by).filter(|_| loosens) {
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        let (book, instrument) = (book.clone(), instrument.clone());
        self.core.live.trails.remove(&(book.clone(), instrument.clone()));
        self.emit(Event::PlanSet(PlanSet { book, instrument, protective, by }));
        self.reply(reply, Reply::Done);
    }

    pub(super) fn adopt(
        &mut self,
        instrument: &InstrumentId,
        book: &BookId,
        by: Origin,
        reply: Option<ReplyId>,
    ) {
        let qty = self.state().position(&BookId::unmanaged(), instrument);
        let known = self.state().books.contains_key(book) && !book.is_unmanaged();
        let price = self.core.market.mark(instrument);
        let refusal = match (qty.is_zero(), known, price) {
            (true, ..) => Some((
                RefusalCode::NothingToReduce,
                format!("The unmanaged book holds nothing of {instrument}."),
            )),
            (_, false, _) => {
                Some((RefusalCode::BookUnknown, format!("The account has no book `{book}`.")))
            }
            (_, _, None) => {
                Some((RefusalCode::NoQuote, format!("There is no price for {instrument}.")))
            }
            _ => None,
        };
        if let Some((code, text)) = refusal {
            return self.reply(reply, Reply::Refused(vec![Refusal::rule(code, text)]));
        }
        if let Some(price) = price {
            let (instrument, book) = (instrument.clone(), book.clone());
            let source = "last price at adoption".to_owned();
            self.emit(Event::Adopted(Adopted {
                instrument,
                qty,
                price,
                source,
                book,
                by: Some(by),
            }));
        }
        self.reply(reply, Reply::Done);
    }
}
