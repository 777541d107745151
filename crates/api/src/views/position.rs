//! A position as people and programs see it, with what protects it.
//!
//! Its id is `<account>.<book>.<venue:symbol>`: accounts and books have no dots. It must not know
//! how a position is changed.

use std::{fmt, str::FromStr};

use domain::{AccountId, BookId, ClientOrderId, InstrumentId, Position, Protective, Qty};
use path::{
    core::Core,
    market::Now,
    state::{AccountState, Book, Order, Plan},
    verbs::RiskClass,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    decimal,
    margin::{self, ContractPositionView},
    plan::{TargetView, TimeStopView, TrailView},
};

/// The name of a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PositionId {
    pub(crate) account: AccountId,
    pub(crate) book: BookId,
    pub(crate) instrument: InstrumentId,
}

impl fmt::Display for PositionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.account, self.book, self.instrument)
    }
}

impl FromStr for PositionId {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let form = "write <account>.<book>.<venue:symbol>, url-encoded";
        let mut parts = s.splitn(3, '.');
        let (Some(account), Some(book), Some(instrument)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(form.to_owned());
        };
        let wrong = |e: domain::IdError| format!("{e}; {form}");
        Ok(Self {
            account: account.parse().map_err(wrong)?,
            book: book.parse().map_err(wrong)?,
            instrument: instrument.parse().map_err(wrong)?,
        })
    }
}

/// A position of a book.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PositionView {
    /// Its name: `<account>.<book>.<venue:symbol>`.
    #[schema(example = "main.manual.sim:IBM")]
    pub(crate) id: String,
    /// The account.
    pub(crate) account: String,
    /// The book.
    pub(crate) book: String,
    /// What is held.
    pub(crate) symbol: String,
    /// long, short or flat.
    pub(crate) side: String,
    /// How much, negative when short.
    #[schema(example = "10")]
    pub(crate) qty: String,
    /// The currency of the amounts below.
    #[schema(example = "USD")]
    pub(crate) currency: String,
    /// What it cost, without fees.
    pub(crate) cost: String,
    /// The average price paid.
    pub(crate) average_price: Option<String>,
    /// The last price.
    pub(crate) mark: Option<String>,
    /// How old the last price is, in milliseconds of the desk's clock.
    pub(crate) mark_age_ms: Option<i64>,
    /// The value at the last price.
    pub(crate) value: Option<String>,
    /// Profit or loss of what is held.
    pub(crate) unrealized: Option<String>,
    /// Profit or loss of what was closed, without fees.
    pub(crate) realized: String,
    /// The stop, which rests at the venue.
    pub(crate) stop: Option<String>,
    /// Where the stop is: `at_venue`, `partly_at_venue`, or `not_at_venue`, when only the desk
    /// watches it; null without a stop.
    #[schema(example = "at_venue")]
    pub(crate) stop_rests: Option<&'static str>,
    /// The target, which the desk watches: nothing is watched while the desk is down.
    pub(crate) target: Option<String>,
    /// How the stop follows the price.
    pub(crate) trail: Option<TrailView>,
    /// The partial targets, those that were reached included.
    pub(crate) targets: Vec<TargetView>,
    /// When the position is closed whatever its price.
    pub(crate) time_stop: Option<TimeStopView>,
    /// True when the plan has a target, a trail or a time stop: none of them acts while the desk
    /// is down.
    pub(crate) watched_here: bool,
    /// How much the resting stops cover.
    pub(crate) protected_qty: String,
    /// What could be closed now beside the resting exits.
    pub(crate) reducible_qty: String,
    /// True while a close is under way.
    pub(crate) closing: bool,
    /// What is told of a contract only; null for what is delivered.
    pub(crate) contract: Option<ContractPositionView>,
}

impl PositionView {
    fn new(core: &Core, now: Now, book: &Book, id: &InstrumentId, position: &Position) -> Self {
        let state = core.state();
        let multiplier = state.instruments.get(id).map(|i| i.multiplier).unwrap_or_default();
        let mark = core.market().mark(id);
        let valued = |f: &dyn Fn(domain::Price) -> Option<domain::Money>| {
            mark.and_then(f).map(|m| decimal(m.amount()))
        };
        let plan = book.plans.get(id);
        let levels = plan.map(|p| p.levels).unwrap_or_default();
        let protected = covered(state, &book.id, id);
        let name = PositionId {
            account: state.spec.id.clone(),
            book: book.id.clone(),
            instrument: id.clone(),
        };
        let side = match (position.qty.is_long(), position.qty.is_short()) {
            (true, _) => "long",
            (_, true) => "short",
            _ => "flat",
        };
        Self {
            id: name.to_string(),
            account: name.account.to_string(),
            book: book.id.to_string(),
            symbol: id.to_string(),
            side: side.to_owned(),
            qty: position.qty.to_string(),
            currency: position.cost.currency().to_string(),
            cost: decimal(position.cost.amount()),
            average_price: position.average_price(multiplier).map(|p| p.to_string()),
            mark: mark.map(|p| p.to_string()),
            mark_age_ms: core.market().age(id, now.at).map(domain::Nanos::as_millis),
            value: valued(&|m| position.value(m, multiplier).ok()),
            unrealized: valued(&|m| position.unrealized(m, multiplier).ok()),
            realized: decimal(position.realized.amount()),
            stop: levels.stop.map(|p| p.to_string()),
            stop_rests: levels.stop.map(|_| rests(protected, position.qty.abs())),
            target: levels.target.map(|p| p.to_string()),
            trail: levels.trail.as_ref().map(TrailView::from),
            targets: plan.map(TargetView::of).unwrap_or_default(),
            time_stop: plan.and_then(running_time_stop),
            watched_here: is_watched(&levels),
            protected_qty: protected.to_string(),
            reducible_qty: state.reducible(&book.id, id).to_string(),
            closing: state.closes.values().any(|c| c.book == book.id && &c.instrument == id),
            contract: margin::of_position(core, id, position),
        }
    }
}

/// What resting stops cover. Of a stop and the one that takes its place, one is live.
fn covered(state: &AccountState, book: &BookId, id: &InstrumentId) -> Qty {
    let live = state.live_in(book, id).filter(|o| o.class == RiskClass::Protective);
    let stops: Vec<&Order> = live.collect();
    let is_live = |id: &ClientOrderId| stops.iter().any(|o| &o.client_order_id == id);
    let counted = stops.iter().filter(|o| !o.replaced_by.as_ref().is_some_and(is_live));
    counted.fold(Qty::ZERO, |sum, o| sum.plus(o.open_qty()))
}

/// Where a stop is of which so much rests at the venue.
fn rests(covered: Qty, position: Qty) -> &'static str {
    if covered.is_zero() {
        "not_at_venue"
    } else if covered < position {
        "partly_at_venue"
    } else {
        "at_venue"
    }
}

fn running_time_stop(plan: &Plan) -> Option<TimeStopView> {
    plan.levels.time_stop.as_ref().map(|stop| TimeStopView::running(stop, plan.since))
}

fn is_watched(levels: &Protective) -> bool {
    let Protective { stop: _, target, trail, targets, time_stop } = levels;
    target.is_some() || trail.is_some() || !targets.is_empty() || time_stop.is_some()
}

/// The open positions of one book.
pub(crate) fn of_book(core: &Core, now: Now, book: &Book) -> Vec<PositionView> {
    let open = book.positions.iter().filter(|(_, p)| !p.qty.is_zero());
    open.map(|(id, p)| PositionView::new(core, now, book, id, p)).collect()
}

/// The open positions of an account.
pub(crate) fn of_account(core: &Core, now: Now) -> Vec<PositionView> {
    core.state().books.values().flat_map(|b| of_book(core, now, b)).collect()
}

/// Open positions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PositionList {
    /// The positions.
    pub(crate) positions: Vec<PositionView>,
    /// Accounts that could not be asked.
    pub(crate) unavailable: Vec<super::Unavailable>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_named_by_account_book_and_symbol() {
        let id: PositionId = "main.manual.sim:BRK.B".parse().unwrap();
        assert_eq!(id.instrument.symbol(), "BRK.B");
        assert_eq!(id.to_string(), "main.manual.sim:BRK.B");
        assert!("main.manual".parse::<PositionId>().is_err());
        assert!("main.manual.IBM".parse::<PositionId>().is_err());
    }
}
