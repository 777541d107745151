//! Price history: import files, list what is stored, generate what is made up.
//!
//! Works on the data folder, beside a desk that may be running. A file is imported whole or not
//! at all. This module must not mend a file unless it was told to.

mod generate;
mod import;
mod list;

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt};

use ::bars::{BarStore, Session};
use clap::{Subcommand, ValueEnum};
use domain::CalendarKind;
use jiff::civil::Date;
use market::Calendar;

use super::{Outcome, context::Context, failure::Failure, output::Out};

/// What can be done with bars.
#[derive(Debug, Subcommand)]
pub(crate) enum BarsCommand {
    /// Import CSV files of one symbol
    #[command(after_help = import::HELP)]
    Import(import::ImportArgs),
    /// List what is stored, with gaps and damage
    List,
    /// Make up bars from a seed, labelled synthetic
    #[command(after_help = generate::HELP)]
    Generate(generate::GenerateArgs),
}

/// When the market trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CalendarArg {
    /// US stocks, regular session
    UsEquities,
    /// Round the clock, days in UTC
    #[value(name = "24/7", alias = "always-open")]
    AlwaysOpen,
}

impl CalendarArg {
    pub(crate) fn calendar(self) -> Calendar {
        Calendar::of(match self {
            Self::UsEquities => CalendarKind::UsEquities,
            Self::AlwaysOpen => CalendarKind::AlwaysOpen,
        })
    }
}

/// A calendar as the bar store asks for it.
pub(crate) fn sessions(calendar: Calendar) -> impl Fn(Date) -> Option<Session> {
    move |date| {
        let session = calendar.session_of_date(date)?;
        Some(Session { open: session.open, close: session.close })
    }
}

/// Runs a command.
pub(crate) fn run(command: BarsCommand, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    match command {
        BarsCommand::Import(args) => import::run(&args, &store(ctx)?, out),
        BarsCommand::List => list::run(&BarStore::open(&ctx.existing_data_dir()?)?, out),
        BarsCommand::Generate(args) => generate::run(&args, &store(ctx)?, out),
    }
}

/// The store, in a data folder that is made when there is none.
fn store(ctx: &Context) -> Result<BarStore, Failure> {
    let dir = ctx.data_dir()?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&dir)
        .map_err(|error| Failure::file("make the data folder", &dir, &error))?;
    Ok(BarStore::open(&dir)?)
}

#[cfg(test)]
mod tests;
