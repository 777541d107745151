//! Whether what was chosen in sample held out of sample.
//!
//! This module must not know how anything was chosen.

use serde::{Deserialize, Serialize};

use super::{
    figure::Figure,
    note::Note,
    number::{self, count, counted},
    section::section,
};

const DAYS_A_YEAR: f64 = 365.25;

/// One fold: the chosen variant on the data it was chosen on, and on the data behind it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// What it returned in sample, in percent of the capital at the beginning.
    pub in_sample_percent: f64,
    /// The length in sample, in days; above zero.
    pub in_sample_days: f64,
    /// What it returned out of sample.
    pub out_of_sample_percent: f64,
    /// The length out of sample, in days; above zero.
    pub out_of_sample_days: f64,
}

section! {
    /// Walk-forward folds together (R. Pardo, "The Evaluation and Optimization of Trading
    /// Strategies").
    pub struct WalkForward {
        /// Folds.
        folds: u32 = Count, "number of folds", "";
        /// Returns in sample, a year, without compounding.
        in_sample_percent_per_year: Figure = Percent, "Σ in_sample_percent ÷ Σ in_sample_days × 365.25",
            "No folds, or no days.";
        /// Returns out of sample, a year, without compounding.
        out_of_sample_percent_per_year: Figure = Percent,
            "Σ out_of_sample_percent ÷ Σ out_of_sample_days × 365.25", "No folds, or no days.";
        /// How much of the yearly return in sample was left out of sample.
        efficiency_percent: Figure = Percent,
            "out_of_sample_percent_per_year ÷ in_sample_percent_per_year × 100",
            "No folds, or no profit in sample.";
        /// Folds that gained out of sample.
        profitable_folds_percent: Figure = Percent, "folds with out_of_sample_percent > 0 ÷ folds × 100",
            "No folds.";
        /// The worst fold out of sample.
        worst_fold_percent: Figure = Percent, "min(out_of_sample_percent)", "No folds.";
    }
}

impl WalkForward {
    /// The figures of some folds, in the order of time.
    #[must_use]
    pub fn of(folds: &[Fold]) -> Self {
        let any = if folds.is_empty() { Err(Note::NoFolds) } else { Ok(()) };
        let total = |field: fn(&Fold) -> f64| number::sum(folds.iter().map(field));
        let yearly = |percent: f64, days: f64| {
            any.and(if days > 0.0 { Ok(percent / days * DAYS_A_YEAR) } else { Err(Note::NoTime) })
        };
        let inside = yearly(total(|f| f.in_sample_percent), total(|f| f.in_sample_days));
        let outside = yearly(total(|f| f.out_of_sample_percent), total(|f| f.out_of_sample_days));
        let efficiency = inside.and_then(|inside| {
            if inside > 0.0 {
                outside.map(|outside| outside / inside * 100.0)
            } else {
                Err(Note::NotProfitableInSample)
            }
        });
        let gained = folds.iter().filter(|f| f.out_of_sample_percent > 0.0).count();
        let worst = folds.iter().map(|f| f.out_of_sample_percent).reduce(f64::min);
        Self {
            folds: counted(folds.len()),
            in_sample_percent_per_year: inside.into(),
            out_of_sample_percent_per_year: outside.into(),
            efficiency_percent: efficiency.into(),
            profitable_folds_percent: any
                .map(|()| count(gained) / count(folds.len()) * 100.0)
                .into(),
            worst_fold_percent: worst.ok_or(Note::NoFolds).into(),
        }
    }
}
