//! What else could have happened: trades in another order, returns drawn anew.
//!
//! Percentiles are by nearest rank, so each is a value that was drawn. This module must not know
//! bars.

use rust_decimal::Decimal;

use super::{
    draw::Draw,
    drawdown::fall,
    figure::Figure,
    note::Note,
    number::{counted, rank},
    returns::{OBSERVATIONS_MIN, each_period, sharpe, yearly},
    section::{Noted, noted, section},
    settings::{Resample, Settings},
    summary::Summary,
};

/// Repetitions times values that are drawn at most.
pub const DRAWS_MAX: u64 = 200_000_000;
const ORDERS: &[u8; 24] = b"cofferdam trade orders 1";
const BLOCKS: &[u8; 24] = b"cofferdam return block 1";

section! {
    /// The same trades in another order, each order as likely. Profits are kept in money, so every
    /// order ends with the same equity; only the way there differs. Equity is that of closed trades.
    pub struct MonteCarlo {
        /// The seed of the orders.
        seed: u64 = Count, "a setting", "";
        /// Orders that were drawn.
        runs: u32 = Count, "a setting", "";
        /// Equity after all trades, the same in every order.
        final_equity: Decimal = Money, "E₀ + Σ p", "";
        /// The deepest fall in the order that happened.
        observed_drawdown_percent: f64 = Percent, "max((peak − E) ÷ peak) × 100 over closed trades", "";
        /// The deepest fall over the drawn orders.
        drawdown_percent: Percentiles<f64> = Nested, "percentiles over the runs", "";
        /// The largest fall in money over the drawn orders.
        drawdown_cash: Percentiles<Decimal> = Nested, "percentiles over the runs", "";
    }
}

section! {
    /// Daily returns drawn anew in blocks of random length (the stationary bootstrap of Politis and
    /// Romano, 1994), which keeps what neighbouring days have to do with each other.
    pub struct Bootstrap {
        /// The seed of the blocks.
        seed: u64 = Count, "a setting", "";
        /// Series that were drawn.
        runs: u32 = Count, "a setting", "";
        /// The mean length of a block in daily returns; lengths are geometric.
        mean_block_days: u32 = Count, "a setting, or the cube root of daily_returns, rounded up", "";
        /// The share of drawn series between the ends of an interval.
        confidence_percent: f64 = Percent, "a setting", "";
        /// The Sharpe ratio.
        sharpe: Figure<Interval> = Nested, "sharpe of each drawn series",
            "A drawn series has no Sharpe ratio.";
        /// Growth a year.
        cagr_percent: Figure<Interval> = Nested, "((Π(1 + r))^(1 ÷ years) − 1) × 100 of each drawn series",
            "No time passes.";
        /// The deepest fall from a peak, at the close of days.
        max_drawdown_percent: Figure<Interval> = Nested,
            "max drawdown of each drawn series", "";
    }
}

section! {
    /// The middle share of drawn values.
    pub struct Interval {
        /// The lower end.
        low: f64 = Ratio, "percentile (100 − confidence) ÷ 2", "";
        /// The value in the middle.
        median: f64 = Ratio, "percentile 50", "";
        /// The upper end.
        high: f64 = Ratio, "percentile 100 − (100 − confidence) ÷ 2", "";
    }
}

/// Percentiles by nearest rank: at most so many percent of the drawn values are below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Percentiles<T> {
    /// 5 %.
    pub p5: T,
    /// 25 %.
    pub p25: T,
    /// 50 %.
    pub p50: T,
    /// 75 %.
    pub p75: T,
    /// 95 %.
    pub p95: T,
    /// 99 %.
    pub p99: T,
    /// The largest.
    pub max: T,
}

impl<T> super::figure::Shown for Percentiles<T> {}
impl super::figure::Shown for Interval {}

impl<T: Copy> Percentiles<T> {
    fn of(ordered: &[T]) -> Option<Self> {
        Some(Self {
            p5: rank(ordered, 50)?,
            p25: rank(ordered, 250)?,
            p50: rank(ordered, 500)?,
            p75: rank(ordered, 750)?,
            p95: rank(ordered, 950)?,
            p99: rank(ordered, 990)?,
            max: rank(ordered, 1_000)?,
        })
    }
}

/// `profits` are net, in the order of closing.
pub(crate) fn monte_carlo(
    capital: Decimal,
    profits: &[Decimal],
    resample: Option<Resample>,
) -> Figure<MonteCarlo> {
    let few = profits.len() < OBSERVATIONS_MIN;
    Figure::exact(orders(capital, profits, resample)).doubted(few, Note::FewObservations)
}

fn orders(
    capital: Decimal,
    profits: &[Decimal],
    resample: Option<Resample>,
) -> Result<MonteCarlo, Note> {
    let Resample { seed, runs, .. } = bounded(resample, profits.len())?;
    if profits.len() < 2 {
        return Err(if profits.is_empty() { Note::NoTrades } else { Note::TooFewTrades });
    }
    let mut draw = Draw::new(seed, ORDERS);
    let mut order = profits.to_vec();
    let (mut shares, mut cash) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        draw.shuffle(&mut order);
        let (share, lost) = deepest(capital, &order);
        shares.push(share * 100.0);
        cash.push(lost);
    }
    shares.sort_by(f64::total_cmp);
    cash.sort();
    Ok(MonteCarlo {
        seed,
        runs,
        final_equity: capital + profits.iter().sum::<Decimal>(),
        observed_drawdown_percent: deepest(capital, profits).0 * 100.0,
        drawdown_percent: Percentiles::of(&shares).ok_or(Note::NotResampled)?,
        drawdown_cash: Percentiles::of(&cash).ok_or(Note::NotResampled)?,
    })
}

/// The deepest fall as a share of its peak, and the largest in money.
fn deepest(capital: Decimal, profits: &[Decimal]) -> (f64, Decimal) {
    let (mut equity, mut peak) = (capital, capital);
    let (mut share, mut cash) = (0.0_f64, Decimal::ZERO);
    for profit in profits {
        equity += profit;
        if equity >= peak {
            peak = equity;
        } else if *profit < Decimal::ZERO {
            share = share.max(fall(peak, equity));
            cash = cash.max(peak - equity);
        }
    }
    (share, cash)
}

/// What is drawn, unless it is nothing or too much.
fn bounded(resample: Option<Resample>, values: usize) -> Result<Resample, Note> {
    let resample = resample.ok_or(Note::NotResampled)?;
    let draws = u64::from(resample.runs).saturating_mul(values as u64);
    if draws > DRAWS_MAX { Err(Note::TooMuchToResample) } else { Ok(resample) }
}

pub(crate) fn bootstrap(
    returns: Result<&[f64], Note>,
    summary: &Summary,
    settings: &Settings,
) -> Figure<Noted<Bootstrap>> {
    let few = returns.map_or(0, <[f64]>::len) < OBSERVATIONS_MIN;
    let drawn = returns.and_then(|returns| blocks(returns, summary, settings).map(noted));
    Figure::exact(drawn).doubted(few, Note::FewObservations)
}

fn blocks(returns: &[f64], summary: &Summary, settings: &Settings) -> Result<Bootstrap, Note> {
    let Resample { seed, runs, mean_block_days } = bounded(settings.resample, returns.len())?;
    let block = mean_block_days.unwrap_or_else(|| cube_root(returns.len()));
    let periods = f64::from(summary.periods_per_year);
    let rate = each_period(summary.risk_free_percent, periods);
    let mut draw = Draw::new(seed, BLOCKS);
    let mut series = vec![0.0; returns.len()];
    let (mut sharpes, mut growths, mut falls) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        fill(&mut series, returns, block, &mut draw);
        let (growth, fall) = path(&series);
        sharpes.push(sharpe(&series, rate).map(|ratio| ratio * periods.sqrt()));
        growths.push(yearly(growth, summary.years).map(|growth| growth * 100.0));
        falls.push(Ok(fall * 100.0));
    }
    let permille = settings.confidence_permille();
    let interval = |values: Vec<_>| Figure::exact(interval(values, permille));
    Ok(Bootstrap {
        seed,
        runs,
        mean_block_days: block,
        confidence_percent: settings.confidence_percent,
        sharpe: interval(sharpes),
        cagr_percent: interval(growths).doubted(summary.is_short(), Note::Extrapolated),
        max_drawdown_percent: interval(falls),
    })
}

/// One drawn series: a block begins anywhere with a chance of one in `block`, and runs on from the
/// end to the beginning.
fn fill(series: &mut [f64], returns: &[f64], block: u32, draw: &mut Draw) {
    let mut place = None;
    for value in series {
        let next = match place {
            Some(place) if draw.below(u64::from(block)) != 0 => (place + 1) % returns.len(),
            _ => draw.index(returns.len()),
        };
        *value = returns[next];
        place = Some(next);
    }
}

/// The growth factor and the deepest fall of a series of returns. What is lost entirely stays lost.
fn path(returns: &[f64]) -> (f64, f64) {
    let (mut wealth, mut peak, mut deepest) = (1.0_f64, 1.0_f64, 0.0_f64);
    for value in returns {
        wealth = (wealth * (1.0 + value)).max(0.0);
        peak = peak.max(wealth);
        deepest = deepest.max((peak - wealth) / peak);
    }
    (wealth, deepest)
}

fn interval(values: Vec<Result<f64, Note>>, permille: u32) -> Result<Interval, Note> {
    let mut values = values.into_iter().collect::<Result<Vec<f64>, Note>>()?;
    if values.iter().any(|value| !value.is_finite()) {
        return Err(Note::OutOfRange);
    }
    values.sort_by(f64::total_cmp);
    // Half a thousandth can't be told by rank; the interval is made wider rather than narrower.
    let tail = (1_000 - permille.min(1_000)) / 2;
    let at = |permille| rank(&values, permille).ok_or(Note::NotResampled);
    Ok(Interval { low: at(tail)?, median: at(500)?, high: at(1_000 - tail)? })
}

/// The smallest number whose cube is at least `n`, and at least 1.
fn cube_root(n: usize) -> u32 {
    let n = u64::from(counted(n));
    (1..=2_048_u32).find(|root| u64::from(*root).pow(3) >= n).unwrap_or(2_048)
}
