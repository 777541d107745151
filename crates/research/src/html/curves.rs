//! Lines over the whole run: equity beside buy and hold, falls from peaks, exposure.
//!
//! This module must not know single trades.

use domain::Timestamp;

use super::{
    figures::Figures,
    markup::Markup,
    plot::{COLUMNS, Frame, Time},
    sample::{Point, sample},
    words,
};
use crate::{
    stats::{EquityPoint, number::approximate},
    trial::{Report, Trial},
};

/// What is said of every line.
const RULE: &str = "Of every pixel column the first, lowest, highest and last point are drawn, so \
    no extreme is lost.";

/// Equity, underwater and exposure, one under the other on one time axis.
pub(super) fn curves(m: &mut Markup, trial: &Trial, report: &Report, figures: &Figures<'_>) {
    let time = Time { from: report.from, until: report.until };
    super::section(m, "equity", "Equity", |m| {
        equity(m, trial, report, time);
        m.leaf("h3", &[], "Below the last peak, %");
        underwater(m, report, time, figures);
        m.leaf("h3", &[], "Exposure over time, multiples of equity");
        exposure(m, report, time, figures);
        m.leaf("p", &[("class", &"muted")], RULE);
    });
}

fn line(report: &Report, time: Time, value: impl FnMut(&EquityPoint) -> f64) -> Vec<Point> {
    let mut value = value;
    sample(report.equity.iter().map(|point| (time.share(point.at), value(point))), COLUMNS)
}

/// Holding the first symbol from the end of the warm-up, with the starting capital.
fn held(trial: &Trial, report: &Report, time: Time) -> Vec<Point> {
    let benchmark = &report.statistics.benchmark;
    let Some(from) = benchmark.benchmark_from.value() else { return Vec::new() };
    let symbol = trial.strategy.symbols.first();
    let Some(market) = trial.markets.iter().find(|m| Some(&m.symbol) == symbol) else {
        return Vec::new();
    };
    let capital = approximate(report.statistics.summary.starting_equity);
    let Ok(bars) = market.scaled(Timestamp(i64::MAX)) else { return Vec::new() };
    let bars = bars.iter().skip_while(|bar| bar.close_at < *from);
    let Some(first) = bars.clone().next().map(|bar| approximate(bar.close.get())) else {
        return Vec::new();
    };
    let worth = |bar: &domain::Bar| capital * approximate(bar.close.get()) / first;
    sample(bars.map(|bar| (time.share(bar.close_at), worth(bar))), COLUMNS)
}

fn equity(m: &mut Markup, trial: &Trial, report: &Report, time: Time) {
    let own = line(report, time, |point| approximate(point.equity));
    let other = held(trial, report, time);
    let frame = Frame::around(300.0, own.iter().chain(&other).map(|point| point.1));
    let summary = &report.statistics.summary;
    let mut label = format!(
        "Equity from {} to {} between {} and {}",
        words::money(summary.starting_equity),
        words::money(summary.final_equity),
        words::date(report.from),
        words::date(report.until),
    );
    if let Some(percent) = report.statistics.benchmark.buy_and_hold_percent.value() {
        label.push_str(&format!("; buying and holding returned {} %", words::signed(*percent, 2)));
    }
    m.nest("p", &[("class", &"legend")], |m| {
        m.leaf("span", &[("class", &"key own")], "Strategy");
        if !other.is_empty() {
            let first = trial.strategy.symbols.first().map_or("", String::as_str);
            let text = format!("Buy and hold of {first} from the end of the warm-up, no costs");
            m.leaf("span", &[("class", &"key held")], text);
        }
    });
    frame.chart(m, &label, |m| {
        frame.times(m, time);
        frame.line(m, "held", &other);
        frame.line(m, "own", &own);
    });
}

fn underwater(m: &mut Markup, report: &Report, time: Time, figures: &Figures<'_>) {
    let mut peak = f64::MIN;
    let points = line(report, time, |point| {
        let equity = approximate(point.equity);
        peak = peak.max(equity);
        (equity / peak - 1.0) * 100.0
    });
    let frame = Frame::around(150.0, points.iter().map(|p| p.1)).capped(None, Some(0.0));
    let deepest = figures.number("max_drawdown_percent").unwrap_or(0.0);
    let now = words::number(report.statistics.drawdown.current_drawdown_percent, 2);
    let label = format!(
        "Distance from the last peak: at worst {} %, at the end {now} %",
        words::number(deepest, 2)
    );
    frame.chart(m, &label, |m| {
        frame.times(m, time);
        frame.area(m, "fall", &points, 0.0);
    });
}

fn exposure(m: &mut Markup, report: &Report, time: Time, figures: &Figures<'_>) {
    let share = |point: &EquityPoint, exposed| {
        let equity = approximate(point.equity);
        if equity > 0.0 { approximate(exposed) / equity } else { f64::NAN }
    };
    let gross = line(report, time, |point| share(point, point.exposure_gross));
    let net = line(report, time, |point| share(point, point.exposure_net));
    let ends = gross.iter().chain(&net).map(|p| p.1).chain([0.0]);
    let frame = Frame::around(150.0, ends);
    let told = |name| figures.number(name).map_or("no value".to_owned(), |v| words::number(v, 2));
    let label = format!(
        "Value of positions over equity: in the market {} % of bars, {} times on average, {} times \
         at most",
        told("time_in_market_percent"),
        told("average_gross_leverage"),
        told("peak_gross_leverage"),
    );
    m.nest("p", &[("class", &"legend")], |m| {
        m.leaf("span", &[("class", &"key gross")], "All positions (gross)");
        m.leaf("span", &[("class", &"key own")], "Longs less shorts (net)");
    });
    frame.chart(m, &label, |m| {
        frame.times(m, time);
        frame.area(m, "gross", &gross, 0.0);
        frame.line(m, "own", &net);
    });
}
