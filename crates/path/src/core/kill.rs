//! The kill switch: pause, halt, flatten; and its release.
//!
//! The wire's epoch was raised before the core hears of a pull, so no entry leaves meanwhile. What
//! a level asks for is a duty that is repeated until the venue shows it done. Stops stay.

use domain::{BookId, InstrumentId, Nanos, Origin, OriginKind, Qty};

use super::{
    Reply, ReplyId, Step,
    close::Cause,
    live::{Holding, Retry},
    system,
};
use crate::{
    codes::{Refusal, RefusalCode},
    event::{ClosePurpose, Event, KillPulled, KillReleased, LatchReleased},
    policy::{KillLevel, LatchKind},
    verbs::RiskClass,
};

/// Pause before a position is closed once more.
const FLATTEN_RETRY: Nanos = Nanos::from_secs(5);

impl Step<'_> {
    pub(super) fn kill(
        &mut self,
        level: KillLevel,
        epoch: u64,
        by: Origin,
        reason: String,
        reply: Option<ReplyId>,
    ) {
        let raises = self.state().kill.as_ref().is_none_or(|k| k.level < level);
        if raises || epoch > self.state().kill_epoch {
            let epoch = epoch.max(self.state().kill_epoch + 1);
            self.emit(Event::KillPulled(KillPulled { level, epoch, by, reason }));
        }
        self.core.live.flatten.clear();
        let level = self.state().kill.as_ref().map_or(level, |k| k.level);
        let epoch = self.state().kill_epoch;
        self.reply(reply, Reply::Killed { level, epoch });
    }

    pub(super) fn release_kill(&mut self, by: Origin, reply: Option<ReplyId>) {
        if let Some(refusal) = not_an_operator(&by) {
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        if self.state().kill.is_some() {
            self.emit(Event::KillReleased(KillReleased { by }));
        }
        self.reply(reply, Reply::Done);
    }

    pub(super) fn release_latch(
        &mut self,
        latch: LatchKind,
        rebase: bool,
        by: Origin,
        reply: Option<ReplyId>,
    ) {
        if let Some(refusal) = not_an_operator(&by) {
            return self.reply(reply, Reply::Refused(vec![refusal]));
        }
        if self.state().latches.contains_key(&latch) {
            let equity = self.core.book().equity();
            let peak = equity.filter(|_| rebase && latch == LatchKind::Drawdown);
            self.emit(Event::LatchReleased(LatchReleased { latch, by: Some(by), peak }));
        }
        self.reply(reply, Reply::Done);
    }

    /// What the switch's level asks for, until the venue shows it done.
    pub(super) fn kill_duty(&mut self) {
        let Some(level) = self.state().kill.as_ref().map(|k| k.level) else { return };
        if level >= KillLevel::Halt {
            let entries: Vec<_> = self
                .state()
                .live_orders()
                .filter(|o| {
                    o.class == RiskClass::Entry && (o.end.is_none() || o.resurfaced.is_some())
                })
                .map(|o| o.client_order_id.clone())
                .collect();
            for id in entries {
                self.cancel_by_desk(&id, "kill switch");
            }
        }
        if level == KillLevel::Flatten {
            self.flatten();
        }
    }

    fn flatten(&mut self) {
        let holdings: Vec<(Holding, Qty)> = self.holdings(|_| true);
        let now = self.now.mono;
        for ((book, instrument), qty) in holdings {
            if qty.is_zero() || self.closing(&book, &instrument).is_some() {
                continue;
            }
            let key = (book.clone(), instrument.clone());
            if self.core.live.flatten.get(&key).is_some_and(|r| r.next > now) {
                continue;
            }
            self.note_attempt(&key);
            let cause = Cause::of(ClosePurpose::Flatten);
            self.start_close(key, qty, system(), cause, None);
        }
    }

    /// Counts an attempt of the desk to close a position by itself.
    pub(super) fn note_attempt(&mut self, holding: &Holding) {
        let now = self.now.mono;
        let first = Retry { count: 0, next: now };
        let retry = self.core.live.flatten.entry(holding.clone()).or_insert(first);
        retry.again(now, FLATTEN_RETRY);
    }

    /// Open positions of the books that the desk manages in these instruments, and what is really
    /// held of each.
    pub(super) fn holdings(&self, of: impl Fn(&InstrumentId) -> bool) -> Vec<(Holding, Qty)> {
        let managed = self.state().books.values().filter(|b| !b.id.is_unmanaged());
        let backed = |book: &BookId, id: &InstrumentId| {
            ((book.clone(), id.clone()), self.state().backed(book, id))
        };
        managed
            .flat_map(|b| b.positions.iter().map(move |(id, position)| (&b.id, id, position)))
            .filter(|(_, id, position)| !position.qty.is_zero() && of(id))
            .map(|(book, id, _)| backed(book, id))
            .collect()
    }
}

/// Releasing is for people: a refusal for everybody else. The bootstrap key stands in for a person
/// until users exist, and its door marks what it releases as human.
pub(super) fn not_an_operator(by: &Origin) -> Option<Refusal> {
    (by.kind != OriginKind::Human).then(|| {
        let text = format!("A release needs an operator, not the source `{}`.", by.kind.name());
        Refusal::rule(RefusalCode::OriginNotAllowed, text)
    })
}
