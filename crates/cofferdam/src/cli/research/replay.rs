//! A run on the desk and a backtest over the same bars, side by side.
//!
//! It exists to find out why paper and backtest differ: limits that refused, costs that were
//! assumed, prices that came otherwise. This module must not know how either trades.

use std::{collections::BTreeMap, path::PathBuf};

use ::research::{stats::TradeRow, trial};
use clap::Args;
use domain::{Edge, Qty, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::args::TrialArgs;
use crate::cli::{
    Outcome,
    bars::CalendarArg,
    client::{Api, segment},
    context::Context,
    failure::Failure,
    output::{Out, Table, at, field, grouped},
    values,
};

/// Round trips that are asked for.
const TRIPS_MAX: usize = 1_000;

/// Which run, over which bars, at which costs.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The run's id
    run: String,
    /// Bars from a file: FILE.csv, or SYMBOL=FILE.csv; can be given several times. Without it they
    /// are read from the data folder
    #[arg(long, value_name = "[SYMBOL=]FILE")]
    bars: Vec<String>,
    /// When the market trades; found out from the bars when it isn't named
    #[arg(long, value_enum)]
    calendar: Option<CalendarArg>,
    /// What the account was worth when the run began; read from the desk when it isn't named
    #[arg(long, value_name = "MONEY", value_parser = values::cash, allow_negative_numbers = true)]
    cash: Option<Decimal>,
    /// Fee of each fill as a share of its value; as the desk's paper venue charges
    #[arg(long, default_value = "0.001", value_name = "SHARE", value_parser = values::fee,
          allow_negative_numbers = true)]
    fee: Decimal,
    /// By how many hundredths of a per cent market and stop orders fill worse
    #[arg(long, default_value = "1", value_name = "BPS", value_parser = values::slippage_bps,
          allow_negative_numbers = true)]
    slippage_bps: Decimal,
    /// Distance from bid to ask in hundredths of a per cent
    #[arg(long, default_value = "4", value_name = "BPS", value_parser = values::spread_bps,
          allow_negative_numbers = true)]
    spread_bps: Decimal,
    /// What shorts owe a year, as a share of their value
    #[arg(long, default_value = "0.03", value_name = "SHARE", value_parser = values::borrow_rate,
          allow_negative_numbers = true)]
    borrow_rate: Decimal,
    /// Quantities are multiples of this: 1 for stocks, 0.000001 round the clock
    #[arg(long, value_name = "QTY", value_parser = values::step, allow_negative_numbers = true)]
    step: Option<Qty>,
    /// The limits in force in the backtest: research, or a preset
    #[arg(long, default_value = "research", value_name = "PROFILE")]
    limits: String,
}

/// A round trip, whoever tells it.
#[derive(Debug, Clone, PartialEq)]
struct Trip {
    symbol: String,
    opened: Timestamp,
    closed: Timestamp,
    qty: Decimal,
    entry: Decimal,
    exit: Decimal,
    net: Decimal,
    reason: String,
}

impl From<&TradeRow> for Trip {
    fn from(row: &TradeRow) -> Self {
        Self {
            symbol: row.symbol.clone(),
            opened: row.opened_at,
            closed: row.closed_at,
            qty: row.qty,
            entry: row.entry_price,
            exit: row.exit_price,
            net: row.net_profit,
            reason: row.exit_reason.clone(),
        }
    }
}

impl Trip {
    fn read(view: &Value) -> Option<Self> {
        let number = |name: &str| field(view, name).parse::<Decimal>().ok();
        let symbol = field(view, "symbol");
        Some(Self {
            symbol: symbol.rsplit(':').next().unwrap_or(&symbol).to_owned(),
            opened: field(view, "opened").parse().ok()?,
            closed: field(view, "closed").parse().ok()?,
            qty: number("qty")?,
            entry: number("entry")?,
            exit: number("exit")?,
            net: number("net")?,
            reason: field(view, "exit_reason"),
        })
    }

    fn json(&self) -> Value {
        json!({ "symbol": self.symbol, "opened_at": self.opened, "closed_at": self.closed,
            "qty": self.qty, "entry_price": self.entry, "exit_price": self.exit,
            "net_profit": self.net, "exit_reason": self.reason })
    }

    fn words(&self) -> String {
        let price = |price: Decimal| grouped(&price.round_dp(4).normalize().to_string(), 0);
        format!("{} @ {} to {} ({})", self.qty, price(self.entry), price(self.exit), self.reason)
    }

    /// What is not alike, in words; nothing when all is.
    fn differs_from(&self, other: &Self) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut look = |differs: bool, what| {
            if differs {
                found.push(what);
            }
        };
        look(self.qty != other.qty, "quantity");
        look(self.entry != other.entry, "entry");
        look(self.exit != other.exit, "exit");
        look(self.reason != other.reason, "reason");
        look(self.net != other.net && self.qty == other.qty, "costs");
        found
    }
}

/// Two sides of one entry: of the desk, of the backtest, or of both.
type Pair = (Option<Trip>, Option<Trip>);

/// Pairs the trips that were opened in the same bar: neither side may be paired twice.
fn paired(live: Vec<Trip>, tested: Vec<Trip>, bar_of: impl Fn(&Trip) -> usize) -> Vec<Pair> {
    let mut pairs: BTreeMap<(Timestamp, String, usize), Pair> = BTreeMap::new();
    let mut left = tested;
    for trip in live {
        let same = |other: &Trip| other.symbol == trip.symbol && bar_of(other) == bar_of(&trip);
        let other = left.iter().position(same).map(|at| left.remove(at));
        let key = (trip.opened, trip.symbol.clone(), pairs.len());
        pairs.insert(key, (Some(trip), other));
    }
    for trip in left {
        let key = (trip.opened, trip.symbol.clone(), pairs.len());
        pairs.insert(key, (None, Some(trip)));
    }
    pairs.into_values().collect()
}

/// Runs the command.
pub(crate) fn run(args: ReplayArgs, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let api = ctx.api()?;
    let run = api.get(&format!("/api/strategy-runs/{}", segment(&args.run)))?;
    let instant = |name: &str| field(&run, name).parse::<Timestamp>().ok();
    let (Some(from), Some(until)) = (instant("started_at"), instant("last_bar_at")) else {
        let message = format!("run {} has not decided on any bar yet", args.run);
        return Err(Failure::new("nothing_to_replay", message));
    };
    let live = trips(&api, &run, from, until)?;
    let strategy = ::strategy::read(&field(&run, "source")).map_err(|faults| {
        Failure::new("strategy_faults", format!("this program reads it otherwise: {faults}"))
    })?;
    let cash = match args.cash {
        Some(cash) => cash,
        None => equity(&api, &run, from)?,
    };
    let trial_args = args.trial_args(&run, cash);
    let trial_args = TrialArgs {
        from: Some(Edge::of_first(from)),
        until: Some(Edge::of_last(until)),
        ..trial_args
    };
    let trial = trial_args.trial_of(strategy, ctx)?;
    let report = trial::run(&trial).map_err(|e| Failure::new(e.code(), e.to_string()))?;
    let tested: Vec<Trip> = report.trades.iter().map(Trip::from).collect();
    let bar_of = |trip: &Trip| {
        let market = trial.markets.iter().find(|m| m.symbol == trip.symbol);
        market.map_or(0, |m| m.bars.partition_point(|bar| bar.close_at < trip.opened))
    };
    show(&args.run, &paired(live, tested, bar_of), &report, out)
}

impl ReplayArgs {
    fn trial_args(&self, run: &Value, cash: Decimal) -> TrialArgs {
        let params = at(run, "params").and_then(Value::as_object).into_iter().flatten();
        let params = params.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)));
        TrialArgs {
            strategy: PathBuf::new(),
            bars: self.bars.clone(),
            splits: Vec::new(),
            funding: Vec::new(),
            symbol: Vec::new(),
            calendar: self.calendar,
            from: None,
            until: None,
            params: params.collect(),
            cash,
            fee: self.fee,
            slippage_bps: self.slippage_bps,
            spread_bps: self.spread_bps,
            borrow_rate: self.borrow_rate,
            step: self.step,
            limits: self.limits.clone(),
            limits_of: None,
            compare: Some("none".to_owned()),
            seed: 1,
        }
    }
}

fn trips(api: &Api, run: &Value, from: Timestamp, until: Timestamp) -> Result<Vec<Trip>, Failure> {
    let (account, book) = (field(run, "account"), field(run, "book"));
    let (account, book) = (segment(&account), segment(&book));
    let path = format!("/api/accounts/{account}/trips?book={book}&limit={TRIPS_MAX}");
    let page = api.get(&path)?;
    let views = at(&page, "trips").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut trips = Vec::with_capacity(views.len());
    for view in &views {
        let trip = Trip::read(view).ok_or_else(|| {
            Failure::new("trip_unreadable", format!("the desk tells a trip otherwise: {view}"))
        })?;
        if trip.opened >= from && trip.closed <= until {
            trips.push(trip);
        }
    }
    trips.reverse();
    Ok(trips)
}

/// The account's equity at the last mark before an instant, or the first after it.
fn equity(api: &Api, run: &Value, at_instant: Timestamp) -> Result<Decimal, Failure> {
    let account = field(run, "account");
    let page = api.get(&format!("/api/accounts/{}/equity?limit={TRIPS_MAX}", segment(&account)))?;
    let marks = at(&page, "marks").and_then(Value::as_array).cloned().unwrap_or_default();
    let read = |mark: &Value| {
        let when: Timestamp = field(mark, "at").parse().ok()?;
        Some((when, field(mark, "equity").parse::<Decimal>().ok()?))
    };
    let marks: Vec<(Timestamp, Decimal)> = marks.iter().filter_map(read).collect();
    // The newest comes first.
    let before = marks.iter().find(|(when, _)| *when <= at_instant).or(marks.last());
    before.map(|(_, equity)| *equity).ok_or_else(|| {
        Failure::usage(
            "the desk has no mark of the account's equity: name it with --cash".to_owned(),
        )
    })
}

fn show(
    run: &str,
    pairs: &[Pair],
    report: &trial::Report,
    out: &mut Out,
) -> Result<Outcome, Failure> {
    let mut table = Table::new(&["opened", "symbol", "what", "on the desk", "in the backtest"]);
    let (mut alike, mut differing, mut only_live, mut only_tested) = (0, 0, 0, 0);
    let (mut net_live, mut net_tested) = (Decimal::ZERO, Decimal::ZERO);
    let mut rows = Vec::new();
    for (live, tested) in pairs {
        net_live += live.as_ref().map_or(Decimal::ZERO, |trip| trip.net);
        net_tested += tested.as_ref().map_or(Decimal::ZERO, |trip| trip.net);
        let what = match (live, tested) {
            (Some(live), Some(tested)) => {
                let differs = live.differs_from(tested);
                if differs.is_empty() {
                    alike += 1;
                    continue;
                }
                differing += 1;
                format!("differs: {}", differs.join(", "))
            }
            (Some(_), None) => {
                only_live += 1;
                "only on the desk".to_owned()
            }
            (None, _) => {
                only_tested += 1;
                "only in the backtest".to_owned()
            }
        };
        let Some(shown) = live.as_ref().or(tested.as_ref()) else { continue };
        let words = |trip: &Option<Trip>| trip.as_ref().map(Trip::words).unwrap_or_default();
        let (opened, symbol) = (shown.opened.to_string(), shown.symbol.clone());
        table.row([opened, symbol, what.clone(), words(live), words(tested)]);
        let told = |trip: &Option<Trip>| trip.as_ref().map(Trip::json);
        rows.push(json!({ "what": what, "live": told(live), "backtest": told(tested) }));
    }
    out.json(&json!({
        "run": run, "from": report.from, "until": report.until, "alike": alike,
        "differing": differing, "only_live": only_live, "only_backtest": only_tested,
        "net_live": net_live, "net_backtest": net_tested, "refused_in_backtest": report.refused,
        "differences": rows,
    }))?;
    let money = |amount: Decimal| grouped(&amount.round_dp(2).to_string(), 2);
    out.line(format!(
        "{run}: {alike} round trips alike, {differing} differ, {only_live} only on the desk, \
         {only_tested} only in the backtest; net {} on the desk, {} in the backtest",
        money(net_live),
        money(net_tested),
    ));
    out.table(&table, "no differences");
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trip(opened: i64, qty: i64) -> Trip {
        Trip {
            symbol: "IBM".to_owned(),
            opened: Timestamp::from_secs(opened),
            closed: Timestamp::from_secs(opened + 5),
            qty: qty.into(),
            entry: 100.into(),
            exit: 101.into(),
            net: qty.into(),
            reason: "order".to_owned(),
        }
    }

    #[test]
    fn trips_of_one_bar_are_paired_and_what_is_left_stands_alone() {
        let bar_of = |trip: &Trip| usize::try_from(trip.opened.0 / 60_000_000_000).unwrap();
        let live = vec![trip(5, 1), trip(65, 1), trip(250, 1)];
        let tested = vec![trip(10, 1), trip(70, 2), trip(130, 1)];
        let pairs = paired(live, tested, bar_of);
        assert_eq!(pairs.len(), 4);
        let sides = |n: usize| (pairs[n].0.is_some(), pairs[n].1.is_some());
        assert_eq!(
            [sides(0), sides(1), sides(2), sides(3)],
            [(true, true), (true, true), (false, true), (true, false)]
        );
        let differs = |n: usize| {
            let (live, tested) = &pairs[n];
            live.as_ref().unwrap().differs_from(tested.as_ref().unwrap())
        };
        assert_eq!(differs(0), Vec::<&str>::new());
        assert_eq!(differs(1), ["quantity"]);
    }
}
