//! What a result rests on, as hashes: the same hashes, the same bytes.

use path::journal::Head;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Trial, TrialError};
use crate::stats::{EquityPoint, TradeRow};

/// What a result rests on. Hashes are SHA-256 in hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reproducibility {
    /// The program's version.
    pub program: String,
    /// Of the strategy file.
    pub strategy: String,
    /// Of all bars with their symbols.
    pub data: String,
    /// Of parameters, money, costs, limits, the stretch, what is traded and when it trades, splits
    /// and funding.
    pub config: String,
    /// The seed of everything that is drawn.
    pub seed: Option<u64>,
    /// Of trades, equity at every close and the journal's head.
    pub result: String,
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash of a text.
pub(crate) fn of_text(text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(text.as_bytes());
    hex(hash)
}

impl Reproducibility {
    pub(super) fn of(
        trial: &Trial,
        trades: &[TradeRow],
        equity: &[EquityPoint],
        head: Head,
    ) -> Result<Self, TrialError> {
        Ok(Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            strategy: trial.strategy.hash.clone(),
            data: data(trial),
            config: config(trial),
            seed: trial.terms.figures.resample.map(|r| r.seed),
            result: result(trades, equity, head)?,
        })
    }
}

/// The hash of trades, equity at every close and the journal's head.
pub(super) fn result(
    trades: &[TradeRow],
    equity: &[EquityPoint],
    head: Head,
) -> Result<String, TrialError> {
    let mut result = Sha256::new();
    result.update(serde_json::to_vec(trades)?);
    for point in equity {
        result.update(point.at.0.to_be_bytes());
        result.update(point.equity.normalize().to_string());
        result.update([0]);
    }
    result.update(serde_json::to_vec(&head)?);
    Ok(hex(result))
}

/// The hash of parameters, money, costs, limits, the stretch, what is traded and when it trades,
/// splits and funding.
pub(crate) fn config(trial: &Trial) -> String {
    let terms = &trial.terms;
    let config = json!({
        "params": trial.params, "cash": terms.cash, "fee": terms.fee,
        "slippage_bps": terms.slippage_bps, "half_spread_bps": terms.half_spread_bps,
        "borrow_rate": terms.borrow_rate, "limits": terms.limits,
        "compare": terms.compare, "figures": terms.figures, "from": trial.from,
        "until": trial.until, "traded": trial.strategy.symbols,
        "markets": trial.markets.iter()
            .map(|m| json!({
                "symbol": m.symbol, "calendar": m.calendar, "tick": m.tick, "step": m.step,
                "splits": m.events.splits.events(), "funding": m.events.funding.as_deref(),
            }))
            .collect::<Vec<_>>(),
    });
    of_text(&config.to_string())
}

/// The hash of all bars with their symbols.
pub(crate) fn data(trial: &Trial) -> String {
    let mut hash = Sha256::new();
    for market in &trial.markets {
        hash.update(market.symbol.as_bytes());
        hash.update([0]);
        for bar in market.bars.iter() {
            hash.update(bar.open_at.0.to_be_bytes());
            hash.update(bar.close_at.0.to_be_bytes());
            for price in [bar.open, bar.high, bar.low, bar.close] {
                hash.update(price.get().normalize().serialize());
            }
            hash.update(bar.volume.get().normalize().serialize());
        }
    }
    hex(hash)
}
