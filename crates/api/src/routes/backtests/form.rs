//! The form of a run's request for the API's description.
//!
//! The reader in `asked` takes fields one by one; a test compares both. It must not be used for
//! anything but the description.

use std::collections::BTreeMap;

use utoipa::ToSchema;

use crate::ports::RunKind;

/// A run over past prices. What is absent is as on the command line.
#[derive(ToSchema)]
#[schema(as = RunRequest)]
#[allow(dead_code, reason = "the description's form of the request")]
pub(crate) struct RunForm {
    /// What to do.
    kind: RunKind,
    /// A strategy that is kept; or `source`.
    strategy_id: Option<String>,
    /// The text of a strategy; or `strategy_id`.
    source: Option<String>,
    /// Constants with another value than their default.
    params: Option<BTreeMap<String, f64>>,
    /// What the account begins with, in US dollars.
    #[schema(example = "10000")]
    cash: Option<String>,
    /// Fee of each fill as a share of its value, 0 to 0.1.
    #[schema(example = "0.001")]
    fee: Option<String>,
    /// By how many hundredths of a per cent market and stop orders fill worse, 0 to 1000.
    #[schema(example = "2")]
    slippage_bps: Option<String>,
    /// Distance from bid to ask in hundredths of a per cent, 0 to 1000.
    #[schema(example = "0")]
    spread_bps: Option<String>,
    /// What shorts owe a year as a share of their value, 0 to 10.
    #[schema(example = "0.03")]
    borrow_rate: Option<String>,
    /// The limits in force: `research` (venue rules and buying power only) or a preset.
    #[schema(example = "research")]
    limits: Option<String>,
    /// A preset whose limits are asked besides, without effect; `none` for no question. The one
    /// that fits what is traded when absent.
    #[schema(example = "stocks")]
    compare: Option<String>,
    /// The seed of everything that is drawn.
    #[schema(example = 1)]
    seed: Option<u32>,
    /// The first day that counts, in UTC, or an instant after whose bars the count begins. Bars that
    /// close before only warm the rules up.
    #[schema(example = "2010-01-01")]
    from: Option<String>,
    /// The last day that counts, in UTC, or the last instant at which a bar may close.
    #[schema(example = "2020-01-01")]
    until: Option<String>,
    /// What a sweep or walk tries.
    search: Option<SearchForm>,
    /// How a walk divides history.
    walk: Option<WalkForm>,
    /// How a look-ahead check cuts history.
    lookahead: Option<LookaheadForm>,
}

/// Which sets are tried and what is looked for: `grid` or `random`.
#[derive(ToSchema)]
#[schema(as = SearchRequest)]
#[allow(dead_code, reason = "the description's form of the request")]
pub(crate) struct SearchForm {
    /// Values by parameter; every combination is tried.
    grid: Option<BTreeMap<String, AxisForm>>,
    /// So many sets, drawn from the parameters' ranges, at most 100000.
    #[schema(example = 200)]
    random: Option<u32>,
    /// The figure to make as good as can be; `sharpe` when absent.
    #[schema(example = "sharpe")]
    objective: Option<String>,
}

/// The values of one parameter.
#[derive(ToSchema)]
#[schema(as = AxisRequest)]
#[allow(dead_code, reason = "the description's form of the request")]
pub(crate) struct AxisForm {
    /// The first value.
    from: f64,
    /// The last one, when the steps meet it.
    to: f64,
    /// The distance between two values; the parameter's own when absent.
    step: Option<f64>,
}

/// How a walk divides history.
#[derive(ToSchema)]
#[schema(as = WalkRequest)]
#[allow(dead_code, reason = "the description's form of the request")]
pub(crate) struct WalkForm {
    /// Bars of each window that parameters are chosen on; 500 when absent.
    #[schema(example = 500)]
    train: Option<u32>,
    /// Bars of each window that they are tested on; 100 when absent.
    #[schema(example = 100)]
    test: Option<u32>,
    /// True when every train window begins with the first bar.
    anchored: Option<bool>,
}

/// How a look-ahead check cuts history.
#[derive(ToSchema)]
#[schema(as = LookaheadRequest)]
#[allow(dead_code, reason = "the description's form of the request")]
pub(crate) struct LookaheadForm {
    /// How often, 1 to 10000; 100 when absent.
    #[schema(example = 100)]
    cuts: Option<u32>,
}
