//! Why a backtest can't begin, or can't go on.
//!
//! It must not know refusals of orders, which are results.

use domain::{CalendarKind, InstrumentId, Timeframe};
use market::replay::ReplayError;
use path::journal::{AppendError, ChainError};
use thiserror::Error;
use venue_sim::SimError;

/// Why a backtest can't begin, or can't go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the messages name the fields")]
pub enum BacktestError {
    /// A series that can't be played.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// A setting of the venue, an instrument or an amount.
    #[error(transparent)]
    Venue(#[from] SimError),
    /// The venue must tell client ids.
    #[error("client_ids is false: a backtest has no answers that get lost; set it to true")]
    ClientIds,
    /// Prices of what nobody described.
    #[error("there are bars of {0} and no instrument; list it")]
    Unlisted(InstrumentId),
    /// An instrument that neither has bars nor follows what has.
    #[error("{0} has no bars and follows nothing that has; add a series or take it off the list")]
    NoPrices(InstrumentId),
    /// No bar at all.
    #[error("there is no bar")]
    NoBars,
    /// A bar that lies outside its market's session can't be traded.
    #[error(
        "bar {bar} of {instrument} begins or ends while its market ({calendar:?}) is closed; \
         import it with that calendar, or list the instrument with another one"
    )]
    OutsideSession { instrument: InstrumentId, bar: usize, calendar: CalendarKind },
    /// Bars that span several sessions.
    #[error("bars of {timeframe} of {instrument} span several sessions; use daily ones or shorter")]
    Timeframe { instrument: InstrumentId, timeframe: Timeframe },
    /// A setting that the desk did not take.
    #[error("the desk did not take its setting `{what}`: {why}")]
    Setting { what: &'static str, why: String },
    /// Books and venue never agreed.
    #[error("books and venue did not agree at the start; this is a fault of the program")]
    NotReconciled,
    /// The core and the venue answer each other without end.
    #[error("core and venue did not come to rest; this is a fault of the program: {0}")]
    Endless(String),
    /// Whoever watched did not want it to go on.
    #[error("the run was stopped before its end")]
    Stopped,
    /// The journal that is kept on request.
    #[error(transparent)]
    Journal(#[from] AppendError),
    /// The first record.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl BacktestError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Replay(error) => error.code(),
            Self::Venue(error) => error.code(),
            Self::ClientIds => "backtest_client_ids",
            Self::Unlisted(_) => "backtest_unlisted",
            Self::NoPrices(_) => "backtest_no_prices",
            Self::NoBars => "backtest_no_bars",
            Self::OutsideSession { .. } => "backtest_outside_session",
            Self::Timeframe { .. } => "backtest_timeframe",
            Self::Setting { .. } => "backtest_setting",
            Self::NotReconciled => "backtest_not_reconciled",
            Self::Endless(_) => "backtest_endless",
            Self::Stopped => "backtest_stopped",
            Self::Journal(error) => error.code(),
            Self::Chain(_) => "backtest_chain",
        }
    }
}
