//! The order path: what only the path may build.
//!
//! Everything that asks for a trade passes through here. The crate owns the gate, the typed steps
//! [`verbs::Cleared`] and [`verbs::Recorded`] that only it can make, the fold of the journal into
//! an account's state, and the two traits that the outside implements:
//! [`journal::JournalStore`] and [`broker::Broker`]. It must not know tokio, SQL, networks, files
//! or clocks: time, quotes and answers arrive as inputs, and what should happen leaves as effects.

pub mod broker;
pub mod budget;
pub mod codes;
pub mod commit;
pub mod core;
pub mod event;
pub mod gate;
mod hash;
pub mod journal;
pub mod market;
pub mod policy;
mod setting;
pub mod state;
pub mod terms;
pub mod verbs;
pub mod wire;
