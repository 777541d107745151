//! Strategies at work on the live desk, and history played to it in step.
//!
//! It exists so that the very rules that were tried over history trade on the desk: they see closed
//! bars and the account's own books, and what they want goes through the account's gate like
//! anybody's wish. [`player`] tells a desk history price by price and waits for it, so that a replay
//! and a backtest are the same run; [`maker`] makes bars of prices that come by themselves;
//! [`runs`] keeps who runs, `run` is one of them. It must not know HTTP, SQL or files.

pub mod error;
pub mod maker;
pub mod player;
pub mod ports;
mod recall;
pub mod record;
mod reduce;
mod run;
pub mod runs;
pub mod stage;

pub use error::RunError;
pub use maker::Maker;
pub use player::{Closed, Played, Player};
pub use ports::{Change, Feeds, Store};
pub use record::{RunId, RunRecord, RunState};
pub use runs::{NewRun, Runs, Seen, Stop};
pub use stage::{Market, Stage};
