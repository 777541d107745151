//! What tests say to a desk, and what they ask about it.

use super::*;

impl Desk {
    pub(crate) fn ask(&mut self, intent: Intent) -> Reply {
        self.answer(|id| Input::Submit { intent: Box::new(intent), reply: Some(id) })
    }

    /// Asks for an order that must be taken; returns its id.
    pub(crate) fn order(&mut self, intent: Intent) -> ClientOrderId {
        match self.ask(intent) {
            Reply::Recorded { order, replayed: false, .. } => order,
            other => panic!("the order should have been taken: {other:?}"),
        }
    }

    /// Asks for an order that must be refused; returns the reasons.
    pub(crate) fn refusals(&mut self, intent: Intent) -> Vec<Refusal> {
        match self.ask(intent) {
            Reply::Refused(refusals) => refusals,
            other => panic!("the order should have been refused: {other:?}"),
        }
    }

    /// The codes with which a wish is refused; none when it passes.
    pub(crate) fn codes(&mut self, intent: Intent) -> Vec<RefusalCode> {
        codes_of(&self.ask(intent))
    }

    pub(crate) fn cancel(&mut self, order: &ClientOrderId) -> Reply {
        self.cancel_as(order, anna(), false)
    }

    pub(crate) fn cancel_as(
        &mut self,
        order: &ClientOrderId,
        origin: Origin,
        accept_unprotected: bool,
    ) -> Reply {
        let order = order.clone();
        self.answer(|id| Input::Cancel { order, origin, accept_unprotected, reply: Some(id) })
    }

    pub(crate) fn change(&mut self, order: &ClientOrderId, changes: path::core::Changes) -> Reply {
        let (order, intent) = (order.clone(), "change".parse().unwrap());
        let origin = anna();
        self.answer(|id| Input::Replace { order, changes, intent, origin, reply: Some(id) })
    }

    pub(crate) fn answer_disarm(&mut self, intent: &domain::IntentId) -> Reply {
        let intent = intent.clone();
        self.answer(|id| Input::Disarm { intent, by: anna(), reply: Some(id) })
    }

    pub(crate) fn answer_reverse(&mut self, intent: Intent) -> Reply {
        self.answer(|id| Input::Reverse { intent: Box::new(intent), reply: Some(id) })
    }

    pub(crate) fn answer_close_all(&mut self, instrument: Option<&str>, share: &str) -> Reply {
        let (instrument, share) = (instrument.map(build::id), pct(share));
        let origin = anna();
        self.answer(|id| Input::CloseAll { instrument, share, origin, reply: Some(id) })
    }

    pub(crate) fn close(&mut self, instrument: &str, share: &str) -> Reply {
        self.close_book(&BookId::manual(), instrument, share)
    }

    pub(crate) fn close_book(&mut self, book: &BookId, instrument: &str, share: &str) -> Reply {
        self.close_with_key(book, instrument, share, None)
    }

    pub(crate) fn close_with_key(
        &mut self,
        book: &BookId,
        instrument: &str,
        share: &str,
        key: Option<&str>,
    ) -> Reply {
        let (book, instrument, share) = (book.clone(), build::id(instrument), pct(share));
        let (key, origin) = (key.map(str::to_owned), anna());
        self.close_at(Activate::Now, (book, instrument, share), key, origin)
    }

    pub(crate) fn close_as(&mut self, instrument: &str, share: &str, origin: Origin) -> Reply {
        let (book, instrument, share) = (BookId::manual(), build::id(instrument), pct(share));
        self.close_at(Activate::Now, (book, instrument, share), None, origin)
    }

    pub(crate) fn close_at(
        &mut self,
        activate: Activate,
        (book, instrument, share): (BookId, InstrumentId, domain::Percent),
        key: Option<String>,
        origin: Origin,
    ) -> Reply {
        self.answer(|id| Input::Close {
            book,
            instrument,
            share,
            key,
            activate,
            origin,
            reply: Some(id),
        })
    }

    pub(crate) fn plan(&mut self, instrument: &str, protective: Protective, by: Origin) -> Reply {
        let (book, instrument) = (BookId::manual(), build::id(instrument));
        self.answer(|id| Input::SetPlan { book, instrument, protective, by, reply: Some(id) })
    }

    pub(crate) fn decide(&mut self, hold: &str, approve: bool, by: Origin) -> Reply {
        let hold = hold.parse().unwrap();
        self.answer(|id| Input::Decide { hold, approve, by, reply: Some(id) })
    }

    /// Pulls the switch as a driver does: the wire first, then the core.
    pub(crate) fn kill(&mut self, level: KillLevel) -> Reply {
        let epoch = self.core.state().kill_epoch + 1;
        self.wire.raise_epoch(epoch);
        let reason = "a test".to_owned();
        self.answer(|id| Input::Kill { level, epoch, by: anna(), reason, reply: Some(id) })
    }

    pub(crate) fn release_kill(&mut self, by: Origin) -> Reply {
        self.answer(|id| Input::ReleaseKill { by, reply: Some(id) })
    }

    pub(crate) fn release_latch(&mut self, latch: LatchKind, rebase: bool, by: Origin) -> Reply {
        self.answer(|id| Input::ReleaseLatch { latch, rebase, by, reply: Some(id) })
    }

    pub(crate) fn limit(&mut self, set: impl FnOnce(&mut domain::Limits)) {
        self.limit_at(LimitTarget::Account, set);
    }

    pub(crate) fn limit_at(&mut self, target: LimitTarget, set: impl FnOnce(&mut domain::Limits)) {
        let mut limits = Box::new(domain::Limits::default());
        set(&mut limits);
        let reply =
            self.answer(|id| Input::SetLimits { target, limits, by: anna(), reply: Some(id) });
        assert_eq!(reply, Reply::Done);
    }

    pub(crate) fn set_policy(&mut self, policy: Policy, by: Origin) -> Reply {
        let policy = Box::new(policy);
        self.answer(|id| Input::SetPolicy { policy, by, reply: Some(id) })
    }

    pub(crate) fn policy(&mut self, change: impl FnOnce(&mut Policy)) {
        let mut policy = Box::new(self.core.state().policy.clone());
        change(&mut policy);
        let reply = self.answer(|id| Input::SetPolicy { policy, by: anna(), reply: Some(id) });
        assert_eq!(reply, Reply::Done);
    }

    pub(crate) fn open_book(&mut self, name: &str) {
        let (book, name, by) = (build::book(name), name.to_owned(), build::anna());
        let capital = None;
        let reply = self.answer(|id| Input::OpenBook { book, name, capital, by, reply: Some(id) });
        assert_eq!(reply, Reply::Done);
    }

    pub(crate) fn adopt(&mut self, instrument: &str, book: &str) -> Reply {
        let (instrument, book, by) = (build::id(instrument), build::book(book), build::anna());
        self.answer(|id| Input::Adopt { instrument, book, by, reply: Some(id) })
    }

    pub(crate) fn write_off(&mut self, order: &ClientOrderId, by: Origin) -> Reply {
        let order = order.clone();
        self.answer(|id| Input::WriteOff { order, by, reply: Some(id) })
    }

    /// Leaves the manual book's rest of an instrument alone.
    pub(crate) fn leave_dust(&mut self, instrument: &str, by: Origin) -> Reply {
        let (book, instrument) = (BookId::manual(), build::id(instrument));
        self.answer(|id| Input::LeaveDust { book, instrument, by, reply: Some(id) })
    }

    pub(crate) fn instrument(&mut self, instrument: Instrument) {
        self.venue.rules.insert(instrument.id.clone(), instrument.clone());
        self.tell(Input::SetInstrument(Box::new(instrument)));
    }

    pub(crate) fn price(&mut self, instrument: &str, bid: &str, ask: &str) {
        let (instrument, quote) = (build::id(instrument), quote(bid, ask, self.now.at));
        self.venue.quotes.insert(instrument.clone(), quote);
        self.tell(Input::Quote { instrument, quote });
    }

    pub(crate) fn session(&mut self, open: bool, day: i64) {
        let calendar = CalendarKind::AlwaysOpen;
        self.tell(Input::Session { calendar, session: Session { open, day } });
    }

    /// The venue executes a part of an order.
    pub(crate) fn fill(&mut self, order: &ClientOrderId, amount: &str, price: &str) {
        let venue_id = self.venue.venue_id(order);
        let inputs = self.venue.fill(&venue_id, qty(amount), px(price), self.now.at);
        self.tell_all(inputs);
    }

    pub(crate) fn position(&self, book: &str, instrument: &str) -> SignedQty {
        self.core.state().position(&build::book(book), &build::id(instrument))
    }

    pub(crate) fn manual(&self) -> SignedQty {
        self.position("manual", IBM)
    }

    pub(crate) fn find(&self, order: &ClientOrderId) -> &Order {
        &self.core.state().orders[order]
    }

    pub(crate) fn status(&self, order: &ClientOrderId) -> OrderStatus {
        self.find(order).status()
    }

    /// The resting stops of an instrument: how much, and at which trigger.
    pub(crate) fn stops(&self, instrument: &str) -> Vec<(String, String)> {
        let instrument: InstrumentId = build::id(instrument);
        let mut stops: Vec<_> = self
            .core
            .state()
            .live_orders()
            .filter(|o| o.instrument == instrument)
            .filter(|o| o.class == path::verbs::RiskClass::Protective)
            .map(|o| (o.open_qty().to_string(), o.kind.trigger().unwrap().to_string()))
            .collect();
        stops.sort();
        stops
    }

    pub(crate) fn stop_ids(&self) -> Vec<ClientOrderId> {
        let stops = |o: &&Order| o.class == path::verbs::RiskClass::Protective;
        self.core.state().live_orders().filter(stops).map(|o| o.client_order_id.clone()).collect()
    }

    pub(crate) fn uncovered(&self) -> Qty {
        self.core.unprotected().iter().fold(Qty::ZERO, |sum, u| sum.plus(u.qty))
    }

    pub(crate) fn equity(&self) -> String {
        self.core.context(self.now).book().equity().unwrap().to_string()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        let records = self.journal.read(&stream(), 0, usize::MAX).unwrap();
        records.iter().map(|r| Event::decode(&r.kind, r.version, &r.body).unwrap()).collect()
    }

    pub(crate) fn count(&self, kind: &str) -> usize {
        self.events().iter().filter(|e| e.kind() == kind).count()
    }

    /// Writes events to the journal as an earlier run would have, and starts from there.
    pub(crate) fn inject(&mut self, events: Vec<Event>) {
        let stream = stream();
        let expected = self.journal.head(&stream).unwrap();
        let mut head = expected;
        let mut records = Vec::new();
        for event in events {
            let (at, wall_at) = (self.now.at, self.now.wall);
            let (kind, body) = (event.kind().into(), event.body().unwrap().into());
            let draft = Draft { at, wall_at, kind, version: event.version(), body };
            let record = EventRecord::seal(&stream, &head, draft);
            head = record.head();
            records.push(record);
        }
        let token = self.core.token();
        let batch = StreamBatch { stream, expected, token, records };
        self.journal.append(&[batch]).pop().unwrap().unwrap();
        self.restart_and_connect();
    }

    /// The codes of all alarms so far.
    pub(crate) fn alarms(&self) -> Vec<String> {
        let alarm = |e: Event| if let Event::Alarm(a) = e { Some(a.code) } else { None };
        self.events().into_iter().filter_map(alarm).collect()
    }

    /// Restart, replay and audit see what the running desk sees.
    pub(crate) fn assert_folds(&self) {
        assert_eq!(&fold(&self.journal), self.core.state());
    }

    /// No client order id ever reached the venue twice.
    pub(crate) fn assert_sent_once(&self) {
        let twice = self.venue.placed.iter().find(|(_, times)| **times > 1);
        assert_eq!(twice, None, "an order was sent twice");
    }

    /// Books and venue hold the same.
    pub(crate) fn assert_agrees_with_venue(&self) {
        let state = self.core.state();
        for id in state.instruments.keys() {
            let venue = self.venue.positions.get(id).copied().unwrap_or(SignedQty::ZERO);
            assert_eq!(state.net_position(id), venue, "position in {id}");
        }
        assert_eq!(state.wallets(), self.venue.cash);
    }
}

pub(crate) fn codes_of(reply: &Reply) -> Vec<RefusalCode> {
    match reply {
        Reply::Refused(refusals) => refusals.iter().map(|r| r.code).collect(),
        _ => Vec::new(),
    }
}
