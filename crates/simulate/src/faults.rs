//! The kinds of faults and how likely each is in a run.
//!
//! Every run draws which kinds it meets and how often, so that some runs see one kind in
//! isolation and others everything at once. This module must not know how a fault is carried out.

use std::collections::BTreeMap;

use crate::dice::Dice;

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident $name:literal $most:literal;)*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault { $($(#[$doc])* $variant,)* }

        impl Fault {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name under which it is counted.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The highest likelihood, in thousandths per occasion.
            const fn most(self) -> u32 {
                match self { $(Self::$variant => $most,)* }
            }
        }
    };
}

faults! {
    /// The desk dies between two inputs.
    CrashIdle "crash_idle" 120;
    /// The desk dies with records decided and not yet written.
    CrashBeforeAppend "crash_before_append" 15;
    /// The desk dies after the write and before the sync: the write is lost.
    CrashUnsynced "crash_unsynced_write_lost" 15;
    /// The desk dies after the sync and before anything followed from it.
    CrashAfterAppend "crash_after_append" 15;
    /// The desk dies right before an effect.
    CrashBeforeEffect "crash_before_effect" 15;
    /// The desk dies right after an effect.
    CrashAfterEffect "crash_after_effect" 15;
    /// The journal's sync fails; the journal is dead until it is opened anew.
    SyncFailed "journal_sync_failed" 12;
    /// The journal's disk is full for a while.
    DiskFull "journal_disk_full" 12;
    /// A snapshot of the state can't be read.
    SnapshotLost "snapshot_unreadable" 300;
    /// The desk crashes while it takes the emergency journal over.
    CrashInMerge "crash_in_emergency_merge" 200;
    /// The desk process stands still for less than its lease.
    Paused "process_paused" 60;
    /// The desk process stands still until another has taken its accounts over.
    TakenOver "desk_taken_over" 60;
    /// The desk stands still between the record of an order and its write.
    PausedBeforeWrite "paused_before_write" 15;
    /// A request never arrives; its sender waits in vain.
    RequestLost "request_lost_before_acceptance" 80;
    /// A request is carried out; the answer never arrives.
    AnswerLost "answer_lost_after_acceptance" 80;
    /// A request arrives when its sender has given up waiting.
    RequestLate "request_arrives_after_timeout" 80;
    /// An entry arrives after the venue's acceptance window.
    RequestTooLate "request_arrives_after_window" 8;
    /// The venue refuses an order for a reason of its own.
    VenueRefuses "venue_refuses" 60;
    /// The venue refuses cancels.
    CancelRefused "cancel_refused" 60;
    /// A message comes late.
    EventLate "event_late" 120;
    /// A message comes twice.
    EventTwice "event_twice" 120;
    /// Messages overtake each other.
    EventReordered "event_reordered" 150;
    /// An old message comes again much later.
    EventReplayed "event_replayed" 60;
    /// A message is lost although the connection stands.
    EventLost "event_lost" 50;
    /// The final report of an entry counts less than was filled; the fills come later.
    EndBeforeFills "end_reported_before_fills" 60;
    /// The venue's stream breaks.
    Disconnected "disconnected" 150;
    /// A question is not answered.
    QueryLost "query_unanswered" 120;
    /// A list ends after its first page, and says so.
    ListCut "list_half_paged" 120;
    /// The list of open orders is empty although orders live.
    ListEmpty "list_empty" 80;
    /// The venue does not find a young order yet.
    LookUpLags "look_up_lags" 200;
    /// The venue does not find an order that it took, and finds it again much later.
    OrderForgotten "order_forgotten" 60;
    /// Prices stop coming.
    FeedStale "feed_stale" 80;
    /// The price jumps.
    PriceGap "price_gap" 80;
    /// Wall clock and elapsed time disagree.
    ClockUntrusted "clock_untrusted" 60;
    /// Orders fill in parts.
    PartialFills "partial_fills" 500;
    /// Another Cofferdam's order appears.
    ForeignDesk "foreign_desk_order" 25;
    /// Somebody trades at the venue by hand.
    HandTrade "hand_trade" 150;
    /// Somebody cancels the desk's order at the venue by hand.
    HandCancel "hand_cancel" 100;
    /// Money comes or goes.
    Transfer "deposit_or_withdrawal" 100;
    /// A market closes and opens.
    SessionBreak "session_break" 500;
    /// Holders of a perpetual contract pay each other.
    Funding "funding" 400;
    /// A share pays a dividend.
    Dividend "dividend" 150;
    /// A day's fees for loans are charged.
    LoanFees "loan_fees" 150;
    /// A share is split, or shares are put together.
    Split "split" 900;
    /// The mark price of a contract leaves its last trade.
    MarkGap "mark_gap" 250;
    /// Exchange rates stop coming.
    RateStale "rate_stale" 100;
    /// Somebody gives the order by hand that a desk has just sent to a venue without client ids.
    EqualByHand "equal_order_by_hand" 60;
    /// Two books give the same order at a venue without client ids.
    EqualOrders "equal_orders_in_two_books" 300;
}

impl Fault {
    /// True for what only venues without client ids meet.
    const fn is_about_names(self) -> bool {
        matches!(self, Self::EqualByHand | Self::EqualOrders)
    }
}

/// How likely each kind is in one run, in thousandths per occasion.
#[derive(Debug)]
pub(crate) struct Profile(BTreeMap<Fault, u32>);

impl Profile {
    /// Draws the kinds of a run. One run in ten is calm.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let calm = dice.chance(100);
        let wild = dice.chance(250);
        let mut rates = BTreeMap::new();
        for fault in Fault::ALL.iter().filter(|fault| !fault.is_about_names()) {
            let present = !calm && dice.chance(if wild { 800 } else { 400 });
            let rate = if present { 1 + dice.below(u64::from(fault.most())) } else { 0 };
            rates.insert(*fault, u32::try_from(rate).unwrap_or(0));
        }
        Self(rates)
    }

    /// Draws the kinds that only venues without client ids meet.
    pub(crate) fn draw_nameless(&mut self, dice: &mut Dice) {
        for fault in Fault::ALL.iter().filter(|fault| fault.is_about_names()) {
            let rate = if dice.chance(500) { 1 + dice.below(u64::from(fault.most())) } else { 0 };
            self.0.insert(*fault, u32::try_from(rate).unwrap_or(0));
        }
    }

    /// No faults at all.
    pub(crate) fn calm(&mut self) {
        self.0.clear();
    }

    /// The likelihood of a kind.
    pub(crate) fn rate(&self, fault: Fault) -> u32 {
        self.0.get(&fault).copied().unwrap_or(0)
    }
}
