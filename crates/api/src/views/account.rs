//! An account as people and programs see it: money, risk, latches, fitness.
//!
//! Everything is from one state, so the numbers belong together. It must not know how anything is
//! changed.

use std::collections::BTreeMap;

use domain::{Limits, Timestamp};
use path::{
    core::Core,
    gate::exposure,
    market::Now,
    policy::Policy,
    state::{AccountState, Book, Kill},
};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    OriginView, cash, decimal,
    journal::HeadView,
    margin::{self, MarginView},
    name_of,
    position::{self, PositionView},
    schema::{LimitsSchema, PolicySchema},
    terms::TermsView,
};

/// The kill switch, while it is on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct KillView {
    /// pause, halt or flatten.
    #[schema(example = "halt")]
    pub(crate) level: String,
    /// Who pulled it.
    pub(crate) by: OriginView,
    /// Why.
    pub(crate) reason: String,
    /// When.
    pub(crate) since: String,
}

impl From<&Kill> for KillView {
    fn from(kill: &Kill) -> Self {
        Self {
            level: kill.level.to_string(),
            by: OriginView::from(&kill.by),
            reason: kill.reason.clone(),
            since: kill.since.to_string(),
        }
    }
}

/// A closed latch: a condition that stops entries.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LatchView {
    /// daily_loss, drawdown, foreign_desk, rewound or liquidated.
    pub(crate) latch: String,
    /// The numbers.
    pub(crate) text: String,
    /// When it closed.
    pub(crate) since: String,
}

/// Whether the desk is fit to trade the account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FitnessView {
    /// The main journal can be written.
    pub(crate) journal: bool,
    /// Books and venue were compared since the start and the last reconnect.
    pub(crate) reconciled: bool,
    /// The venue's stream is up.
    pub(crate) connected: bool,
}

/// A quantity that its plan wants protected and no resting stop covers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct UnprotectedView {
    /// The book.
    pub(crate) book: String,
    /// What is held.
    pub(crate) symbol: String,
    /// How much.
    pub(crate) qty: String,
    /// For how long, in milliseconds.
    pub(crate) for_ms: i64,
}

/// The trading day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DayView {
    /// Number of the trading day.
    pub(crate) number: i64,
    /// Equity at its opening, corrected by deposits and withdrawals.
    pub(crate) opening_equity: String,
    /// Profit or loss since, unrealised and fees included.
    pub(crate) pnl: Option<String>,
}

/// A book.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BookView {
    /// Its id.
    #[schema(example = "manual")]
    pub(crate) id: String,
    /// A name for people.
    pub(crate) name: String,
    /// Capital given to it, in the reporting currency.
    pub(crate) capital: Option<String>,
    /// Effect on the account's cash, by currency.
    pub(crate) cash: BTreeMap<String, String>,
    /// Fees paid, by currency; part of the cash effect.
    pub(crate) fees: BTreeMap<String, String>,
    /// Profit or loss of what is held, in the reporting currency.
    pub(crate) unrealized: Option<String>,
    /// Profit or loss of what was closed, without fees, in the reporting currency.
    pub(crate) realized: Option<String>,
    /// Open positions.
    pub(crate) positions: Vec<PositionView>,
    /// Limits of the book.
    #[schema(value_type = LimitsSchema)]
    pub(crate) limits: Limits,
}

impl BookView {
    /// The view of a book.
    pub(crate) fn new(core: &Core, now: Now, book: &Book) -> Self {
        Self {
            id: book.id.to_string(),
            name: book.name.clone(),
            capital: book.capital.map(decimal),
            cash: cash(&book.cash),
            fees: cash(&book.fees),
            unrealized: unrealized(core, book).map(decimal),
            realized: realized(core, book).map(decimal),
            positions: position::of_book(core, now, book),
            limits: book.limits.clone(),
        }
    }
}

/// An account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AccountView {
    /// Its id.
    #[schema(example = "main")]
    pub(crate) id: String,
    /// A name for people.
    pub(crate) name: String,
    /// Where it trades.
    pub(crate) venue: String,
    /// The identity that the venue reports.
    pub(crate) identity: String,
    /// paper or replay.
    pub(crate) mode: String,
    /// The currency in which its limits are judged.
    pub(crate) currency: String,
    /// The calendar whose days bound the daily loss.
    pub(crate) calendar: String,
    /// On which terms it trades: short, margin, leverage.
    pub(crate) terms: TermsView,
    /// Cash plus positions at the last price; absent while a price or rate is missing.
    #[schema(example = "100250.5")]
    pub(crate) equity: Option<String>,
    /// Cash by currency.
    pub(crate) cash: BTreeMap<String, String>,
    /// Cash less what live buys may cost and what contracts and shorts tie up, by currency.
    pub(crate) available: BTreeMap<String, String>,
    /// What secures contracts and loans, by currency.
    pub(crate) margin: Vec<MarginView>,
    /// Equity that covers nothing yet: what a short sale, or anything in a margin account, can
    /// still use.
    pub(crate) free_equity: Option<String>,
    /// Profit or loss of what is held.
    pub(crate) unrealized: Option<String>,
    /// Profit or loss of what was closed, without fees.
    pub(crate) realized: Option<String>,
    /// Fees paid, by currency.
    pub(crate) fees: BTreeMap<String, String>,
    /// The sum of the values of all positions and working entries.
    pub(crate) gross_exposure: Option<String>,
    /// Initial margin of positions and working entries, in the reporting currency.
    pub(crate) margin_used: Option<String>,
    /// What would be lost if every stop were hit.
    pub(crate) heat: Option<String>,
    /// The trading day.
    pub(crate) day: Option<DayView>,
    /// The highest equity, corrected by deposits and withdrawals.
    pub(crate) peak: Option<String>,
    /// The fall from the peak, in percent.
    pub(crate) drawdown_percent: Option<String>,
    /// Closed latches.
    pub(crate) latches: Vec<LatchView>,
    /// The kill switch, while it is on.
    pub(crate) kill: Option<KillView>,
    /// Whether the desk is fit to trade the account.
    pub(crate) fitness: FitnessView,
    /// Books and venue agreed up to this venue time.
    pub(crate) reconciled_through: Option<String>,
    /// The last record of the account's stream.
    pub(crate) head: HeadView,
    /// Quantities that should be protected and are not.
    pub(crate) unprotected: Vec<UnprotectedView>,
    /// Live orders.
    pub(crate) live_orders: usize,
    /// Live orders that the desk did not send.
    pub(crate) external_orders: usize,
    /// Requests that wait for approval.
    pub(crate) holds: usize,
    /// Requests that wait for the market's next opening.
    pub(crate) armed: usize,
    /// Books with their positions.
    pub(crate) books: Vec<BookView>,
    /// Limits of the account.
    #[schema(value_type = LimitsSchema)]
    pub(crate) limits: Limits,
    /// How the account wants to be treated.
    #[schema(value_type = PolicySchema)]
    pub(crate) policy: Policy,
}

impl AccountView {
    /// The view of an account.
    pub(crate) fn new(core: &Core, now: Now) -> Self {
        let state = core.state();
        let figures = core.book();
        let equity = figures.equity();
        let sum = |f: fn(&Core, &Book) -> Option<Decimal>| {
            state.books.values().try_fold(Decimal::ZERO, |sum, b| sum.checked_add(f(core, b)?))
        };
        Self {
            id: state.spec.id.to_string(),
            name: state.spec.name.clone(),
            venue: state.spec.venue.to_string(),
            identity: state.spec.identity.clone(),
            mode: name_of(&state.spec.mode),
            currency: state.spec.reporting.to_string(),
            calendar: name_of(&state.spec.calendar),
            terms: TermsView::from(&state.policy),
            equity: equity.map(decimal),
            cash: cash(&state.wallets()),
            available: available(state, &figures),
            margin: margin::of_account(core),
            free_equity: figures.free_equity().map(decimal),
            unrealized: sum(unrealized).map(decimal),
            realized: sum(realized).map(decimal),
            fees: cash(&fees(state)),
            gross_exposure: figures.gross_exposure().map(decimal),
            margin_used: figures.margin_used().map(decimal),
            heat: figures.heat().map(decimal),
            day: state.day.map(|day| DayView {
                number: day.number,
                opening_equity: decimal(day.equity),
                pnl: equity.and_then(|e| e.checked_sub(day.equity)).map(decimal),
            }),
            peak: state.peak.map(decimal),
            drawdown_percent: equity.zip(state.peak).and_then(drawdown).map(decimal),
            latches: latches(state),
            kill: state.kill.as_ref().map(KillView::from),
            fitness: fitness(core),
            reconciled_through: state.reconciled_through.as_ref().map(Timestamp::to_string),
            head: HeadView::from(state.head),
            unprotected: unprotected(core, now),
            live_orders: state.live.len(),
            external_orders: state.external.len(),
            holds: state.holds.len(),
            armed: state.armed.len(),
            books: state.books.values().map(|b| BookView::new(core, now, b)).collect(),
            limits: state.limits.clone(),
            policy: state.policy.clone(),
        }
    }
}

/// Whether the desk is fit to trade the account.
pub(crate) fn fitness(core: &Core) -> FitnessView {
    let fitness = core.fitness();
    FitnessView {
        journal: fitness.journal,
        reconciled: fitness.reconciled,
        connected: core.connected(),
    }
}

/// What should be protected and is not.
pub(crate) fn unprotected(core: &Core, now: Now) -> Vec<UnprotectedView> {
    let gap = |u: path::core::Unprotected| UnprotectedView {
        book: u.book.to_string(),
        symbol: u.instrument.to_string(),
        qty: u.qty.to_string(),
        for_ms: now.mono.since(u.since).as_millis(),
    };
    core.unprotected().into_iter().map(gap).collect()
}

fn latches(state: &AccountState) -> Vec<LatchView> {
    let view = |(kind, latch): (&path::policy::LatchKind, &path::state::Latch)| LatchView {
        latch: name_of(kind),
        text: latch.text.clone(),
        since: latch.since.to_string(),
    };
    state.latches.iter().map(view).collect()
}

fn available(state: &AccountState, figures: &exposure::Book<'_>) -> BTreeMap<String, String> {
    let of = |m: domain::Money| {
        let left = figures.available_cash(m.currency())?;
        Some((m.currency().to_string(), decimal(left)))
    };
    state.wallets().iter().filter_map(of).collect()
}

fn fees(state: &AccountState) -> domain::Cash {
    let mut total = domain::Cash::default();
    for money in state.books.values().flat_map(|b| b.fees.iter().collect::<Vec<_>>()) {
        // The parts fit into 28 digits one by one, as the fold has checked; a sum that does not
        // is shown without the part.
        let _ = total.add(&money);
    }
    total
}

/// The fall from the peak, in percent, rounded at four decimals.
pub(crate) fn drawdown((equity, peak): (Decimal, Decimal)) -> Option<Decimal> {
    if peak <= Decimal::ZERO {
        return None;
    }
    let fall = peak.checked_sub(equity)?.max(Decimal::ZERO);
    let fall = fall.checked_mul(Decimal::ONE_HUNDRED)?;
    Some(fall.checked_div(peak)?.round_dp(4))
}

fn rated(core: &Core, money: domain::Money) -> Option<Decimal> {
    let rate = core.market().rate(money.currency(), core.state().spec.reporting)?;
    money.amount().checked_mul(rate)
}

fn unrealized(core: &Core, book: &Book) -> Option<Decimal> {
    let open = book.positions.iter().filter(|(_, p)| !p.qty.is_zero());
    open.into_iter().try_fold(Decimal::ZERO, |sum, (id, position)| {
        let instrument = core.state().instruments.get(id)?;
        let money = position.unrealized(core.market().mark(id)?, instrument.multiplier).ok()?;
        sum.checked_add(rated(core, money)?)
    })
}

fn realized(core: &Core, book: &Book) -> Option<Decimal> {
    let mut positions = book.positions.values().filter(|p| !p.realized.amount().is_zero());
    positions.try_fold(Decimal::ZERO, |sum, p| sum.checked_add(rated(core, p.realized)?))
}
