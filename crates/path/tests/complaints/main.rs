//! What users of other trading programs met, played against this one: each test is named after
//! the complaint and proves what is true here instead.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[path = "../common/mod.rs"]
mod common;
mod exits;
mod finality;
mod numbers;
mod restarts;
mod unknown;
