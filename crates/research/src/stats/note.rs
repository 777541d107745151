//! Why a figure has no value, or why its value deserves doubt, in one enum.
//!
//! The documentation's list of notes is made from here. This module must not know which figures
//! there are.

use serde::Serialize;

macro_rules! notes {
    ($($variant:ident $name:literal $undefined:literal $meaning:literal;)*) => {
        /// Why a figure is undefined or doubtful. The name is stable: programs may depend on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Note {
            $(#[doc = $meaning] #[serde(rename = $name)] $variant,)*
        }

        impl Note {
            /// Every note, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// True when the figure has no value; false when it has one that deserves doubt.
            #[must_use]
            pub const fn is_undefined(self) -> bool {
                match self { $(Self::$variant => $undefined,)* }
            }
        }
    };
}

notes! {
    NoBars "no_bars" true "There is no bar after the starting capital.";
    NoTime "no_time" true "No time passes between the first and the last point.";
    EquityNotPositive "equity_not_positive" true
        "Equity is zero or less, so nothing can be told relative to it.";
    TooFewReturns "too_few_returns" true "There are fewer than two daily returns.";
    NoVariance "no_variance" true "All values are the same, so there is no spread to divide by.";
    NoDownside "no_downside" true "No return is below the target.";
    NoDrawdown "no_drawdown" true "Equity was never below an earlier peak.";
    NotRecovered "not_recovered" true "Equity has not come back to the peak.";
    NoTrades "no_trades" true "No trade was closed.";
    TooFewTrades "too_few_trades" true "Fewer than two trades were closed.";
    NoDecidedTrades "no_decided_trades" true "No trade won or lost.";
    NoWins "no_wins" true "No trade won.";
    NoLosses "no_losses" true "No trade lost.";
    NoRisk "no_risk" true "No trade tells what it risked.";
    NoBenchmark "no_benchmark" true
        "There is no benchmark, or it has no price between warm-up and the end of the run.";
    BenchmarkTooShort "benchmark_too_short" true
        "Run and benchmark share fewer than two daily returns.";
    NoTrials "no_trials" true "Nothing was told about how many variants were tried.";
    SharpeNotAbove "sharpe_not_above" true
        "The Sharpe ratio isn't above the one it is compared with, so no length of record proves it.";
    SharpeErrorUndefined "sharpe_error_undefined" true
        "With this skewness and kurtosis the error of the Sharpe ratio can't be estimated.";
    NotResampled "not_resampled" true "No resampling was asked for.";
    TooMuchToResample "too_much_to_resample" true
        "Repetitions times values are more than the limit; ask for fewer repetitions.";
    NoFolds "no_folds" true "There are no walk-forward folds.";
    NotProfitableInSample "not_profitable_in_sample" true
        "There was no profit in sample to compare with.";
    NoNeighbours "no_neighbours" true "The grid has no neighbour with a value.";
    ChosenNotPositive "chosen_not_positive" true
        "The chosen point's value isn't positive, so a share of it says nothing.";
    OutOfRange "out_of_range" true "The result is too large to be told.";
    FewObservations "few_observations" false "Fewer than 30 observations: chance weighs heavily.";
    Extrapolated "extrapolated" false
        "The run is shorter than a year; the yearly figure is extrapolated.";
    BenchmarkLate "benchmark_late" false
        "The benchmark begins after the warm-up, so it is held for a shorter time than the run.";
    EquityBelowZero "equity_below_zero" false
        "Equity fell below zero, so more than everything was lost; no broker lets an account go on.";
    SingleTrial "single_trial" false
        "One trial deflates nothing; count every variant that was looked at.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_note_has_a_name_of_its_own_and_a_sentence() {
        let names: BTreeSet<&str> = Note::ALL.iter().map(|n| n.name()).collect();
        assert_eq!(names.len(), Note::ALL.len());
        for note in Note::ALL {
            assert!(note.name().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{note:?}");
            assert!(note.meaning().ends_with('.'), "{note:?}");
            assert_eq!(serde_json::to_string(note).unwrap(), format!("\"{}\"", note.name()));
        }
    }
}
