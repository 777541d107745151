//! The program: command line, configuration, wiring.
//!
//! It exists to fill the desk's ports with real stores, venues and doors, and to be the client
//! of a running desk. It must not decide anything about an order.

mod cli;
mod markets;
mod serve;

fn main() -> std::process::ExitCode {
    cli::run()
}
