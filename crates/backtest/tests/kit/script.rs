//! Cases as text: settings, candles, what is asked at which close, and every fill that follows.
//!
//! `== name` begins a case, `#` a remark. `set KEY VALUE` changes a setting. `bar O H L C [V]` is
//! a daily bar, numbered from 0. `at N: …` is asked at the close of bar N: `buy|sell QTY [limit P]
//! [trigger P] [stop P] [target P] [trail P] [take P:SHARE] [now] [day]`, `close SHARE [now]`,
//! `reverse buy|sell QTY …`, `plan [stop P] [target P]`, `cancel` (what rests), `disarm`.
//! `> N buy|sell QTY @ PRICE [fee F]` is a fill during bar N, in order, all of them.
//! `= held|cash|balance|equity|refused|rejected|orders|alarm|fees|compared VALUE` is so at the end.

use backtest::trader::{Trader, View, Wish};
use backtest::{Backtest, Collected, Follow, Inside, Listing, Outcome, Setup, research};
use domain::{
    Activate, BookId, CalendarKind, Cap, Contract, Currency, IntentId, MarginTier, Money,
    OrderKind, Percent, Protective, Side, Target, Targets, TimeInForce, Trail, TrailBy,
};
use market::calendar::Calendar;
use path::policy::{Leverage, MarginRate};
use rust_decimal::Decimal;
use venue_sim::FillLimitsOn;

use super::*;

#[derive(Default)]
struct Case {
    name: String,
    settings: Vec<(String, String)>,
    bars: Vec<String>,
    asks: Vec<(usize, String)>,
    fills: Vec<String>,
    ends: Vec<(String, String)>,
}

/// Runs every case of a table and returns how many there are.
pub(crate) fn table(text: &str) -> usize {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(name) = line.strip_prefix("== ") {
            cases.push(Case { name: name.to_owned(), ..Case::default() });
            continue;
        }
        let case = cases.last_mut().unwrap_or_else(|| panic!("no case before `{line}`"));
        read(case, line);
    }
    let wrong: Vec<String> = cases.iter().flat_map(run).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    cases.len()
}

fn read(case: &mut Case, line: &str) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let pair = |text: &str| {
        let (key, value) = text.split_once(' ').unwrap_or((text, ""));
        (key.to_owned(), value.trim().to_owned())
    };
    match word {
        "set" => case.settings.push(pair(rest)),
        "bar" => case.bars.push(rest.to_owned()),
        "at" => {
            let (n, what) = rest.split_once(": ").unwrap_or_else(|| panic!("{line}"));
            case.asks.push((n.parse().unwrap(), what.to_owned()));
        }
        ">" => case.fills.push(rest.to_owned()),
        "=" => case.ends.push(pair(rest)),
        _ => panic!("`{line}` is no line of a case"),
    }
}

/// What of a case is not so.
fn run(case: &Case) -> Vec<String> {
    let setup = furnished(case);
    let mut wrong = Vec::new();
    let opens: Vec<_> = setup.series[0].bars.iter().map(|b| b.open_at).collect();
    for jump in [false, true] {
        let setup = Setup { jump, ..setup.clone() };
        let mut seen = Collected::default();
        let mut trader = Asking { asks: case.asks.clone(), asked: 0 };
        let backtest = Backtest::new(setup).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let outcome = backtest.run(&mut trader, &mut seen);
        let outcome = outcome.unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let with_fee = |n: usize| case.fills.get(n).is_some_and(|f| f.contains(" fee "));
        let fills: Vec<String> = seen
            .fills()
            .iter()
            .enumerate()
            .map(|(n, (_, fill))| {
                let bar = opens.partition_point(|open| *open < fill.at) - 1;
                let price = fill.price.get().normalize();
                let mut text = format!("{bar} {} {} @ {price}", fill.side, fill.qty);
                if with_fee(n) {
                    text += &format!(" fee {}", fill.fee.amount().normalize());
                }
                text
            })
            .collect();
        let case_of = |text: String| format!("{} (jump: {jump}): {text}", case.name);
        if fills != case.fills {
            let why = (&outcome.refusals.codes, &outcome.alarms);
            wrong.push(case_of(format!("filled {fills:#?}, not {:#?}; {why:?}", case.fills)));
        }
        for (what, expected) in &case.ends {
            let found = ended(what, &outcome, &seen);
            if found != *expected {
                wrong.push(case_of(format!("{what} is {found}, not {expected}")));
            }
        }
    }
    wrong
}

fn ended(what: &str, outcome: &Outcome, seen: &Collected) -> String {
    let usd = Currency::usd();
    let plain = |amount: Decimal| amount.normalize().to_string();
    let joined = |words: Vec<String>| words.join(" ");
    match what {
        "held" => {
            let sum = outcome.open.iter().fold(Decimal::ZERO, |sum, h| sum + h.qty.get());
            plain(sum)
        }
        "cash" => plain(outcome.cash.get(usd).amount()),
        "balance" => plain(outcome.balances.get(usd).amount()),
        "equity" => plain(outcome.equity.unwrap()),
        "unrealized" => plain(outcome.open[0].unrealized.unwrap().amount()),
        "refused" => joined(
            outcome.refusals.codes.iter().map(|(c, n)| format!("{}:{n}", c.name())).collect(),
        ),
        "compared" => {
            let found = outcome.compared.as_ref().unwrap();
            let codes = found.codes.iter().map(|(c, n)| format!("{}:{n}", c.name()));
            let head = format!("{} of {}", found.refused, found.entries);
            joined(std::iter::once(head).chain(codes).collect())
        }
        "rejected" => outcome.counts.rejected.to_string(),
        "orders" => {
            let counts = outcome.counts;
            format!("{} {} {}", counts.entries, counts.exits, counts.protective)
        }
        "alarm" => joined(outcome.alarms.iter().map(|(c, n)| format!("{c}:{n}")).collect()),
        "trips" => joined(
            seen.trips()
                .map(|t| format!("{}:{}", t.reason.name(), t.net().unwrap().amount().normalize()))
                .collect(),
        ),
        "exposure" => plain(seen.curve().last().unwrap().exposure.unwrap()),
        other => panic!("`{other}` is nothing that a case can ask for"),
    }
}

fn furnished(case: &Case) -> Setup {
    let stocks = case.settings.iter().any(|(key, _)| key == "stocks");
    let bars: Vec<Bar> =
        case.bars.iter().enumerate().map(|(n, text)| bar(n, text, stocks)).collect();
    let mut instrument = coin("XYZ");
    if stocks {
        instrument.calendar = CalendarKind::UsEquities;
        instrument.asset_class = AssetClass::Equity;
    }
    let mut setup = setup(vec![instrument], vec![series("XYZ", bars)]);
    if stocks {
        setup.calendar = CalendarKind::UsEquities;
    }
    let before = setup.venue.clone();
    for (key, value) in &case.settings {
        set(&mut setup, key, value);
    }
    if setup.venue != before {
        let (policy, _) = research(&setup.venue);
        setup.policy.fee_rate = policy.fee_rate;
        setup.policy.market_buffer = policy.market_buffer;
    }
    setup
}

/// A bar of the n-th day, or of the n-th session of 2024.
fn bar(n: usize, text: &str, stocks: bool) -> Bar {
    let numbers: Vec<&str> = text.split_whitespace().collect();
    let prices = [0, 1, 2, 3].map(|i| numbers[i].parse::<Price>().unwrap());
    let volume = numbers.get(4).map_or(Qty::ZERO, |v| v.parse().unwrap());
    let bar = day_bar(n, prices, volume);
    if !stocks {
        return bar;
    }
    let calendar = Calendar::of(CalendarKind::UsEquities);
    let mut open = START;
    for _ in 0..=n {
        open = calendar.next_open(open).unwrap();
    }
    let session = calendar.session_at(open).unwrap();
    Bar { open_at: session.open, close_at: session.close, ..bar }
}

fn set(setup: &mut Setup, key: &str, value: &str) {
    let instrument = &mut setup.listings[0].instrument;
    let words: Vec<&str> = value.split_whitespace().collect();
    match key {
        "stocks" => {}
        "cash" => setup.cash = vec![Money::new(d(value), Currency::usd())],
        "fees" => {
            setup.venue.maker_fee = d(words[0]);
            setup.venue.taker_fee = d(words[1]);
        }
        "slippage_bps" => setup.venue.slippage_bps = d(value),
        "half_spread_bps" => setup.half_spread_bps = d(value),
        "volume_share" => setup.venue.volume_share = Some(value.parse().unwrap()),
        "touch" => setup.venue.fill_limits_on = FillLimitsOn::Touch,
        "points" => setup.inside = Inside::Points,
        "borrow" => setup.venue.borrow_rate = d(value),
        "interest" => setup.venue.interest_rate = d(value),
        "no_replace" => setup.venue.replace = false,
        "no_short" => setup.policy.allow_short = false,
        "margin" => {
            let rate = |text| Some(MarginRate::try_from(d(text)).unwrap());
            setup.policy.spot_margin_rate = rate(words[0]);
            setup.policy.spot_maintenance_rate = rate(words[1]);
        }
        "step" => {
            instrument.step = value.parse().unwrap();
            instrument.min_qty = instrument.step;
        }
        "min_notional" => instrument.min_notional = d(value),
        "attach" => {
            setup.policy.without_stop = path::policy::WithoutStop::Attach(value.parse().unwrap());
        }
        "limit_order_notional" => {
            setup.limits.order_notional = Some(Cap::Amount(value.parse().unwrap()));
        }
        "compare_order_notional" => {
            let limits = domain::Limits {
                order_notional: Some(Cap::Amount(value.parse().unwrap())),
                ..domain::Limits::default()
            };
            setup.compare = Some(limits);
        }
        "perpetual" => perpetual(setup, value),
        "perpetual_follows" => follows(setup, value),
        "split" | "dividend" | "funding" => {
            setup.happenings.push(super::happenings::happening(key, &words))
        }
        other => panic!("`{other}` is no setting"),
    }
}

fn contract(instrument: &mut Instrument) {
    instrument.asset_class = AssetClass::Perpetual;
    let tier = MarginTier {
        up_to: None,
        initial_rate: Decimal::new(5, 2),
        maintenance_rate: Decimal::new(25, 3),
    };
    instrument.contract =
        Some(Contract { expires: None, max_leverage: Decimal::from(20), tiers: vec![tier] });
}

/// The instrument is a perpetual contract, traded with this leverage.
fn perpetual(setup: &mut Setup, leverage: &str) {
    contract(&mut setup.listings[0].instrument);
    setup.policy.leverage = Leverage::try_from(d(leverage)).unwrap();
}

/// What is traded is a perpetual contract on the instrument of the bars: `LEVERAGE FUNDING_RATE`.
fn follows(setup: &mut Setup, value: &str) {
    let (leverage, rate) = value.split_once(' ').unwrap();
    let mut instrument = setup.listings[0].instrument.clone();
    instrument.id = id("XYZ-PERP");
    contract(&mut instrument);
    let follows = Some(Follow { instrument: id("XYZ"), funding_rate: d(rate) });
    setup.listings.push(Listing { instrument, follows });
    setup.policy.leverage = Leverage::try_from(d(leverage)).unwrap();
}

/// Asks for what the case says.
struct Asking {
    asks: Vec<(usize, String)>,
    asked: usize,
}

impl Trader for Asking {
    fn on_close(&mut self, view: &View<'_>, wishes: &mut Vec<Wish>) {
        let Some(now) = view.closed().iter().map(|c| c.index).max() else { return };
        for (_, text) in self.asks.iter().filter(|(n, _)| *n == now) {
            self.asked += 1;
            wishes.extend(wish(view, text, self.asked));
        }
    }
}

fn wish(view: &View<'_>, text: &str, n: usize) -> Vec<Wish> {
    let perpetual = id("XYZ-PERP");
    let instrument = if view.instrument(&perpetual).is_some() { perpetual } else { id("XYZ") };
    let book = BookId::manual();
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let activate = if text.ends_with(" now") { Activate::Now } else { Activate::NextPrice };
    match word {
        "close" => {
            let share = rest.split_whitespace().next().unwrap().parse().unwrap();
            vec![Wish::Close { book, instrument, share, activate, key: None }]
        }
        "plan" => vec![Wish::SetPlan { book, instrument, protective: options(rest).1 }],
        "cancel" => {
            let manual = BookId::manual();
            let resting =
                view.working(&manual).filter(|o| o.class != path::verbs::RiskClass::Protective);
            resting.map(|o| Wish::Cancel(o.client_order_id.clone())).collect()
        }
        "disarm" => {
            let manual = BookId::manual();
            view.waiting(&manual).map(|a| Wish::Disarm(a.intent.id.clone())).collect()
        }
        "reverse" => {
            let mut order = order(rest, n);
            order.instrument = instrument;
            vec![Wish::Reverse(Box::new(order))]
        }
        "buy" | "sell" => {
            let mut order = order(text, n);
            order.instrument = instrument;
            vec![Wish::Submit(Box::new(order))]
        }
        other => panic!("`{other}` can't be asked for"),
    }
}

/// `buy 10 limit 95 stop 90 now`; a size may be `50%` of equity, `1%risk`, or `$500`.
fn order(text: &str, n: usize) -> Intent {
    let mut words = text.splitn(3, ' ');
    let side = if words.next() == Some("buy") { Side::Buy } else { Side::Sell };
    let size = words.next().unwrap();
    let percent = |text: &str| text.parse::<Percent>().unwrap();
    let mut order = intent(&format!("ask-{n}"), "XYZ", side, "1");
    order.id = IntentId::new(format!("ask-{n}")).unwrap();
    order.size = if let Some(risk) = size.strip_suffix("%risk") {
        Size::RiskPercent(percent(risk))
    } else if let Some(share) = size.strip_suffix('%') {
        Size::PercentEquity(percent(share))
    } else if let Some(value) = size.strip_prefix('$') {
        Size::Notional(value.parse().unwrap())
    } else {
        Size::Quantity(size.parse().unwrap())
    };
    let (kind, protective, now, day) = options(words.next().unwrap_or(""));
    (order.kind, order.protective) = (kind, protective);
    if now {
        order.conditions.activate = Activate::Now;
    }
    if day {
        order.tif = TimeInForce::Day;
    }
    order
}

fn options(text: &str) -> (OrderKind, Protective, bool, bool) {
    let (mut limit, mut trigger) = (None, None);
    let mut protective = Protective::default();
    let (mut now, mut day, mut targets) = (false, false, Vec::new());
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let mut price = || words.next().unwrap().parse::<Price>().unwrap();
        match word {
            "limit" => limit = Some(price()),
            "trigger" => trigger = Some(price()),
            "stop" => protective.stop = Some(price()),
            "target" => protective.target = Some(price()),
            "trail" => {
                let by = TrailBy::Amount(price());
                protective.trail = Some(Trail { by, activation: None });
            }
            "take" => {
                let (price, share) = words.next().unwrap().split_once(':').unwrap();
                let (price, share) = (price.parse().unwrap(), share.parse().unwrap());
                targets.push(Target { price, share });
            }
            "now" => now = true,
            "day" => day = true,
            other => panic!("`{other}` is no option of an order"),
        }
    }
    protective.targets = Targets::new(&targets).unwrap();
    let kind = match (limit, trigger) {
        (None, None) => OrderKind::Market,
        (Some(limit), None) => OrderKind::Limit { limit },
        (None, Some(trigger)) => OrderKind::Stop { trigger },
        (Some(limit), Some(trigger)) => OrderKind::StopLimit { trigger, limit },
    };
    (kind, protective, now, day)
}
