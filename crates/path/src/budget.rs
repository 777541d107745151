//! Limits wider than one account: one owner, asked before an entry is cleared.
//!
//! Each account publishes what it uses in the worst case, recorded and unknown orders included;
//! an entry first replaces that figure by the one it would make, which fails when the desk's
//! limit would be broken. Use is derived from the fold, so nothing can leak, and a restart
//! rebuilds it. This module must not know orders.

use std::collections::BTreeMap;

use domain::{AccountId, Currency};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Stands for a figure that can't be told, because a price is missing: the largest there is, so
/// that the desk's limit fails closed.
#[must_use]
pub fn figure_unknown() -> Decimal {
    Decimal::from(domain::num::MAGNITUDE_MAX)
}

/// The currency of the desk's limits. What accounts use in another one is converted.
#[must_use]
pub fn desk_currency() -> Currency {
    Currency::usd()
}

/// What an account uses of the desk's limits, in the desk's currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskUse {
    /// Sum of the values of all positions and working entries.
    pub gross_exposure: Decimal,
    /// The most by which longs may come to exceed shorts; negative while the account is short
    /// whatever fills.
    #[serde(default)]
    pub net_long: Decimal,
    /// The most by which shorts may come to exceed longs; negative while the account is long
    /// whatever fills.
    #[serde(default)]
    pub net_short: Decimal,
    /// Value of today's entries.
    pub entries_notional: Decimal,
    /// Live orders.
    pub open_orders: u32,
}

/// Limits of the whole desk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeskLimits {
    /// Largest gross exposure of all accounts, in the desk's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gross_exposure: Option<Decimal>,
    /// Largest value by which the longs of all accounts may come to exceed the shorts, or the
    /// shorts the longs, in the desk's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_exposure: Option<Decimal>,
    /// Largest value of one day's entries of all accounts, in the desk's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_entry_notional: Option<Decimal>,
    /// Live orders of all accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_orders: Option<u32>,
}

/// The desk limit that an entry would break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeskExceeded {
    /// Gross exposure: the limit and what would be used.
    GrossExposure(Decimal, Decimal),
    /// Net exposure on the side to which the entry adds: the limit and what would be used.
    NetExposure(Decimal, Decimal),
    /// Today's entries: the limit and what would be used.
    DailyEntryNotional(Decimal, Decimal),
    /// Live orders: the limit and what would be used.
    OpenOrders(u32, u32),
}

/// The owner of the desk's limits.
pub trait DeskBudget {
    /// Replaces the account's use by a larger one, or refuses when a limit would be broken; then
    /// nothing is changed.
    ///
    /// # Errors
    /// The first limit that would be broken.
    fn reserve(&mut self, account: &AccountId, usage: DeskUse) -> Result<(), DeskExceeded>;

    /// Replaces the account's use by what it is.
    fn publish(&mut self, account: &AccountId, usage: DeskUse);
}

/// The budget of a desk in one process.
#[derive(Debug, Clone, Default)]
pub struct BudgetTable {
    limits: DeskLimits,
    accounts: BTreeMap<AccountId, DeskUse>,
    total: DeskUse,
}

impl BudgetTable {
    /// A table under these limits.
    #[must_use]
    pub fn new(limits: DeskLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Replaces the limits.
    pub fn set_limits(&mut self, limits: DeskLimits) {
        self.limits = limits;
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> &DeskLimits {
        &self.limits
    }

    /// What all accounts use together.
    #[must_use]
    pub fn total(&self) -> DeskUse {
        self.total
    }

    /// Replaces one account's use and returns what it was.
    fn replace(&mut self, account: &AccountId, usage: DeskUse) -> DeskUse {
        let before = match self.accounts.get_mut(account) {
            Some(known) => std::mem::replace(known, usage),
            None => self.accounts.insert(account.clone(), usage).unwrap_or_default(),
        };
        if before != usage {
            self.total = self.accounts.values().fold(DeskUse::default(), |sum, u| DeskUse {
                gross_exposure: sum.gross_exposure + u.gross_exposure,
                net_long: sum.net_long + u.net_long,
                net_short: sum.net_short + u.net_short,
                entries_notional: sum.entries_notional + u.entries_notional,
                open_orders: sum.open_orders.saturating_add(u.open_orders),
            });
        }
        before
    }
}

/// The net limit is judged on the side that grows, so that what lowers the net is not refused; a
/// figure that can't be told counts as growing.
fn net_beyond(
    limit: Decimal,
    total: &DeskUse,
    usage: &DeskUse,
    before: &DeskUse,
) -> Option<DeskExceeded> {
    let sides = [
        (total.net_long, usage.net_long, before.net_long),
        (total.net_short, usage.net_short, before.net_short),
    ];
    let grows = |now: Decimal, before: Decimal| now > before || now >= figure_unknown();
    let beyond = sides.into_iter().filter(|(_, now, was)| grows(*now, *was)).map(|(sum, ..)| sum);
    beyond.filter(|sum| *sum > limit).max().map(|sum| DeskExceeded::NetExposure(limit, sum))
}

impl DeskBudget for BudgetTable {
    fn reserve(&mut self, account: &AccountId, usage: DeskUse) -> Result<(), DeskExceeded> {
        let before = self.replace(account, usage);
        let total = self.total;
        let limits = &self.limits;
        let gross = limits.gross_exposure.filter(|l| total.gross_exposure > *l);
        let entries = limits.daily_entry_notional.filter(|l| total.entries_notional > *l);
        let orders = limits.open_orders.filter(|l| total.open_orders > *l);
        let net = limits.net_exposure.and_then(|l| net_beyond(l, &total, &usage, &before));
        let exceeded = gross
            .map(|l| DeskExceeded::GrossExposure(l, total.gross_exposure))
            .or(net)
            .or(entries.map(|l| DeskExceeded::DailyEntryNotional(l, total.entries_notional)))
            .or(orders.map(|l| DeskExceeded::OpenOrders(l, total.open_orders)));
        let Some(exceeded) = exceeded else { return Ok(()) };
        self.replace(account, before);
        Err(exceeded)
    }

    fn publish(&mut self, account: &AccountId, usage: DeskUse) {
        self.replace(account, usage);
    }
}
