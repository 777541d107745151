//! What can be typed about orders.
//!
//! Shapes that contradict themselves are refused here, as bad usage; everything else is the
//! gate's to judge. This module must not know the API.

use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use domain::{
    AccountId, BookId, ClientOrderId, GroupId, IntentId, OriginKind, Percent, Price, Qty,
    TimeInForce, TriggerBy,
};

use crate::cli::plan::PlanArgs;

/// What can be done with orders.
#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// Buy
    #[command(after_help = EXAMPLES)]
    Buy(PlaceArgs),
    /// Sell
    #[command(after_help = EXAMPLES)]
    Sell(PlaceArgs),
    /// Change a working order's size or prices; the change is judged like a new order
    #[command(after_help = "\
Examples:
  cofferdam order change cfa1b2c3-1-9 --limit 119.50
  cofferdam order change cfa1b2c3-1-9 --qty 7       7 in all, with what is filled already

The changed order has a new id. Where the venue can't change orders, cancel and place anew.")]
    Change(ChangeArgs),
    /// Cancel a live order
    Cancel {
        /// The order's id, as `order list` shows it
        id: ClientOrderId,
        /// The account, when there are several
        #[arg(long)]
        account: Option<AccountId>,
        /// Cancel it even if it protects a position
        #[arg(long)]
        accept_unprotected: bool,
    },
    /// Write off an order that the venue took and no longer knows
    #[command(after_help = "\
An order that the venue forgot keeps its risk and is named in an alarm, `order_lost`. Look at the
venue's own list first. Should the order fill after all, the execution is in the books.")]
    WriteOff {
        /// The order's id, as `order list` shows it
        id: ClientOrderId,
        /// The account, when there are several
        #[arg(long)]
        account: Option<AccountId>,
    },
    /// List orders, by default the live ones
    List(ListArgs),
    /// List the orders that wait for their market's next opening
    Armed {
        /// Only this account's
        #[arg(long)]
        account: Option<AccountId>,
    },
    /// Take an order back that waits for the next opening
    Disarm {
        /// The id that `order armed` shows
        id: IntentId,
        /// The account, when there are several
        #[arg(long)]
        account: Option<AccountId>,
    },
    /// Show one order
    Show {
        /// The order's id
        id: ClientOrderId,
        /// The account, when there are several
        #[arg(long)]
        account: Option<AccountId>,
    },
}

const EXAMPLES: &str = "\
Examples:
  cofferdam order buy IBM 10                        at the market
  cofferdam order buy IBM --notional 1000 --limit 120.50 --tif day
  cofferdam order buy IBM --risk-percent 1 --stop 115 --target 140
  cofferdam order sell sim:IBM 10 --trigger 110     once the price falls to 110
  cofferdam order buy IBM 10 --trail 3% --take 130:33 --take 140:33 --time-stop 2d
                                                    a stop that follows, two partial targets
  cofferdam order buy IBM 10 --trigger 125 --stop 120 --group breakout
                                                    as soon as one of a group fills, the others go
  cofferdam order buy IBM 10 --stop 115 --at-open   judged and sent at the next opening
  cofferdam order buy IBM 10 --dry-run              ask the gate only

The stop rests at the venue. A trail, targets and a time stop are watched by the desk: none of them
acts while it is down.
An order without --stop follows the account's policy, which by default attaches one.
A refusal names the rule, its numbers and the remedy, and the exit code is 1.";

/// An order.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("size").required(true)
    .args(["qty", "notional", "percent_equity", "risk_percent"]))]
pub(crate) struct PlaceArgs {
    /// What to trade: IBM, or with its venue sim:IBM
    pub(crate) symbol: String,
    /// How many units
    pub(crate) qty: Option<Qty>,
    /// For how much money, in the instrument's currency
    #[arg(long, value_name = "VALUE")]
    pub(crate) notional: Option<Qty>,
    /// For this percentage of the account's equity
    #[arg(long, value_name = "P")]
    pub(crate) percent_equity: Option<Percent>,
    /// So much that this percentage of equity is lost at the stop
    #[arg(long, value_name = "P", requires = "levels")]
    pub(crate) risk_percent: Option<Percent>,
    /// The account, when there are several
    #[arg(long)]
    pub(crate) account: Option<AccountId>,
    /// On whose behalf within the account
    #[arg(long, default_value = "manual")]
    pub(crate) book: BookId,
    /// The worst acceptable price
    #[arg(long, value_name = "PRICE")]
    pub(crate) limit: Option<Price>,
    /// Wait until the price reaches this; with --limit a stop-limit order
    #[arg(long, alias = "stop-entry", value_name = "PRICE")]
    pub(crate) trigger: Option<Price>,
    /// How long it lives: gtc, day, ioc, fok, opg or cls
    #[arg(long, default_value = "gtc", value_parser = time_in_force)]
    pub(crate) tif: TimeInForce,
    /// Refuse rather than take liquidity
    #[arg(long, requires = "limit")]
    pub(crate) post_only: bool,
    /// Refuse rather than open or enlarge a position
    #[arg(long)]
    pub(crate) reduce_only: bool,
    /// Which price sets --trigger off: last, quote or mark [default: the venue's choice]
    #[arg(long, value_name = "WHICH", value_parser = trigger_by, requires = "trigger")]
    pub(crate) trigger_by: Option<TriggerBy>,
    /// May fill before the opening and after the close
    #[arg(long, requires = "limit")]
    pub(crate) extended_hours: bool,
    /// Wait for the market's next opening, and be sized and judged then
    #[arg(long)]
    pub(crate) at_open: bool,
    /// As soon as one order of the group fills, the book's others are cancelled
    #[arg(long, value_name = "NAME")]
    pub(crate) group: Option<GroupId>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
    /// An idempotency key: the same key never orders twice
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Order in the name of a source of the desk, such as strategy:NAME
    #[arg(long, value_name = "KIND:NAME", value_parser = source)]
    pub(crate) source: Option<(OriginKind, String)>,
    /// Ask the gate what it would say, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Wait so long for the venue to answer: 3s, 500ms or 0; at most 5s
    #[arg(long, default_value = "3s", value_parser = duration)]
    pub(crate) wait: Duration,
}

/// What to change about an order.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("changes").required(true).multiple(true)
    .args(["qty", "limit", "trigger"]))]
pub(crate) struct ChangeArgs {
    /// The order's id, as `order list` shows it
    pub(crate) id: ClientOrderId,
    /// The whole quantity, with what is filled already
    #[arg(long)]
    pub(crate) qty: Option<Qty>,
    /// The worst acceptable price
    #[arg(long, value_name = "PRICE")]
    pub(crate) limit: Option<Price>,
    /// The price that triggers
    #[arg(long, value_name = "PRICE")]
    pub(crate) trigger: Option<Price>,
    /// The account, when there are several
    #[arg(long)]
    pub(crate) account: Option<AccountId>,
    /// An idempotency key: the same key never changes twice
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Wait so long for the venue to answer: 3s, 500ms or 0; at most 5s
    #[arg(long, default_value = "3s", value_parser = duration)]
    pub(crate) wait: Duration,
}

/// Which orders to list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only live orders, which is the default
    #[arg(long, conflicts_with = "all")]
    pub(crate) live: bool,
    /// Finished orders too
    #[arg(long)]
    pub(crate) all: bool,
    /// Only this account's
    #[arg(long)]
    pub(crate) account: Option<AccountId>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) limit: u32,
}

fn time_in_force(text: &str) -> Result<TimeInForce, String> {
    serde_json::from_value(text.to_ascii_lowercase().into())
        .map_err(|_| "write gtc, day, ioc, fok, opg or cls".to_owned())
}

fn trigger_by(text: &str) -> Result<TriggerBy, String> {
    serde_json::from_value(text.to_ascii_lowercase().into())
        .map_err(|_| "write last, quote or mark".to_owned())
}

/// A source that is trusted less than the key itself; the desk takes no other.
fn source(text: &str) -> Result<(OriginKind, String), String> {
    const KINDS: [OriginKind; 5] = [
        OriginKind::Strategy,
        OriginKind::Campaign,
        OriginKind::Copy,
        OriginKind::Webhook,
        OriginKind::Agent,
    ];
    let wrong = || {
        "write strategy, campaign, copy, webhook or agent with a name, such as strategy:golden-cross"
            .to_owned()
    };
    let (kind, name) = text.split_once(':').ok_or_else(wrong)?;
    let kind = KINDS.into_iter().find(|known| known.name() == kind).ok_or_else(wrong)?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if name.is_empty() || !plain {
        return Err(wrong());
    }
    Ok((kind, name.to_owned()))
}

/// `3s`, `500ms` or `0`, at most as long as the desk waits.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    const MAX_MS: u64 = 5_000;
    let wrong = || "write for example 3s, 500ms or 0; at most 5s".to_owned();
    let (number, unit) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "" if number == 0 => 0,
        _ => return Err(wrong()),
    };
    let ms = number.checked_mul(factor).filter(|ms| *ms <= MAX_MS).ok_or_else(wrong)?;
    Ok(Duration::from_millis(ms))
}
