//! What is searched, for commands that try many sets of parameters.
//!
//! This module must not know what comes of a search.

use std::num::NonZeroUsize;

use ::research::{
    sweep::{Axis, Objective, Space, Sweep},
    trial::Trial,
};
use clap::Args;

use super::args::TrialArgs;
use crate::cli::{failure::Failure, values};

/// Which sets are tried, and what is looked for.
#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// Values of a parameter to try, NAME=FROM..TO:STEP; can be given several times, and every
    /// combination is tried. Without a step the parameter's own is taken
    #[arg(long, value_name = "AXIS", required_unless_present = "random")]
    grid: Vec<Axis>,
    /// Try so many sets drawn from the parameters' ranges instead; --seed draws others
    #[arg(long, value_name = "N", conflicts_with = "grid", value_parser = values::sets,
          allow_negative_numbers = true)]
    random: Option<usize>,
    /// The figure to make as good as can be
    #[arg(long, default_value = "sharpe", value_name = "FIGURE")]
    objective: Objective,
    /// Threads that work at the same time; all cores when it isn't named. The answer is the same
    #[arg(long, value_name = "N", value_parser = values::threads, allow_negative_numbers = true)]
    threads: Option<NonZeroUsize>,
}

impl SearchArgs {
    /// How many threads work.
    pub(super) fn threads(&self) -> NonZeroUsize {
        let all = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.threads.unwrap_or_else(all)
    }

    /// The search over a trial.
    pub(super) fn sweep(&self, trial: Trial, args: &TrialArgs) -> Result<Sweep, Failure> {
        let strategy = &trial.strategy;
        let space = match self.random {
            Some(count) => {
                Space::random(strategy, count, args.seed(), (&trial.params, &args.named_params()))
            }
            None => Space::grid(strategy, &self.grid, &trial.params),
        };
        let space = space.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Sweep::new(trial, space, self.objective))
    }
}
