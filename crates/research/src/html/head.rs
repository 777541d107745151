//! The top of the page: what was tried, and the figures that are asked for first.
//!
//! This module must not know how a figure is made.

use super::{
    figures::{Figures, name, of_run},
    markup::Markup,
    words,
};
use crate::trial::{Report, Trial};

/// The figures that are cards.
const CARDS: [&str; 8] = [
    "final_equity",
    "total_return_percent",
    "cagr_percent",
    "sharpe",
    "max_drawdown_percent",
    "trade_count",
    "win_rate_percent",
    "profit_factor",
];

/// Strategy, symbols, period, parameters.
pub(super) fn head(m: &mut Markup, trial: &Trial, report: &Report) {
    m.nest("header", &[], |m| {
        m.nest("p", &[("class", &"brand")], |m| {
            m.leaf("strong", &[], "Cofferdam");
            m.leaf("span", &[("class", &"badge")], "BACKTEST");
            m.leaf("span", &[("class", &"muted")], "Past prices, no order was sent to a market.");
        });
        m.leaf("h1", &[], &report.strategy);
        if !trial.strategy.description.is_empty() {
            m.leaf("p", &[], &trial.strategy.description);
        }
        m.nest("dl", &[("class", &"facts")], |m| {
            let bars = words::number(report.bars as f64, 0);
            let params: Vec<String> =
                report.params.iter().map(|(n, v)| format!("{n} = {}", words::plain(*v))).collect();
            let params = if params.is_empty() { "none".to_owned() } else { params.join(", ") };
            for (name, value) in [
                ("Symbols", report.symbols.join(", ")),
                ("Bars", format!("{bars} of {}", report.timeframe)),
                (
                    "Period (UTC)",
                    format!("{} to {}", words::date(report.from), words::date(report.until)),
                ),
                ("Warm-up", format!("{} bars", report.warm_up_bars)),
                ("Parameters", params),
                ("Starting capital (USD)", words::money(report.statistics.summary.starting_equity)),
            ] {
                m.nest("div", &[], |m| {
                    m.leaf("dt", &[], name);
                    m.leaf("dd", &[], value);
                });
            }
        });
    });
}

/// The figures that are asked for first.
pub(super) fn cards(m: &mut Markup, report: &Report, figures: &Figures<'_>) {
    super::section(m, "key", "Key figures", |m| {
        m.nest("dl", &[("class", &"cards")], |m| {
            for card in CARDS {
                let Some(figure) = of_run(card) else { continue };
                m.nest("div", &[("class", &"card")], |m| {
                    m.nest("dt", &[], |m| name(m, Some(figure), &words::title(card)));
                    let shown = figures.shown(figure);
                    let missing = shown.is_none();
                    m.leaf("dd", &[("class", &"value")], shown.as_deref().unwrap_or("no value"));
                    if let Some(beside) = beside(card, report, figures).filter(|_| !missing) {
                        m.leaf("dd", &[("class", &"muted")], beside);
                    }
                    for remark in figures.notes(card) {
                        m.leaf("dd", &[("class", &"note")], remark.text);
                    }
                });
            }
        });
    });
}

/// What a figure is compared with.
fn beside(card: &str, report: &Report, figures: &Figures<'_>) -> Option<String> {
    let number = |name: &str, decimals| figures.number(name).map(|v| words::number(v, decimals));
    match card {
        "total_return_percent" => {
            Some(format!("buy and hold {} %", number("buy_and_hold_percent", 2)?))
        }
        "cagr_percent" => Some(format!("over {} years", number("years", 1)?)),
        "sharpe" => sharpe(report, figures),
        "max_drawdown_percent" => {
            let seconds = figures.number("longest_drawdown_seconds")?;
            Some(format!("longest {}", words::span(seconds)))
        }
        "trade_count" => {
            Some(format!("in the market {} % of bars", number("time_in_market_percent", 1)?))
        }
        "win_rate_percent" => {
            Some(format!("{} won, {} lost", number("win_count", 0)?, number("loss_count", 0)?))
        }
        "final_equity" => {
            Some(format!("fees {}", words::money(report.statistics.exposure.total_fees)))
        }
        _ => None,
    }
}

/// The interval and the probability of a true ratio above the one to beat.
fn sharpe(report: &Report, figures: &Figures<'_>) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(drawn) = report.statistics.bootstrap.value().map(|noted| &noted.figures)
        && let Some(interval) = drawn.sharpe.value()
    {
        let confidence = words::plain(drawn.confidence_percent);
        let (low, high) = (words::number(interval.low, 2), words::number(interval.high, 2));
        parts.push(format!("{confidence} % between {low} and {high}"));
    }
    if let Some(share) = figures.number("probabilistic_sharpe") {
        let beaten = words::plain(figures.number("sharpe_to_beat")?);
        parts.push(format!("above {beaten} with probability {}", words::number(share, 3)));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}
