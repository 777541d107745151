//! The documentation of every figure, made from the fields themselves.
//!
//! This module must not know how a figure is computed.

use std::fmt::Write;

use serde::Serialize;

use super::{
    benchmark::BenchmarkFigures,
    drawdown::{Drawdown, DrawdownFigures},
    exposure::Exposure,
    inference::Inference,
    monthly::Year,
    note::Note,
    resample::{Bootstrap, Interval, MonteCarlo},
    returns::Returns,
    section::Described,
    stability::Stability,
    summary::Summary,
    tables::Group,
    trades::TradeFigures,
    walk_forward::WalkForward,
};

/// The documentation of a group of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Describe {
    /// The heading.
    pub title: &'static str,
    /// Where the figures stand in JSON.
    pub place: &'static str,
    /// What they have in common.
    pub about: &'static str,
    /// Every figure in the order of the JSON.
    pub figures: &'static [Described],
}

const TOP: &str = "at the top";

const GROUPS: &[Describe] = &[
    Describe {
        title: "The run",
        place: TOP,
        about: "When, how long, how much, and what ratios refer to.",
        figures: Summary::DESCRIBED,
    },
    Describe {
        title: "Returns",
        place: TOP,
        about: "r are the daily returns, flat days included.",
        figures: Returns::DESCRIBED,
    },
    Describe {
        title: "Drawdown",
        place: TOP,
        about: "Every bar counts, with open positions at their price. An episode begins at the last point at a peak and ends at the first point that is at or above it.",
        figures: DrawdownFigures::DESCRIBED,
    },
    Describe {
        title: "One drawdown",
        place: "a row of `top_drawdowns`: the five deepest, the deepest first",
        about: "",
        figures: Drawdown::DESCRIBED,
    },
    Describe {
        title: "Trades",
        place: TOP,
        about: "p is the profit of a closed trade after fees and funding.",
        figures: TradeFigures::DESCRIBED,
    },
    Describe {
        title: "Exposure and costs",
        place: TOP,
        about: "Exposure is taken at the close of every bar.",
        figures: Exposure::DESCRIBED,
    },
    Describe {
        title: "Benchmark",
        place: TOP,
        about: "Buying and holding from the end of the warm-up, without costs.",
        figures: BenchmarkFigures::DESCRIBED,
    },
    Describe {
        title: "More than luck",
        place: TOP,
        about: "Bailey and López de Prado, 2012 and 2014. SR is the Sharpe ratio of one day, and the shape is that of the daily returns.",
        figures: Inference::DESCRIBED,
    },
    Describe {
        title: "Trades in another order",
        place: "`monte_carlo`",
        about: "The same trades in another order, each order as likely. Profits are kept in money, so every order ends with the same equity; only the way there differs. Equity is that of closed trades. `drawdown_percent` and `drawdown_cash` hold `p5`, `p25`, `p50`, `p75`, `p95`, `p99` and `max`, by nearest rank.",
        figures: MonteCarlo::DESCRIBED,
    },
    Describe {
        title: "Returns drawn anew",
        place: "`bootstrap`",
        about: "Daily returns in blocks of random length (the stationary bootstrap of Politis and Romano, 1994), which keeps what neighbouring days have to do with each other.",
        figures: Bootstrap::DESCRIBED,
    },
    Describe {
        title: "One interval",
        place: "`sharpe`, `cagr_percent` and `max_drawdown_percent` of `bootstrap`",
        about: "In the unit of the figure that it belongs to, by nearest rank.",
        figures: Interval::DESCRIBED,
    },
    Describe {
        title: "Groups of trades",
        place: "a row of `by_symbol`, `by_side`, `by_tag`, `by_exit_reason`, `by_weekday`, `by_hour` or `by_month`",
        about: "Weekday and hour are those of the entry, the month is that of the exit, on the calendar's clock.",
        figures: Group::DESCRIBED,
    },
    Describe {
        title: "One year",
        place: "a row of `monthly_returns`",
        about: "",
        figures: Year::DESCRIBED,
    },
    Describe {
        title: "Walk-forward",
        place: "the walk-forward report",
        about: "Each fold is chosen in sample and judged on the data behind it.",
        figures: WalkForward::DESCRIBED,
    },
    Describe {
        title: "Parameter stability",
        place: "the sweep's and the walk-forward report",
        about: "The chosen point of a grid beside its neighbours: the points that are at most one step away in every parameter.",
        figures: Stability::DESCRIBED,
    },
];

/// The documentation of every figure, in the order of the report.
#[must_use]
pub const fn describe() -> &'static [Describe] {
    GROUPS
}

const INTRODUCTION: &str = "# Statistics

Generated from the fields of `crates/research/src/stats`; `./test` fails when the two differ.

What every figure of a backtest means, and how it is computed. Money is exact and stands in JSON as text; ratios are
floating point. Every result is the same to the bit on every machine, and what is drawn by chance is the same for the
same seed.

- **E** is equity at the close of a bar: cash and open positions at their price, after fees and funding. E₀ is the
  starting capital and the first peak, Eₙ the last.
- **r** are daily returns. A day's equity is its last; days are those of UTC, or an exchange's sessions. A traded day
  without a bar has the return 0. What happens between sessions counts to the next. A bar's close at midnight UTC ends
  the day before.
- **N** is `periods_per_year`, **rf** and **t** are the settings `risk_free_percent` and `sortino_target_percent` as
  shares. The three stand beside the ratios in every report.
- **std₁, var₁, cov₁** divide by the number of values less one.
- **No value.** A figure that isn't defined is `null`, and the list `remarks` beside it says why. It is never infinite,
  0, −100 or a largest number in its place. A value that deserves doubt is told, with a remark too. A spread of less
  than 10⁻¹² of the largest value is rounding, and counts as none.

";

/// The page `docs/statistics.md`.
#[must_use]
pub fn documentation() -> String {
    let mut page = INTRODUCTION.to_owned();
    for group in describe() {
        let _ = writeln!(page, "## {}\n\nIn JSON {}. {}\n", group.title, group.place, group.about);
        page.push_str("| figure | unit | meaning | formula | no value |\n|---|---|---|---|---|\n");
        for figure in group.figures {
            let Described { name, unit, meaning, formula, undefined } = figure;
            let (unit, meaning) = (unit.name(), meaning.trim());
            let _ = writeln!(page, "| `{name}` | {unit} | {meaning} | {formula} | {undefined} |");
        }
        page.push('\n');
    }
    page.push_str("## Remarks\n\nEach has `figure`, `code`, `undefined` and `text`.\n\n");
    page.push_str("| code | the figure | meaning |\n|---|---|---|\n");
    for note in Note::ALL {
        let kind = if note.is_undefined() { "has no value" } else { "deserves doubt" };
        let _ = writeln!(page, "| `{}` | {kind} | {} |", note.name(), note.meaning());
    }
    page
}
