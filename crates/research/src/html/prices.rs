//! Trades on prices: the whole period as a line, its end as candles.
//!
//! Where shares were split, prices before it and the marks of trades are drawn on the scale of the
//! last bar, so that a split is no crash. What is told of a trade is what was paid.
//!
//! This module must not know equity.

use std::sync::Arc;

use domain::{Bar, Timestamp};
use rust_decimal::Decimal;

use super::{
    markup::Markup,
    plot::{COLUMNS, Frame, Time, at, line},
    sample::sample,
    words,
};
use crate::{
    stats::{Direction, TradeRow, number::approximate},
    trial::{Market, Report, Trial},
};

/// Symbols that have charts.
const SYMBOLS_MAX: usize = 4;
/// Candles of a chart.
const CANDLES_MAX: usize = 250;
/// Trades that are marked on a line.
const MARKED_MAX: usize = 300;

/// The charts of the first symbols.
pub(super) fn prices(m: &mut Markup, trial: &Trial, report: &Report) {
    super::section(m, "prices", "Trades on prices", |m| {
        m.nest("p", &[("class", &"legend")], |m| {
            m.leaf("span", &[("class", &"key up")], "▲ buys");
            m.leaf("span", &[("class", &"key down")], "▼ sells");
            m.text("Point at a mark for the trade. An entry is filled, an exit is hollow.");
        });
        let traded = trial.markets.iter().filter(|m| trial.strategy.symbols.contains(&m.symbol));
        for market in traded.clone().take(SYMBOLS_MAX) {
            symbol(m, market, report);
        }
        let count = traded.count();
        if count > SYMBOLS_MAX {
            let text = format!("{} more symbols have no chart here.", count - SYMBOLS_MAX);
            m.leaf("p", &[("class", &"muted")], text);
        }
    });
}

/// A trade, and by what its prices are divided to be on the scale of the chart.
type Drawn<'r> = (&'r TradeRow, f64);

/// The ratios of all splits after a trade's end together. Until its end its prices follow splits.
fn scale(market: &Market, trade: &TradeRow) -> f64 {
    let later = market.splits().iter().filter(|split| split.at > trade.closed_at);
    later.map(|s| s.ratio.new_shares() as f64 / s.ratio.old_shares() as f64).product()
}

fn symbol(m: &mut Markup, market: &Market, report: &Report) {
    let own = |t: &&TradeRow| {
        t.symbol == market.symbol || market.symbol.ends_with(&format!(":{}", t.symbol))
    };
    let trades = report.trades.iter().filter(own).map(|trade| (trade, scale(market, trade)));
    let trades: Vec<Drawn<'_>> = trades.collect();
    // A run that ended has scaled them before.
    let all = market.scaled(Timestamp(i64::MAX)).unwrap_or_else(|_| Arc::clone(&market.bars));
    m.leaf("h3", &[], format!("{}, the whole period", market.symbol));
    overview(m, &market.symbol, &all, &trades);
    let bars = all.get(all.len().saturating_sub(CANDLES_MAX)..).unwrap_or_default();
    m.leaf("h3", &[], format!("{}, the last {} bars", market.symbol, bars.len()));
    candles(m, &market.symbol, bars, &trades);
    if !market.splits().is_empty() {
        let text = format!(
            "{}: prices before a split are drawn divided by its ratio, and so are the marks; a mark \
             tells the price that was paid.",
            market.symbol
        );
        m.leaf("p", &[("class", &"muted")], text);
    }
}

fn overview(m: &mut Markup, symbol: &str, bars: &[Bar], trades: &[Drawn<'_>]) {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return };
    let time = Time { from: first.open_at, until: last.close_at };
    let closes = bars.iter().map(|b| (time.share(b.close_at), approximate(b.close.get())));
    let points = sample(closes, COLUMNS);
    let frame = Frame::around(260.0, points.iter().map(|p| p.1));
    let label = format!(
        "Closes of {symbol} from {} to {}, {} trades",
        words::price(first.close.get()),
        words::price(last.close.get()),
        trades.len()
    );
    let marked = trades.get(trades.len().saturating_sub(MARKED_MAX)..).unwrap_or_default();
    frame.chart(m, &label, |m| {
        frame.times(m, time);
        frame.line(m, "price", &points);
        for trade in marked {
            marks(m, &frame, trade, |moment| Some(time.share(moment)));
        }
    });
    if marked.len() < trades.len() {
        let text = format!("The last {} of {} trades are marked.", marked.len(), trades.len());
        m.leaf("p", &[("class", &"muted")], text);
    }
}

fn candles(m: &mut Markup, symbol: &str, bars: &[Bar], trades: &[Drawn<'_>]) {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return };
    let ends = |bar: &Bar| [approximate(bar.low.get()), approximate(bar.high.get())];
    let frame = Frame::around(320.0, bars.iter().flat_map(ends));
    let count = bars.len() as f64;
    let share = |index: usize| (index as f64 + 0.5) / count;
    let within = trades.iter().filter(|(trade, _)| trade.closed_at > first.open_at);
    let label = format!(
        "Candles of {symbol} from {} to {}, {} trades",
        words::moment(first.open_at),
        words::moment(last.close_at),
        within.clone().count()
    );
    let wide = (frame.x(1.0) - frame.x(0.0)) / count * 0.7;
    frame.chart(m, &label, |m| {
        let time = Time { from: first.open_at, until: last.close_at };
        for (moment, text) in super::axis::moments(time.from, time.until, 9) {
            let place = share(bars.partition_point(|bar| bar.close_at < moment));
            if (0.02..=0.97).contains(&place) {
                frame.mark(m, place, &text);
            }
        }
        for (index, bar) in bars.iter().enumerate() {
            candle(m, &frame, bar, (frame.x(share(index)), wide));
        }
        for trade in within {
            marks(m, &frame, trade, |moment| {
                let inside = moment > first.open_at && moment <= last.close_at;
                inside.then(|| share(bars.partition_point(|bar| bar.close_at < moment)))
            });
        }
    });
}

fn candle(m: &mut Markup, frame: &Frame, bar: &Bar, (x, wide): (f64, f64)) {
    let y = |price: domain::Price| frame.y(approximate(price.get()));
    let class = if bar.close >= bar.open { "rise" } else { "sink" };
    let (top, bottom) = (y(bar.open).min(y(bar.close)), y(bar.open).max(y(bar.close)));
    m.nest("g", &[("class", &class)], |m| {
        let text = format!(
            "{} open {} high {} low {} close {}",
            words::moment(bar.close_at),
            words::price(bar.open.get()),
            words::price(bar.high.get()),
            words::price(bar.low.get()),
            words::price(bar.close.get())
        );
        m.leaf("title", &[], text);
        line(m, "wick", (&at(x), &at(y(bar.high))), (&at(x), &at(y(bar.low))));
        let (left, height) = (at(x - wide / 2.0), at((bottom - top).max(0.8)));
        m.void("rect", &[("x", &left), ("y", &at(top)), ("width", &at(wide)), ("height", &height)]);
    });
}

/// Entry and exit of a trade, where there is a place for them.
fn marks(
    m: &mut Markup,
    frame: &Frame,
    (trade, scale): &Drawn<'_>,
    place: impl Fn(Timestamp) -> Option<f64>,
) {
    let long = trade.side == Direction::Long;
    let entry = (trade.opened_at, trade.entry_price, long, "");
    let exit = (trade.closed_at, trade.exit_price, !long, " hollow");
    for (moment, price, buy, hollow) in [entry, exit] {
        let Some(share) = place(moment) else { continue };
        let (x, y) = (frame.x(share), frame.y(approximate(price) / scale));
        mark(m, (x, y), (buy, hollow), &told(trade, moment, price, hollow.is_empty()));
    }
}

fn told(trade: &TradeRow, moment: Timestamp, price: Decimal, entry: bool) -> String {
    let what = if entry { "entry" } else { "exit" };
    let mut text = format!(
        "{} trade {}, {what} {} at {}",
        trade.side.name(),
        trade.id,
        words::moment(moment),
        words::price(price)
    );
    if !entry {
        text.push_str(&format!(", net {}, {}", words::money(trade.net_profit), trade.exit_reason));
    }
    text
}

fn mark(m: &mut Markup, (x, y): (f64, f64), (buy, hollow): (bool, &str), text: &str) {
    let (class, near, far) =
        if buy { ("mark up", y + 3.0, y + 11.0) } else { ("mark down", y - 3.0, y - 11.0) };
    let (left, right) = (at(x - 4.5), at(x + 4.5));
    let (near, far) = (at(near), at(far));
    let path = format!("M{} {near}L{left} {far}L{right} {far}Z", at(x));
    m.nest("path", &[("class", &format!("{class}{hollow}")), ("d", &path)], |m| {
        m.leaf("title", &[], text);
    });
}
