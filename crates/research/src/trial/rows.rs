//! A run's marks and round trips as the statistics take them.

use backtest::Collected;
use domain::{Bar, InstrumentId, Side, Timestamp};
use rust_decimal::Decimal;
use statement::RoundTrip;

use super::{Market, Trial, TrialError};
use crate::stats::{Direction, EquityPoint, PricePoint, TradeRow};

/// Decimals of amounts that a rate was taken of.
const CENTS_OF_CENTS: u32 = 8;

/// The account at every close, the start before them.
pub(super) fn equity(trial: &Trial, run: &Collected) -> Result<Vec<EquityPoint>, TrialError> {
    let from = trial.from.unwrap_or(Timestamp(i64::MIN));
    let first = |m: &Market| m.bars.iter().find(|bar| bar.close_at >= from).map(|bar| bar.open_at);
    let opens = trial.markets.iter().filter_map(first);
    let begin = opens.min().unwrap_or_default();
    let zero = Decimal::ZERO;
    let start = EquityPoint {
        at: begin,
        equity: trial.terms.cash,
        exposure_gross: zero,
        exposure_net: zero,
    };
    let mut points = Vec::with_capacity(run.curve().len() + 1);
    points.push(start);
    for mark in run.curve().iter().filter(|mark| mark.at >= from) {
        let known = mark.equity.zip(mark.exposure.zip(mark.net_exposure));
        let (equity, (gross, net)) = known.ok_or(TrialError::EquityUnknown(mark.at))?;
        points.push(EquityPoint { at: mark.at, equity, exposure_gross: gross, exposure_net: net });
    }
    Ok(points)
}

/// Closed round trips.
pub(super) fn trades(trial: &Trial, run: &Collected) -> Result<Vec<TradeRow>, TrialError> {
    let statement = run.statement().map_err(Clone::clone)?;
    let mut rows = Vec::new();
    for (id, trip) in (1_u64..).zip(statement.trips()) {
        rows.push(trade(id, trip, trial, run).ok_or(TrialError::Amount(id))?);
    }
    rows.sort_by_key(|row| (row.closed_at, row.id));
    Ok(rows)
}

fn trade(id: u64, trip: &RoundTrip, trial: &Trial, run: &Collected) -> Option<TradeRow> {
    let prices = trip.entry.get().checked_add(trip.exit.get())?;
    let value_traded =
        prices.checked_mul(trip.qty.get())?.checked_mul(trip.multiplier)?.round_dp(CENTS_OF_CENTS);
    let fees = trip.fees.iter().map(|money| money.amount()).sum::<Decimal>();
    let bps = trial.terms.slippage_bps.checked_add(trial.terms.half_spread_bps)?;
    let bps = bps / Decimal::from(10_000);
    let funding = movements(trip, run);
    Some(TradeRow {
        id,
        symbol: trip.instrument.symbol().to_owned(),
        side: if trip.side == Side::Buy { Direction::Long } else { Direction::Short },
        opened_at: trip.opened,
        closed_at: trip.closed,
        qty: trip.qty.get(),
        entry_price: trip.entry.get(),
        exit_price: trip.exit.get(),
        value_traded,
        gross_profit: trip.gross.amount(),
        net_profit: trip.net()?.amount().checked_add(funding)?,
        fees,
        slippage_cost: value_traded.checked_mul(bps)?.round_dp(CENTS_OF_CENTS),
        funding,
        mae: Decimal::ZERO - trip.mae()?.amount(),
        mfe: trip.mfe()?.amount(),
        risk: trip.risk.as_ref().map(|r| r.amount()).filter(|r| *r > Decimal::ZERO),
        tag: String::new(),
        exit_reason: trip.reason.name().to_owned(),
        bars_held: bars_between(trial, &trip.instrument, trip.opened, trip.closed),
    })
}

/// What was charged for holding it: borrow fees, funding, dividends. A fraction that was sold for
/// cash is in its price.
fn movements(trip: &RoundTrip, run: &Collected) -> Decimal {
    let Ok(statement) = run.statement() else { return Decimal::ZERO };
    let mine = statement.movements().filter(|m| {
        m.instrument.as_ref() == Some(&trip.instrument)
            && m.book.as_ref() == Some(&trip.book)
            && m.sold.is_none()
            && m.at > trip.opened
            && m.at <= trip.closed
    });
    mine.filter_map(|m| m.money.as_ref()).map(|money| money.amount()).sum()
}

/// Bars that closed while it was held: the one in which it began counts, one at whose opening it
/// ended doesn't.
fn bars_between(trial: &Trial, id: &InstrumentId, from: Timestamp, until: Timestamp) -> u32 {
    let market = trial.markets.iter().find(|m| m.symbol == id.symbol() || m.symbol == id.as_str());
    let Some(market) = market else { return 0 };
    let closed = |at: Timestamp| market.bars.partition_point(|bar| bar.close_at <= at);
    u32::try_from(closed(until).saturating_sub(closed(from))).unwrap_or(u32::MAX)
}

/// The closes of the first symbol, with which the run is compared; on one scale where it was split.
pub(super) fn benchmark(trial: &Trial) -> Result<Vec<PricePoint>, TrialError> {
    let market = trial.strategy.symbols.first().and_then(|s| trial.market(s));
    let Some(market) = market else { return Ok(Vec::new()) };
    let bars = market.scaled(Timestamp(i64::MAX))?;
    let point = |bar: &Bar| PricePoint { at: bar.close_at, price: bar.close.get() };
    Ok(bars.iter().map(point).collect())
}
