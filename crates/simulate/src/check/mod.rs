//! What must hold: checked against books of the simulator's own.
//!
//! Nothing in here uses the path's own sums; only the form of its events is shared. These modules
//! must not change the world.

mod cash;
mod exposure;
mod ledger;
mod names;
mod settings;
mod settled;
mod watch;

pub(crate) use ledger::Ledger;
pub(crate) use watch::Watch;

macro_rules! invariants {
    ($($(#[$doc:meta])* $variant:ident $name:literal;)*) => {
        /// Something that must hold.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Invariant { $($(#[$doc])* $variant,)* }

        impl Invariant {
            /// Every invariant.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name under which it is reported.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

invariants! {
    /// At most one write and one venue order per client order id, intent and idempotency key.
    SentOnce "sent_once";
    /// Every execution of the venue is in the books exactly once.
    FillsOnce "fills_once";
    /// Every movement of cash and corporate action of the venue is in the books exactly once, and
    /// its parts are the whole.
    MovementsOnce "movements_once";
    /// What an account is worth agrees with the simulator's own sum, in one currency.
    EquityAgrees "equity_agrees";
    /// At rest, what is reserved of the desk's limits is what lives and is held, and nothing else.
    Reservations "reservations";
    /// Positions and cash of books, venue and the simulator's own sums agree exactly.
    BooksAgree "books_agree";
    /// No entry is cleared or taken in beyond a limit of its account.
    Limits "limits";
    /// No entry reaches the wire after a kill was acknowledged.
    KillHolds "kill_holds";
    /// No true exit is refused.
    ExitsPass "exits_pass";
    /// No exit turns a position.
    NoFlip "no_flip";
    /// Every planned position is covered by a resting stop, and no halt takes a stop away.
    Protected "protected";
    /// The journal's chain verifies and folds, from every snapshot to the same state.
    JournalFolds "journal_folds";
    /// A final order stays final.
    FinalStaysFinal "final_stays_final";
    /// Every order that lives at the venue is known to the desk.
    OrdersKnown "orders_known";
    /// No entry is cleared beyond a limit of the whole desk.
    DeskLimits "desk_limits";
    /// Nothing is sent before its record is durable, or otherwise than recorded.
    JournalFirst "journal_first";
    /// Nothing stays unknown, pending, held or closing for ever.
    Resolved "resolved";
    /// An order that was taken for dead never lived, unless the venue broke its own word.
    DeadNeverLived "dead_never_lived";
    /// Nothing leaves a desk that was fenced off.
    Fenced "fenced";
    /// An acknowledged kill survives a restart.
    KillDurable "kill_durable";
    /// The decided state is the fold of the journal.
    StateIsFold "state_is_fold";
    /// Figures that are kept equal those computed from nothing.
    FiguresAgree "figures_agree";
    /// Of a group one order fills, a second one never unnoticed, and at rest none waits on.
    GroupsFillOnce "groups_fill_once";
    /// A trailing stop never goes back.
    TrailsForward "trails_forward";
    /// The terms on which the venue lets an account trade are its policy's.
    TermsAgree "terms_agree";
    /// A run ends: no loop feeds itself.
    Bounded "bounded";
    /// No step panics.
    NoPanic "no_panic";
}
