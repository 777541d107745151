//! The bodies of every kind of event.

use domain::{AssetClass, CalendarKind, TickSource};

use super::*;

impl Dice {
    fn recorded(&mut self) -> OrderRecorded {
        OrderRecorded {
            client_order_id: self.order(),
            intent: self.intent_id(),
            book: self.book(),
            instrument: self.instrument(),
            side: self.side(),
            qty: self.qty(),
            kind: self.kind(),
            tif: self.tif(),
            post_only: self.roll(2) == 0,
            reduce_only: self.roll(2) == 0,
            class: self.class(),
            origin: self.origin(),
            protective: self.protective(),
            conditions: self.conditions(),
            replaces: self.maybe(Self::order),
            close: self.maybe(Self::count),
            reference: self.maybe(Self::price),
            notional: self.maybe(Self::decimal),
            idempotency: self.maybe(Self::idempotency),
        }
    }

    fn reject_reason(&mut self) -> RejectReason {
        use RejectReason::*;
        let code = self.pick(&[VenueRejection::Funds, VenueRejection::WouldIncrease]);
        self.pick(&[Venue(code), NotSent, NeverPlaced])
    }

    pub(super) fn order_event(&mut self, kind: &str) -> Event {
        let client_order_id = self.order();
        match kind {
            "order_armed" => Event::OrderArmed(OrderArmed {
                intent: Box::new(self.intent()),
                day: self.maybe(|_| 20_454),
                open: self.roll(2) == 0,
                becomes: self.pick(&[
                    ArmedAs::Order,
                    ArmedAs::Reversal,
                    ArmedAs::Close { share: pct("50") },
                ]),
            }),
            "armed_ended" => Event::ArmedEnded(ArmedEnded {
                intent: self.intent_id(),
                end: self.pick(&[ArmedEnd::Opened, ArmedEnd::Missed, ArmedEnd::Withdrawn]),
                by: self.maybe(Self::origin),
            }),
            "order_held" => Event::OrderHeld(OrderHeld {
                intent: Box::new(self.intent()),
                notional: self.decimal(),
                limit: self.decimal(),
                expires_at: self.at(),
            }),
            "order_recorded" => Event::OrderRecorded(Box::new(self.recorded())),
            "order_accepted" => {
                let venue_order_id = self.venue_order();
                Event::OrderAccepted(OrderAccepted { client_order_id, venue_order_id })
            }
            "order_unknown" => {
                Event::OrderUnknown(OrderUnknown { client_order_id, why: self.text() })
            }
            "order_rejected" => Event::OrderRejected(OrderRejected {
                client_order_id,
                reason: self.reject_reason(),
                text: self.text(),
            }),
            "order_ended" => Event::OrderEnded(OrderEnded {
                client_order_id,
                status: self.status(),
                filled: self.qty(),
                reason: self.maybe(Self::text),
            }),
            "order_resurfaced" => Event::OrderResurfaced(OrderResurfaced {
                client_order_id,
                venue_order_id: self.venue_order(),
                open: self.qty(),
            }),
            "order_written_off" => {
                Event::OrderWrittenOff(OrderWrittenOff { client_order_id, by: self.origin() })
            }
            "cancel_recorded" => Event::CancelRecorded(CancelRecorded {
                client_order_id,
                origin: self.origin(),
                reason: self.text(),
            }),
            "cancel_failed" => {
                Event::CancelFailed(CancelFailed { client_order_id, why: self.text() })
            }
            other => panic!("no example of `{other}`: add one"),
        }
    }

    pub(super) fn account_event(&mut self, kind: &str) -> Event {
        match kind {
            "account_opened" => Event::AccountOpened(AccountOpened {
                spec: spec(),
                policy: plain_policy(),
                installation: installation(),
            }),
            "incarnation_started" => {
                let incarnation = u32::try_from(self.roll(1_000)).unwrap();
                Event::IncarnationStarted(IncarnationStarted { incarnation })
            }
            "terms_requested" => Event::TermsRequested(TermsRequested {
                client_order_id: self.order(),
                policy: plain_policy(),
                by: self.origin(),
            }),
            "terms_refused" => Event::TermsRefused(TermsRefused {
                client_order_id: self.order(),
                text: self.text(),
            }),
            "instrument_set" => Event::InstrumentSet(InstrumentSet { instrument: self.rules() }),
            "book_opened" => Event::BookOpened(BookOpened {
                book: self.book(),
                name: self.text(),
                capital: self.maybe(Self::decimal),
                by: self.maybe(Self::origin),
            }),
            "limits_set" => Event::LimitsSet(LimitsSet {
                target: self.target(),
                limits: Box::new(self.limits()),
                by: self.origin(),
            }),
            "policy_set" => {
                Event::PolicySet(PolicySet { policy: plain_policy(), by: self.origin() })
            }
            "intent_refused" => Event::IntentRefused(IntentRefused {
                intent: Box::new(self.intent()),
                class: self.class(),
                refusals: vec![self.refusal(), self.refusal()],
            }),
            "refusals_counted" => Event::RefusalsCounted(RefusalsCounted {
                origin: self.origin(),
                count: self.count(),
                codes: vec![self.pick(RefusalCode::ALL)],
            }),
            "hold_resolved" => Event::HoldResolved(HoldResolved {
                intent: self.intent_id(),
                decision: self.pick(&[HoldDecision::Approved, HoldDecision::Lapsed]),
                by: self.maybe(Self::origin),
            }),
            "kill_pulled" => Event::KillPulled(KillPulled {
                level: self.pick(&[KillLevel::Pause, KillLevel::Halt, KillLevel::Flatten]),
                epoch: self.count(),
                by: self.origin(),
                reason: self.text(),
            }),
            "kill_released" => Event::KillReleased(KillReleased { by: self.origin() }),
            "alarm" => Event::Alarm(AlarmRaised { code: "stranger".into(), text: self.text() }),
            "emergency_merged" => Event::EmergencyMerged(EmergencyMerged {
                generation: self.count(),
                count: self.count(),
            }),
            kind => self.book_event(kind),
        }
    }

    fn book_event(&mut self, kind: &str) -> Event {
        let instrument = self.instrument();
        match kind {
            "adopted" => Event::Adopted(Adopted {
                instrument,
                qty: self.signed(),
                price: self.price(),
                source: self.text(),
                book: self.book(),
                by: self.maybe(Self::origin),
            }),
            "position_adjusted" => Event::PositionAdjusted(PositionAdjusted {
                instrument,
                qty: self.signed(),
                reporting: None,
                price: self.price(),
                reason: self.text(),
            }),
            "cash_adjusted" => Event::CashAdjusted(CashAdjusted {
                money: domain::Money::new(self.decimal(), domain::Currency::usd()),
                reporting: self.decimal(),
                reason: self.text(),
            }),
            "cash_moved" => Event::CashMoved(self.cash_moved()),
            "action_applied" => Event::ActionApplied(ActionApplied {
                action: domain::CorporateAction {
                    id: self.movement(),
                    instrument,
                    numerator: self.decimal().abs(),
                    denominator: self.decimal().abs(),
                    at: self.at(),
                },
            }),
            "reconciled" => Event::Reconciled(Reconciled { through: self.at(), cash: self.cash() }),
            "close_started" => Event::CloseStarted(CloseStarted {
                id: self.count(),
                book: self.book(),
                instrument,
                qty: self.qty(),
                origin: self.origin(),
                purpose: self.pick(&[
                    ClosePurpose::Request,
                    ClosePurpose::Unprotected,
                    ClosePurpose::Stop,
                    ClosePurpose::TimeStop,
                ]),
                target: self.maybe(|d| d.pick(&[0, 1, 3])),
                then: self.maybe(|d| Box::new(d.intent())),
                idempotency: self.maybe(Self::idempotency),
            }),
            "close_ended" => Event::CloseEnded(CloseEnded {
                id: self.count(),
                done: self.roll(2) == 0,
                text: self.text(),
            }),
            "plan_set" => Event::PlanSet(PlanSet {
                book: self.book(),
                instrument,
                protective: self.protective(),
                by: self.origin(),
            }),
            kind => self.guard_event(kind, instrument),
        }
    }

    fn guard_event(&mut self, kind: &str, instrument: domain::InstrumentId) -> Event {
        match kind {
            "day_opened" => {
                let day = i64::try_from(self.roll(30_000)).unwrap() - 100;
                Event::DayOpened(DayOpened { day, equity: self.decimal() })
            }
            "marked" => Event::Marked(Marked {
                equity: self.maybe(Self::decimal),
                prices: vec![PriceMark {
                    instrument,
                    low: self.price(),
                    high: self.price(),
                    last: self.price(),
                }],
            }),
            "peak_raised" => Event::PeakRaised(PeakRaised { equity: self.decimal() }),
            "latch_set" => Event::LatchSet(LatchSet { latch: self.latch(), text: self.text() }),
            "latch_released" => Event::LatchReleased(LatchReleased {
                latch: self.latch(),
                by: self.maybe(Self::origin),
                peak: self.maybe(Self::decimal),
            }),
            other => panic!("no example of `{other}`: add one"),
        }
    }

    fn movement(&mut self) -> domain::MovementId {
        domain::MovementId::new(format!("mv-{}", self.roll(1_000_000))).unwrap()
    }

    fn cash_moved(&mut self) -> CashMoved {
        let money = domain::Money::new(self.decimal(), domain::Currency::usd());
        CashMoved {
            movement: domain::CashMovement {
                id: self.movement(),
                kind: self.pick(&domain::MovementKind::ALL),
                instrument: self.maybe(Self::instrument),
                money,
                at: self.at(),
            },
            reporting: self.maybe(Self::decimal),
            shares: vec![Share { book: self.book(), money, sold: self.maybe(Self::sold) }],
        }
    }

    fn sold(&mut self) -> path::event::SoldFraction {
        path::event::SoldFraction { qty: self.signed(), price: self.price() }
    }

    fn latch(&mut self) -> LatchKind {
        use LatchKind::*;
        self.pick(&[DailyLoss, Drawdown, ForeignDesk, Rewound])
    }

    fn target(&mut self) -> LimitTarget {
        match self.roll(5) {
            0 => LimitTarget::Account,
            1 => LimitTarget::Book(self.book()),
            2 => LimitTarget::Origin(self.pick(&OriginKind::ALL)),
            3 => LimitTarget::Principal(self.origin().principal),
            _ => LimitTarget::Instrument(self.instrument()),
        }
    }

    fn rules(&mut self) -> domain::Instrument {
        domain::Instrument {
            asset_class: self.pick(&[AssetClass::Equity, AssetClass::Synthetic]),
            tick: self.price(),
            tick_source: self.pick(&[TickSource::Specified, TickSource::Inferred]),
            max_qty: self.maybe(Self::qty),
            calendar: self.pick(&[CalendarKind::AlwaysOpen, CalendarKind::UsEquities]),
            shortable: self.roll(2) == 0,
            ..stock(IBM)
        }
    }
}
