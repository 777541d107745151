//! Strategies at work on the live desk, and history played to it in step.
//!
//! It exists so that the very rules that were tried over history trade on the desk: they see closed
//! bars and the account's own books, and what they want goes through the account's gate like
//! anybody's wish. [`player`] tells a desk history price by price and waits for it, so that a replay
//! and a backtest are the same run; [`maker`] makes bars of prices that come by themselves;
//! [`runs`] keeps who runs; of each, `plan` is what stays the same, `brain` what it remembers, and
//! `turn` who may let it decide. It must not know HTTP, SQL or files.

mod ask;
mod brain;
pub mod error;
mod keeping;
pub mod maker;
mod plan;
pub mod player;
pub mod ports;
mod recall;
pub mod record;
mod reduce;
pub mod runs;
pub mod stage;
mod taking_up;
mod turn;
mod wind_up;

pub use error::RunError;
pub use maker::Maker;
pub use player::{Closed, Played, Player};
pub use ports::{Change, Damaged, Feeds, Kept, Store};
pub use record::{RunId, RunRecord, RunState, Stop};
pub use runs::{NewRun, Runs, Seen};
pub use stage::{Market, Stage};
