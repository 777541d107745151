//! Strategies over history: what they do on bars that can be followed by hand, that results repeat
//! to the byte, and that money adds up on real bars.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod events;
mod kit;
mod rules;
mod shipped;
