//! Why the kernel can't try the sets of a search.
//!
//! It must not know what is done instead.

use screen::Unscreenable;
use thiserror::Error;

/// Why sets are tried by the engine and not by the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotScreened {
    /// The kernel's own reason.
    #[error(transparent)]
    Kernel(#[from] Unscreenable),
    /// A formula reads other bars than those that are traded.
    #[error("it needs the bars of {0} symbols; one is screened")]
    Markets(usize),
    /// Limits are in force.
    #[error("limits {0:?} are in force; the kernel has the research limits only")]
    Limits(String),
    /// More than prices happens to what is traded.
    #[error("splits or funding happen to what is traded; the kernel knows prices only")]
    Events,
    /// Shorts owe a fee.
    #[error("shorts owe a borrow fee")]
    Borrow,
    /// A figure that needs every close or every trade.
    #[error("{0} is a figure that the kernel does not keep enough for")]
    Figure(String),
    /// There is no bar from which on wishes count.
    #[error("no bar closes at the instant from which on wishes count, or later")]
    Span,
    /// More round trips than the engine's statement keeps.
    #[error("a set has more than {0} round trips")]
    Trades(usize),
    /// Statistics that can't be computed.
    #[error("the figures can't be computed: {0}")]
    Figures(String),
}

impl NotScreened {
    /// The reason's stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Kernel(why) => why.code(),
            Self::Markets(_) => "screen_markets",
            Self::Limits(_) => "screen_limits",
            Self::Events => "screen_events",
            Self::Borrow => "screen_borrow",
            Self::Figure(_) => "screen_figure",
            Self::Span => "screen_span",
            Self::Trades(_) => "screen_trades",
            Self::Figures(_) => "screen_figures",
        }
    }
}
