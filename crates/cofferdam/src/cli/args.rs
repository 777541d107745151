//! The tree of commands and the options that all of them share.
//!
//! Each command's own options stand in its module. This module must not do anything.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{
    account, approval, audit, backup, bars, book, doctor, formulas, instrument, journal, keys,
    kill, latch, limits, order, people, position, research, simulate, statement,
};

/// A self-hosted trading desk: keeps the keys, judges every order, keeps the books.
#[derive(Debug, Parser)]
#[command(
    name = "cofferdam",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  cofferdam up --demo                            start a demo desk
  cofferdam account list                         what there is
  cofferdam order buy IBM 10 --stop 120          buy at the market, protected by a stop
  cofferdam order buy IBM --risk-percent 1 --stop 120 --dry-run
                                                 what the gate would say, without an order
  cofferdam kill                                 cancel entries and stop; works without a server

Exit codes: 0 done, 1 refused or failed, 2 bad usage.
The key is read from COFFERDAM_KEY or from a file that only its owner can read."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Global {
    /// The data folder [default: $XDG_DATA_HOME/cofferdam, else ~/.local/share/cofferdam]
    #[arg(
        long,
        global = true,
        env = "COFFERDAM_DATA_DIR",
        value_name = "DIR",
        help_heading = "Options for every command"
    )]
    pub(crate) data_dir: Option<PathBuf>,
    /// The PostgreSQL database of the desk instead of files in the data folder; best given as
    /// COFFERDAM_DATABASE_URL, because other users of this machine can see arguments
    #[arg(
        long,
        global = true,
        env = "COFFERDAM_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        help_heading = "Options for every command"
    )]
    pub(crate) database_url: Option<Secret>,
    /// The running desk [default: http://127.0.0.1:3000]
    #[arg(
        long,
        global = true,
        env = "COFFERDAM_URL",
        hide_env_values = true,
        value_name = "URL",
        help_heading = "Options for every command"
    )]
    pub(crate) url: Option<String>,
    /// The file with the API key, mode 0600 (default: `<data-dir>/local.key`, before the set-up `bootstrap.key`); the key itself
    /// can be given as COFFERDAM_KEY, never as an argument
    #[arg(long, global = true, value_name = "FILE", help_heading = "Options for every command")]
    pub(crate) key_file: Option<PathBuf>,
    /// Print JSON; an answer of the desk is printed unchanged
    #[arg(long, global = true, help_heading = "Options for every command")]
    pub(crate) json: bool,
}

/// A text that may hold a password, so it is never shown.
#[derive(Clone, Default)]
pub(crate) struct Secret(String);

impl Secret {
    /// The text itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the desk and serve until stopped
    Up(crate::serve::UpArgs),
    /// Accounts: open, list, show, movements
    Account {
        #[command(subcommand)]
        command: account::AccountCommand,
    },
    /// Instruments: list, add a contract, assumptions of the simulated venue
    Instrument {
        #[command(subcommand)]
        command: instrument::InstrumentCommand,
    },
    /// Books, the named sub-accounts of an account: add, list, show
    Book {
        #[command(subcommand)]
        command: book::BookCommand,
    },
    /// Orders: buy, sell, change, cancel, list, show; armed and disarm for the next opening
    Order {
        #[command(subcommand)]
        command: Box<order::OrderCommand>,
    },
    /// Positions: list, close, reverse, protect, adopt, leave alone
    Position {
        #[command(subcommand)]
        command: Box<position::PositionCommand>,
    },
    /// What an account did: round trips, tax lots, trading days, movements, totals; as a table or
    /// as CSV
    #[command(after_help = "\
Examples:
  cofferdam statement demo                       round trips with R, fees and what closed them
  cofferdam statement demo lots --csv > lots.csv tax lots, first in, first out
  cofferdam statement demo totals                results, fees, funding and loans of each book")]
    Statement(statement::StatementArgs),
    /// Limits that the gate checks: show, set, preset
    Limits {
        #[command(subcommand)]
        command: Box<limits::LimitsCommand>,
    },
    /// Orders that wait for approval: list, approve, decline
    Approval {
        #[command(subcommand)]
        command: approval::ApprovalCommand,
    },
    /// Latches that stop entries after a loss or a contradiction: release
    Latch {
        #[command(subcommand)]
        command: latch::LatchCommand,
    },
    /// The kill switch: pause, halt (default), flatten, release; pulls without a server too
    Kill(kill::KillArgs),
    /// Price history: import, list, generate
    Bars {
        #[command(subcommand)]
        command: bars::BarsCommand,
    },
    /// The journal's records: tail, show
    Journal {
        #[command(subcommand)]
        command: journal::JournalCommand,
    },
    /// The journal's soundness: verify, export a checkpoint
    Audit {
        #[command(subcommand)]
        command: audit::AuditCommand,
    },
    /// Copies of the journal: create, verify
    Backup {
        #[command(subcommand)]
        command: backup::BackupCommand,
    },
    /// People: add, list, reset; beside a desk that is stopped, or on its PostgreSQL
    User {
        #[command(subcommand)]
        command: people::UserCommand,
    },
    /// Keys of programs: create, list, revoke; beside a desk that is stopped, or on its PostgreSQL
    Key {
        #[command(subcommand)]
        command: keys::KeyCommand,
    },
    /// Try a strategy over history: the desk's own gate, ledger and paper venue, every figure
    Backtest(Box<research::backtest::BacktestArgs>),
    /// Try many sets of parameters: the best ones, the plateau, and how much of it is luck
    Sweep(Box<research::sweep::SweepArgs>),
    /// Choose parameters on one stretch of history and test them on the next, again and again
    WalkForward(Box<research::walk_forward::WalkForwardArgs>),
    /// Whether a strategy's rules know the future, and whether they have warmed up
    Lookahead(Box<research::lookahead::LookaheadArgs>),
    /// Strategies: check a file, put one to work on a paper account, list, pause, resume, stop, replay
    Strategy {
        #[command(subcommand)]
        command: research::strategy::StrategyCommand,
    },
    /// Formulas: check one, compute it over a file of bars, list the functions
    Formula {
        #[command(subcommand)]
        command: formulas::FormulaCommand,
    },
    /// Run the fault simulator: every failure, and what must hold in spite of it
    Simulate(simulate::SimulateArgs),
    /// Print the description of the API (OpenAPI)
    Openapi,
    /// Print the table of refusal codes
    Codes,
    /// Check data folder, disk, clock, journal and exposure; exit 1 when something is wrong
    Doctor(doctor::DoctorArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_tree_of_commands_is_consistent_and_every_command_has_json() {
        Cli::command().debug_assert();
        for words in [
            vec!["account", "list"],
            vec!["order", "list"],
            vec!["kill"],
            vec!["codes"],
            vec!["doctor"],
            vec!["bars", "list"],
        ] {
            let all = ["cofferdam"].into_iter().chain(words.iter().copied()).chain(["--json"]);
            assert!(Cli::try_parse_from(all).unwrap().global.json, "{words:?}");
        }
    }

    #[test]
    fn a_key_can_not_be_an_argument() {
        for words in [["--api-key", "cfd_a_b"], ["--key", "cfd_a_b"]] {
            let all = ["cofferdam", "account", "list"].into_iter().chain(words);
            assert!(Cli::try_parse_from(all).is_err(), "{words:?}");
        }
    }
}
