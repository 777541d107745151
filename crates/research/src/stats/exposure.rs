//! How much was at work, and what that cost.
//!
//! This module must not know profits.

use rust_decimal::Decimal;

use super::{
    figure::Figure,
    input::EquityPoint,
    note::Note,
    number::{self, approximate, count},
    section::section,
    summary::Summary,
    tally::Tally,
};

section! {
    /// Positions relative to equity, and costs.
    pub struct Exposure {
        /// How many of the bars closed with a position.
        time_in_market_percent: Figure = Percent,
            "bars with gross exposure > 0 ÷ bars × 100, without the first point", "No bars.";
        /// The value of all positions relative to equity, on average over all bars.
        average_gross_leverage: Figure = Ratio, "mean(gross exposure ÷ E)",
            "No bars, or a position with equity of zero or less.";
        /// The highest value of all positions relative to equity.
        peak_gross_leverage: Figure = Ratio, "max(gross exposure ÷ E)",
            "No bars, or a position with equity of zero or less.";
        /// Longs less shorts relative to equity, on average over all bars.
        average_net_leverage: Figure = Ratio, "mean(net exposure ÷ E)",
            "No bars, or a position with equity of zero or less.";
        /// Longs less shorts relative to equity where it was furthest from zero, with its sign.
        peak_net_leverage: Figure = Ratio, "net exposure ÷ E with the largest size",
            "No bars, or a position with equity of zero or less.";
        /// What closed trades bought and sold, both sides added.
        value_traded: Decimal = Money, "Σ value of entries and exits", "";
        /// How many times the equity was traded.
        turnover: Figure = Ratio, "value_traded ÷ mean(E)", "Mean equity is zero or less.";
        /// The same in a year.
        turnover_per_year: Figure = Ratio, "turnover ÷ years",
            "Mean equity is zero or less, or no time passes. Extrapolated below one year.";
        /// Fees of closed trades; negative for rebates.
        total_fees: Decimal = Money, "Σ fees", "";
        /// About what slippage and spread cost: the value traded times both settings.
        total_slippage_cost: Decimal = Money, "Σ slippage cost", "";
        /// Funding, interest and borrow fees of closed trades: negative when paid.
        total_funding: Decimal = Money, "Σ funding", "";
    }
}

impl Exposure {
    pub(crate) fn of(equity: &[EquityPoint], trades: &Tally, summary: &Summary) -> Self {
        let bars = equity.get(1..).unwrap_or_default();
        let any = if bars.is_empty() { Err(Note::NoBars) } else { Ok(()) };
        let held = bars.iter().filter(|point| !point.exposure_gross.is_zero()).count();
        let in_market = any.map(|()| count(held) / count(bars.len()) * 100.0);
        let gross = any.and_then(|()| leverage(bars, |point| point.exposure_gross));
        let net = any.and_then(|()| leverage(bars, |point| point.exposure_net));
        let turnover = turnover(equity, trades.value_traded);
        let per_year = turnover.and_then(|times| {
            if summary.years > 0.0 { Ok(times / summary.years) } else { Err(Note::NoTime) }
        });
        Self {
            time_in_market_percent: in_market.into(),
            average_gross_leverage: gross.map(|(mean, _)| mean).into(),
            peak_gross_leverage: gross.map(|(_, peak)| peak).into(),
            average_net_leverage: net.map(|(mean, _)| mean).into(),
            peak_net_leverage: net.map(|(_, peak)| peak).into(),
            value_traded: trades.value_traded,
            turnover: turnover.into(),
            turnover_per_year: Figure::from(per_year)
                .doubted(summary.is_short(), Note::Extrapolated),
            total_fees: trades.fees,
            total_slippage_cost: trades.slippage_cost,
            total_funding: trades.funding,
        }
    }
}

/// The mean of exposure over equity, and the value that is furthest from zero (the first of them).
fn leverage(
    bars: &[EquityPoint],
    exposure: impl Fn(&EquityPoint) -> Decimal,
) -> Result<(f64, f64), Note> {
    let (mut sum, mut peak) = (0.0, 0.0_f64);
    for point in bars {
        let exposed = exposure(point);
        if exposed.is_zero() {
            continue;
        }
        if point.equity <= Decimal::ZERO {
            return Err(Note::EquityNotPositive);
        }
        let times = approximate(exposed) / approximate(point.equity);
        sum += times;
        if times.abs() > peak.abs() {
            peak = times;
        }
    }
    Ok((sum / count(bars.len()), peak))
}

fn turnover(equity: &[EquityPoint], traded: Decimal) -> Result<f64, Note> {
    let mean =
        number::sum(equity.iter().map(|point| approximate(point.equity))) / count(equity.len());
    if mean > 0.0 { Ok(approximate(traded) / mean) } else { Err(Note::EquityNotPositive) }
}
