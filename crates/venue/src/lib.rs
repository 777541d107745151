//! What every venue adapter owes the desk.
//!
//! The path trusts an adapter to say "rejected" only when the order never lived, to tell every
//! execution once, and to answer "unknown" when it doesn't know. Those promises are kept in one
//! place, as a suite that runs against any [`path::broker::Broker`]: see [`conformance`]. This
//! crate must not know any venue or protocol.

pub mod conformance;
