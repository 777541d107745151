//! The store against real files, real crashes and real full disks.

#![allow(clippy::unwrap_used, reason = "a test stops at the first failure")]

mod append;
mod backup;
mod chains;
mod crash;
mod disk;
mod emergency;
mod identities;
mod isolation;
mod kit;
mod leases;
mod model;
mod postgres;
mod postgres_server;
mod research;
mod snapshots;
