//! Every reason for which the desk refuses, in one enum.
//!
//! The enum, the table of which rule applies to which class of request, and the documentation
//! page are one source: the page is generated from here and a test compares them. This module
//! must not know how a rule is judged.

use std::fmt;

use domain::{Qty, Scope};
use serde::{Deserialize, Serialize};

use crate::verbs::RiskClass;

macro_rules! refusal_codes {
    ($($variant:ident $name:literal [$($class:ident)*] $meaning:literal $remedy:literal;)*) => {
        /// Why a request was refused. The name is stable: programs may depend on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RefusalCode {
            $(#[doc = $meaning] #[serde(rename = $name)] $variant,)*
        }

        impl RefusalCode {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What the refusal means.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// What to do about it.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }

            /// The classes of request that the rule can refuse.
            #[must_use]
            pub const fn classes(self) -> &'static [RiskClass] {
                match self { $(Self::$variant => &[$(RiskClass::$class,)*],)* }
            }
        }
    };
}

refusal_codes! {
    InstrumentUnknown "instrument_unknown" [Entry Exit Protective]
        "The account has no instrument of this name."
        "List the instruments and use the name shown there, as venue:SYMBOL.";
    InstrumentNotTradable "instrument_not_tradable" [Entry]
        "The venue has suspended the instrument."
        "Wait until the venue lifts the suspension; positions can still be closed.";
    BookUnknown "book_unknown" [Entry Exit]
        "The account has no book of this name."
        "Open the book first, or use the book `manual`.";
    OriginNotAllowed "origin_not_allowed" [Entry Exit Cancel]
        "This source may not do this."
        "Ask through a door that has the right, or have an operator grant it.";
    OrderShape "order_shape" [Entry Exit]
        "The parts of the order contradict each other."
        "Change the order as the message says.";
    PriceInvalid "price_invalid" [Entry Exit Protective]
        "A price is not positive after rounding to the tick."
        "Give a price of at least one tick.";
    AmountOverflow "amount_overflow" [Entry Exit]
        "An amount is too large to be exact."
        "Use fewer decimals or a smaller size.";
    RiskNeedsStop "risk_needs_stop" [Entry]
        "A size by risk needs a stop, because the risk is the distance to it."
        "Give a stop, or a size by quantity or value.";
    StopWrongSide "stop_wrong_side" [Entry Protective]
        "A stop or target lies on the wrong side of the price, so it would fire at once."
        "For a buy the stop is below and the target above the price; for a sell the reverse.";
    StopRequired "stop_required" [Entry]
        "The account's policy refuses entries without a stop."
        "Give a stop, or change the account's policy.";
    SizeRoundsToZero "size_rounds_to_zero" [Entry]
        "The size is smaller than one step of the instrument."
        "Ask for at least one step.";
    MinQty "min_qty" [Entry]
        "The quantity is below the venue's minimum."
        "Ask for at least the minimum.";
    MaxQty "max_qty" [Entry]
        "The quantity is above the venue's maximum for one order."
        "Split the order.";
    MinNotional "min_notional" [Entry]
        "The order's value is below the venue's minimum."
        "Ask for a larger size.";
    IdempotencyConflict "idempotency_conflict" [Entry Exit]
        "The idempotency key was used before with another content."
        "Use a new key for a new request.";
    DuplicateContent "duplicate_content" [Entry]
        "The same order came from the same source a moment ago."
        "If it is meant twice, send it again with an idempotency key of its own.";
    KillActive "kill_active" [Entry]
        "The kill switch is on: no entries."
        "Look at what happened, then have an operator release the switch.";
    DailyLossLimit "daily_loss" [Entry]
        "The account lost its daily limit; entries stop until the next trading day."
        "Wait for the next trading day, or have an operator raise the limit.";
    DrawdownLimit "drawdown" [Entry]
        "The account fell from its peak by its limit; entries stop until an operator releases it."
        "Review the account, then release the latch.";
    ForeignDesk "foreign_desk" [Entry]
        "Another Cofferdam trades this account."
        "Stop the other desk, then release the latch.";
    Rewound "rewound" [Entry]
        "The venue knows orders of this desk that the journal does not: the journal was restored from an older copy."
        "Compare the account with the venue, then release the latch.";
    Liquidated "liquidated" [Entry]
        "The venue liquidated a position of this account."
        "See what is left and why the margin ran out, then release the latch.";
    NotReconciled "not_reconciled" [Entry]
        "The desk has not yet compared its books with the venue since it started or reconnected."
        "Wait for the venue to answer; see the account's health.";
    JournalUnavailable "journal_unavailable" [Entry]
        "The journal can't be written, so nothing new may be started."
        "Free space or repair the disk and restart; exits, cancels and the kill switch still work.";
    ClockUntrusted "clock_untrusted" [Entry]
        "The clocks disagree, so limits by time can't be judged."
        "Set the machine's clock; entries resume when the clocks agree.";
    NoQuote "no_quote" [Entry]
        "There is no price for the instrument."
        "Wait for a price or check the feed.";
    StaleQuote "stale_quote" [Entry]
        "The latest price is too old."
        "Wait for a fresh price or check the feed.";
    DelayedData "delayed_data" [Entry]
        "The account's prices are delayed, so an entry must name the worst price that it takes."
        "Use a limit or stop-limit order.";
    MarketClosed "market_closed" [Entry]
        "The market is closed and the venue does not queue orders."
        "Send the order again when the market is open.";
    RateMissing "rate_missing" [Entry]
        "There is no fresh exchange rate into the account's currency."
        "Wait for the rate or choose an instrument in the account's currency.";
    EquityUnknown "equity_unknown" [Entry]
        "The account's equity can't be told, because a holding has no price."
        "Wait for prices of every holding.";
    SymbolDenied "symbol_denied" [Entry]
        "The instrument is on a list of forbidden ones, or not on the list of allowed ones."
        "Choose another instrument, or have an operator change the list.";
    ShortNotAllowed "short_not_allowed" [Entry]
        "Selling more than is held would open a short position, which the account does not allow."
        "Sell at most what is held.";
    WouldFlip "would_flip" [Entry]
        "The order is larger than what it can reduce and would turn the position around."
        "Close first; open the other direction with a second order after the first has filled.";
    NothingToReduce "nothing_to_reduce" [Exit]
        "There is no position that this order could reduce."
        "Nothing is left to do; check the position.";
    ReservedByExits "reserved_by_exits" [Exit]
        "Other exits, such as the protective stop, already cover the whole position."
        "Use a market close, which replaces them, or a target, or cancel one of them first.";
    PriceCollar "price_collar" [Entry]
        "The price is too far beyond the market on the side that costs money."
        "Use a price nearer to the market.";
    SelfCross "self_cross" [Entry]
        "The order would trade against another order of the same account."
        "Cancel the other order or use a price that does not meet it.";
    OrderNotional "order_notional" [Entry]
        "The order's value is above the limit."
        "Use the largest allowed size, or have an operator raise the limit.";
    OrderQty "order_qty" [Entry]
        "The order's quantity is above the limit."
        "Use the largest allowed size, or have an operator raise the limit.";
    PositionNotional "position_notional" [Entry]
        "The position with all working entries would be above the limit."
        "Use the largest allowed size, or reduce the position.";
    GrossExposure "gross_exposure" [Entry]
        "The sum of all positions and working entries would be above the limit."
        "Use the largest allowed size, or reduce other positions.";
    NetExposure "net_exposure" [Entry]
        "Longs would exceed shorts, or shorts longs, by more than the limit."
        "Use the largest allowed size, or reduce positions on the same side.";
    CorrelatedExposure "correlated_exposure" [Entry]
        "The sum of all positions and working entries that move together with this instrument would be above the limit; instruments whose correlation isn't known count as moving together."
        "Use the largest allowed size, or choose an instrument that moves by itself.";
    Leverage "leverage" [Entry]
        "The sum of all positions and working entries would be too many times the equity."
        "Use the largest allowed size, or reduce other positions.";
    MarginUsed "margin_used" [Entry]
        "The initial margin of all positions and working entries would be above the limit."
        "Use the largest allowed size, or reduce positions that need margin.";
    PortfolioHeat "portfolio_heat" [Entry]
        "The sum of what all stops could lose would be above the limit."
        "Use the largest allowed size, or a nearer stop.";
    BuyingPower "buying_power" [Entry]
        "The cash, margin or equity, less what working orders need, does not cover the order and its fee."
        "Use the largest allowed size, or free cash or margin.";
    OpenOrders "open_orders" [Entry]
        "Too many orders are live."
        "Cancel some first.";
    EntriesPerSecond "entries_per_second" [Entry]
        "This source opened too many orders in one second."
        "Slow down.";
    EntriesPerMinute "entries_per_minute" [Entry]
        "This source opened too many orders in one minute."
        "Slow down.";
    EntriesPerDay "entries_per_day" [Entry]
        "This source opened too many orders today."
        "Wait for the next trading day, or have an operator raise the limit.";
    DailyEntryNotional "daily_entry_notional" [Entry]
        "The value of today's entries would be above the limit."
        "Use the largest allowed size, or wait for the next trading day.";
    OriginDailyNotional "origin_daily_notional" [Entry]
        "The value of the entries that this source made today would be above its limit."
        "Use the largest allowed size, wait for the next trading day, or have an operator raise the limit.";
    TradingWindow "trading_window" [Entry]
        "Entries are allowed at other times only; positions can still be closed."
        "Wait for the window, or have an operator change it.";
    LossCooldown "loss_cooldown" [Entry]
        "The last exit in this instrument lost money and the pause after it is not over."
        "Wait until the pause is over.";
    Capacity "capacity" [Entry]
        "The desk holds as many open items as it can."
        "Finish or cancel some first.";
    OrderUnknown "order_unknown" [Cancel]
        "The account has no live order of this id."
        "List the live orders; the order may have ended.";
    ReplaceUnsupported "replace_unsupported" [Entry Exit]
        "The order can't be changed where it is."
        "Cancel it and place a new one; a stop is moved through the position's plan.";
    ReplacePending "replace_pending" [Entry Exit]
        "The venue has not yet answered for the order."
        "Try again in a moment.";
    ReplaceNeedsApproval "replace_needs_approval" [Entry]
        "The changed order's value is above the limit above which orders wait for approval."
        "Cancel the order and ask for the larger one anew.";
    GroupFilled "group_filled" [Entry]
        "Another order of the group has filled; only one of them may."
        "Use a new group for new orders.";
    PlanInvalid "plan_invalid" [Entry Protective]
        "The protective levels contradict each other or the price."
        "Correct the level that is named.";
    OrderNotLost "order_not_lost" [Cancel]
        "Only an order that the venue took and no longer knows can be written off; the venue has not said so twice."
        "Cancel the order, or wait for the alarm `order_lost`.";
    TermsPending "terms_pending" [Entry]
        "The venue has not yet answered a request for other terms."
        "Wait for its answer: `terms_refused`, or `policy_set` when the new policy holds.";
    NotDust "not_dust" [Exit]
        "Only what is too little for the venue to trade can be left alone."
        "Close the position.";
    CancelUnprotects "cancel_unprotects" [Cancel]
        "The order protects a position; cancelling it raises risk."
        "Close the position, or confirm that it may stand without a stop.";
    ApprovalUnknown "approval_unknown" [Entry]
        "Nothing of this id waits for approval; it may have expired."
        "List what waits for approval.";
    ApproverIsOrigin "approver_is_origin" [Entry]
        "Who asked for an order can't approve it."
        "Have somebody else approve it.";
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One broken rule with the numbers that a person or program needs to do better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The rule.
    pub code: RefusalCode,
    /// What is wrong, in one sentence with the numbers.
    pub message: String,
    /// The limit in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// The value that was judged against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The largest quantity that this rule would have let pass, rounded down to the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_allowed_qty: Option<Qty>,
    /// Who set the limit.
    pub set_by: Scope,
    /// True when an operator of the desk can change the limit.
    pub can_change: bool,
    /// What to do.
    pub remedy: String,
}

impl Refusal {
    /// A refusal by a rule without a number.
    #[must_use]
    pub fn rule(code: RefusalCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            limit: None,
            value: None,
            max_allowed_qty: None,
            set_by: Scope::Rule,
            can_change: false,
            remedy: code.remedy().to_owned(),
        }
    }

    /// A refusal by a limit.
    #[must_use]
    pub fn limit(
        code: RefusalCode,
        set_by: Scope,
        limit: impl fmt::Display,
        value: impl fmt::Display,
        max_allowed_qty: Option<Qty>,
    ) -> Self {
        let (limit, value) = (limit.to_string(), value.to_string());
        Self {
            code,
            message: format!("{} Limit {limit}, this would be {value}.", code.meaning()),
            limit: Some(limit),
            value: Some(value),
            max_allowed_qty,
            set_by,
            can_change: set_by != Scope::Venue && set_by != Scope::Rule,
            remedy: code.remedy().to_owned(),
        }
    }
}

/// The documentation page of all codes, as Markdown.
#[must_use]
pub fn documentation() -> String {
    let mut page = String::from(
        "# Refusal codes\n\nGenerated from the enum that the gate uses; `./test` fails when the two \
         differ.\n\nA mark says that the rule can refuse that class of request. Exits, protective \
         orders and cancels pass every rule without a mark in their column.\n\n| code | entry | \
         exit | protective | cancel | meaning | remedy |\n|---|---|---|---|---|---|---|\n",
    );
    for code in RefusalCode::ALL {
        let mark = |class| if code.classes().contains(&class) { "●" } else { "" };
        page.push_str(&format!(
            "| `{code}` | {} | {} | {} | {} | {} | {} |\n",
            mark(RiskClass::Entry),
            mark(RiskClass::Exit),
            mark(RiskClass::Protective),
            mark(RiskClass::Cancel),
            code.meaning(),
            code.remedy()
        ));
    }
    page
}
