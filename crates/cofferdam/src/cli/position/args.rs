//! What can be typed about positions.
//!
//! This module must not know the API.

use clap::{Args, Subcommand};
use domain::{AccountId, BookId, Percent, Qty};

use crate::cli::plan::PlanArgs;

/// What can be done with positions.
#[derive(Debug, Subcommand)]
pub(crate) enum PositionCommand {
    /// List open positions, with where each one's stop is and what the desk watches
    List {
        /// Only this account's
        #[arg(long)]
        account: Option<AccountId>,
    },
    /// Close a position, a share of it, or everything, at the market
    #[command(after_help = "\
Examples:
  cofferdam position close IBM
  cofferdam position close IBM --percent 50 --book golden-cross
  cofferdam position close --all                    every position, in all books
  cofferdam position close --all --symbol IBM       those in IBM, in all books")]
    Close(CloseArgs),
    /// Close a position and open the other direction, both at the market
    #[command(after_help = "\
Examples:
  cofferdam position reverse IBM --stop 125         as much as was held
  cofferdam position reverse IBM --qty 5 --trail 3% --take 110:50

The other direction is judged once the position is closed. When it is refused then, the position
stays closed, and the refusal is in the journal: cofferdam journal tail.")]
    Reverse(ReverseArgs),
    /// Set a position's stop, targets and time stop; what is not given is removed
    #[command(after_help = "\
Examples:
  cofferdam position protect IBM --stop 115 --target 140
  cofferdam position protect IBM --trail 3% --take 130:50 --take 140:25
  cofferdam position protect IBM --stop 115 --trail 5 --trail-from 130 --time-stop 2h

The stop rests at the venue. A trail, targets and a time stop are watched by the desk: none of them
acts while it is down.")]
    Protect(ProtectArgs),
    /// Give a holding that nobody manages to a book
    #[command(after_help = "Example:\n  cofferdam position adopt IBM --book manual")]
    Adopt(Which),
    /// Leave alone what a book holds and is too little for the venue to trade
    #[command(after_help = "\
Example:
  cofferdam position leave BTC

The rest goes to the book `unmanaged`: shown, and neither closed nor protected any more. `position
adopt` takes it back.")]
    Leave(Which),
}

/// Which position.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// What is held: IBM, or with its venue sim:IBM
    pub(super) symbol: String,
    /// The book that holds it, or is to hold it
    #[arg(long, default_value = "manual")]
    pub(super) book: BookId,
    /// The account, when there are several
    #[arg(long)]
    pub(super) account: Option<AccountId>,
}

/// What to close.
#[derive(Debug, Args)]
pub(crate) struct CloseArgs {
    /// What is held: IBM, or with its venue sim:IBM
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(super) symbol: Option<String>,
    /// Close every position of the account, in all of its books
    #[arg(long)]
    pub(super) all: bool,
    /// With --all: only the positions in this instrument
    #[arg(long = "symbol", value_name = "SYMBOL", requires = "all", conflicts_with = "symbol")]
    pub(super) only: Option<String>,
    /// How much of it
    #[arg(long, default_value = "100")]
    pub(super) percent: Percent,
    /// The book that holds it
    #[arg(long, default_value = "manual", conflicts_with = "all")]
    pub(super) book: BookId,
    /// The account, when there are several
    #[arg(long)]
    pub(super) account: Option<AccountId>,
    /// An idempotency key: the same key never closes twice
    #[arg(long)]
    pub(super) key: Option<String>,
}

/// What to turn around.
#[derive(Debug, Args)]
pub(crate) struct ReverseArgs {
    #[command(flatten)]
    pub(super) which: Which,
    /// How many units to open in the other direction [default: as many as were held]
    #[arg(long)]
    pub(super) qty: Option<Qty>,
    #[command(flatten)]
    pub(super) plan: PlanArgs,
    /// An idempotency key: the same key never reverses twice
    #[arg(long)]
    pub(super) key: Option<String>,
}

/// How to protect a position.
#[derive(Debug, Args)]
pub(crate) struct ProtectArgs {
    #[command(flatten)]
    pub(super) which: Which,
    #[command(flatten)]
    pub(super) plan: PlanArgs,
    /// Let the position stand without a stop
    #[arg(long, required_unless_present_any = ["stop", "trail"])]
    pub(super) accept_unprotected: bool,
}
