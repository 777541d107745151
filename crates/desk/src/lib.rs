//! The live driver of the order path.
//!
//! One task per account feeds the synchronous core of [`path::core`], one thread writes the
//! journal for all of them in groups, and effects leave only once their records are durable. The
//! crate also keeps what is wider than one account: the desk's budget, the kill switch and its
//! file. It must not know SQL, HTTP, or any venue: those come in through [`ports`].

pub mod account;
mod actor;
mod budget;
pub mod clock;
mod divert;
pub mod error;
pub mod killfile;
mod killwatch;
mod load;
mod merge;
mod outside;
pub mod ports;
pub mod quotes;
mod records;
pub mod register;
mod shared;
mod standing;
pub mod switch;
mod tenure;
mod writer;

mod house;

pub use account::AccountHandle;
pub use clock::{Clock, SystemClock};
pub use error::DeskError;
pub use house::{Desk, LEASE_FOR, Run};
pub use killfile::KillFile;
pub use ports::{
    CurrentUse, Emergency, EmergencyRecord, JudgeUse, OtherDesk, Others, Ports, SharedUse,
    WrittenUnder,
};
pub use shared::{NewAccount, Published, Venue, deliver};
pub use switch::{AccountKill, KillReport};
pub use tenure::{OnEnd, Stopped, Tenure};
