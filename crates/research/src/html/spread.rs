//! How trades are spread: profits, R, holding times, and how far they went either way.
//!
//! This module must not know prices.

use super::{
    axis,
    markup::Markup,
    plot::{Frame, at, line},
    words,
};
use crate::{
    stats::{TradeRow, number::approximate},
    trial::Report,
};

/// Bins of a histogram at most.
const BINS_MAX: u32 = 24;
/// Trades that are dots.
const DOTS_MAX: usize = 1_000;

/// The distributions; nothing but a sentence without trades.
pub(super) fn spread(m: &mut Markup, report: &Report) {
    super::section(m, "spread", "Distributions", |m| {
        let trades = &report.trades;
        if trades.is_empty() {
            m.leaf("p", &[], "No trade was closed.");
            return;
        }
        m.nest("div", &[("class", &"pair")], |m| {
            let profits: Vec<f64> = trades.iter().map(|t| approximate(t.net_profit)).collect();
            histogram(m, "Net profit of a trade, US dollars", true, &profits);
            let risk = |t: &TradeRow| Some(approximate(t.net_profit) / approximate(t.risk?));
            let multiples: Vec<f64> = trades.iter().filter_map(risk).collect();
            if multiples.is_empty() {
                m.nest("div", &[], |m| {
                    m.leaf("h3", &[], "Net profit in R");
                    m.leaf("p", &[], "No trade tells what it risked, so there is no R.");
                });
            } else {
                histogram(m, "Net profit in R (multiples of what was risked)", true, &multiples);
            }
            let bars: Vec<f64> = trades.iter().map(|t| f64::from(t.bars_held)).collect();
            histogram(m, "Holding time, bars", false, &bars);
            excursions(m, trades);
        });
    });
}

fn histogram(m: &mut Markup, heading: &str, signed: bool, values: &[f64]) {
    let values: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let low = values.iter().copied().fold(f64::MAX, f64::min);
    let high = values.iter().copied().fold(f64::MIN, f64::max);
    let step = axis::step(high - low, BINS_MAX);
    let first = (low / step).floor();
    let bins = ((high / step).floor() - first) as usize + 1;
    let mut counts = vec![0_u32; bins];
    for value in &values {
        let bin = ((value / step).floor() - first) as usize;
        if let Some(count) = counts.get_mut(bin) {
            *count += 1;
        }
    }
    let most = f64::from(counts.iter().copied().max().unwrap_or(0));
    let frame = Frame::around(240.0, [0.0, most]).capped(Some(0.0), None).narrow();
    let label = format!(
        "{heading}: {} trades from {} to {}",
        values.len(),
        words::number(low, 2),
        words::number(high, 2)
    );
    let edge = |bin: usize| (first + bin as f64) * step;
    m.nest("div", &[], |m| {
        m.leaf("h3", &[], heading);
        frame.chart(m, &label, |m| {
            for (bin, count) in counts.iter().enumerate() {
                let class = match (signed, edge(bin) < 0.0) {
                    (false, _) => "plain",
                    (true, true) => "sink",
                    (true, false) => "rise",
                };
                bar(m, &frame, (bin, bins), (edge(bin), edge(bin + 1)), (*count, class));
            }
            labels(m, &frame, (edge(0), edge(bins)));
        });
    });
}

fn bar(
    m: &mut Markup,
    frame: &Frame,
    (bin, bins): (usize, usize),
    ends: (f64, f64),
    (count, class): (u32, &str),
) {
    let share = |n: usize| n as f64 / bins as f64;
    let (left, right) = (frame.x(share(bin)), frame.x(share(bin + 1)));
    let (top, bottom) = (frame.y(f64::from(count)), frame.y(0.0));
    let (x, y) = (at(left + 1.0), at(top));
    let (width, height) = (at((right - left - 2.0).max(1.0)), at(bottom - top));
    let place: super::markup::Attributes<'_> =
        &[("class", &class), ("x", &x), ("y", &y), ("width", &width), ("height", &height)];
    m.nest("rect", place, |m| {
        let (from, until) = (words::number(ends.0, 2), words::number(ends.1, 2));
        m.leaf("title", &[], format!("{count} trades from {from} to below {until}"));
    });
}

fn labels(m: &mut Markup, frame: &Frame, (low, high): (f64, f64)) {
    for (value, text) in axis::ticks(low, high, 8) {
        frame.mark(m, (value - low) / (high - low), &text);
    }
}

/// Worst open result against the best, a dot for each trade.
fn excursions(m: &mut Markup, trades: &[TradeRow]) {
    let shown = trades.get(trades.len().saturating_sub(DOTS_MAX)..).unwrap_or_default();
    let worst = |t: &TradeRow| approximate(t.mae);
    let best = |t: &TradeRow| approximate(t.mfe);
    let low = shown.iter().map(worst).fold(0.0, f64::min).min(-1e-9);
    let frame = Frame::around(240.0, shown.iter().map(best).chain([0.0])).narrow();
    let label = format!(
        "Worst and best open result of {} trades: at worst {}, at best {}",
        shown.len(),
        words::number(low, 2),
        words::number(shown.iter().map(best).fold(0.0, f64::max), 2)
    );
    m.nest("div", &[], |m| {
        m.leaf("h3", &[], "Best open result (up) by worst open result (across), US dollars");
        frame.chart(m, &label, |m| {
            labels(m, &frame, (low * 1.04, 0.0));
            let zero = at(frame.y(0.0));
            line(m, "zero", (&at(frame.x(0.0)), &zero), (&at(frame.x(1.0)), &zero));
            for trade in shown {
                let class = if trade.net_profit.is_sign_negative() { "dot down" } else { "dot up" };
                let (x, y) = (1.0 - worst(trade) / (low * 1.04), best(trade));
                let place: super::markup::Attributes<'_> = &[
                    ("class", &class),
                    ("cx", &at(frame.x(x))),
                    ("cy", &at(frame.y(y))),
                    ("r", &"4"),
                ];
                m.nest("circle", place, |m| {
                    let net = words::money(trade.net_profit);
                    let (mae, mfe) = (words::money(trade.mae), words::money(trade.mfe));
                    let text = format!("trade {}: worst {mae}, best {mfe}, net {net}", trade.id);
                    m.leaf("title", &[], text);
                });
            }
        });
        let text = format!(
            "Filled dots won, hollow dots lost. The last {} of {} trades.",
            shown.len(),
            trades.len()
        );
        m.leaf("p", &[("class", &"muted")], text);
    });
}
