//! Tables: months, drawdowns, groups of trades, what could have happened, every figure.
//!
//! This module must not know charts.

use super::{
    figures::{Figures, described, meaning, name},
    markup::Markup,
    words,
};
use crate::{
    stats::{Interval, MonteCarlo, Row, Statistics, describe},
    trial::Report,
};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The columns of a group of trades.
const GROUP: [&str; 9] = [
    "trade_count",
    "win_count",
    "loss_count",
    "win_rate_percent",
    "closed_profit",
    "profit_factor",
    "expectancy",
    "average_holding_seconds",
    "total_fees",
];

/// A table that scrolls on a narrow screen.
pub(super) fn table(m: &mut Markup, label: &str, inside: impl FnOnce(&mut Markup)) {
    let place: super::markup::Attributes<'_> =
        &[("class", &"scroll"), ("tabindex", &0), ("role", &"group"), ("aria-label", &label)];
    m.nest("div", place, |m| m.nest("table", &[], inside));
}

/// The row of headings.
pub(super) fn headings(m: &mut Markup, names: &[&str]) {
    m.nest("thead", &[], |m| {
        m.nest("tr", &[], |m| {
            for name in names {
                m.leaf("th", &[("scope", &"col")], name);
            }
        });
    });
}

/// Returns by year and month.
pub(super) fn months(m: &mut Markup, statistics: &Statistics) {
    super::section(m, "months", "Returns by month, %", |m| {
        table(m, "Returns by year and month in per cent", |m| {
            let names: Vec<&str> =
                ["Year"].into_iter().chain(MONTHS).chain(["Whole year"]).collect();
            headings(m, &names);
            m.nest("tbody", &[], |m| {
                for year in &statistics.monthly_returns {
                    m.nest("tr", &[], |m| {
                        m.leaf("th", &[("scope", &"row")], year.year);
                        for cell in year.months_percent.into_iter().chain([year.year_percent]) {
                            percent(m, cell);
                        }
                    });
                }
            });
        });
        let text = "A dash is a month without a traded day. The whole year is compounded.";
        m.leaf("p", &[("class", &"muted")], text);
    });
}

fn percent(m: &mut Markup, cell: Option<f64>) {
    let Some(value) = cell else { return m.leaf("td", &[("class", &"muted")], "–") };
    let text = words::signed(value, 1);
    let class = match text.chars().next() {
        Some('+') => "gain",
        Some('−') => "loss",
        _ => "",
    };
    m.leaf("td", &[("class", &class)], text);
}

/// The deepest falls.
pub(super) fn drawdowns(m: &mut Markup, statistics: &Statistics) {
    super::section(m, "drawdowns", "Deepest drawdowns", |m| {
        if statistics.top_drawdowns.is_empty() {
            m.leaf("p", &[], "Equity was never below an earlier peak.");
            return;
        }
        table(m, "Deepest drawdowns", |m| {
            headings(m, &["Depth", "In money", "Peak", "Bottom", "Recovered", "Lasted"]);
            m.nest("tbody", &[], |m| {
                for episode in statistics.top_drawdowns.iter().map(|noted| &noted.figures) {
                    m.nest("tr", &[], |m| {
                        let depth = format!("−{} %", words::number(episode.depth_percent, 2));
                        m.leaf("th", &[("scope", &"row")], depth);
                        m.leaf("td", &[], words::money(episode.depth_cash));
                        m.leaf("td", &[], words::date(episode.peak_at));
                        m.leaf("td", &[], words::date(episode.bottom_at));
                        let back = episode.recovered_at.value().copied().map(words::date);
                        m.leaf("td", &[], back.unwrap_or_else(|| "not recovered".to_owned()));
                        m.leaf("td", &[], words::span(episode.duration_seconds as f64));
                    });
                }
            });
        });
    });
}

/// Trades by what they have in common.
pub(super) fn groups(m: &mut Markup, statistics: &Statistics) {
    let tables = &statistics.tables;
    let all: [(&str, &[Row]); 5] = [
        ("By symbol", &tables.by_symbol),
        ("By side", &tables.by_side),
        ("By what closed it", &tables.by_exit_reason),
        ("By weekday of the entry", &tables.by_weekday),
        ("By hour of the entry", &tables.by_hour),
    ];
    super::section(m, "groups", "Trades by what they have in common", |m| {
        if tables.by_side.is_empty() {
            m.leaf("p", &[], "No trade was closed.");
            return;
        }
        for (heading, rows) in all {
            m.leaf("h3", &[], heading);
            group(m, heading, rows);
        }
    });
}

fn group(m: &mut Markup, heading: &str, rows: &[Row]) {
    table(m, heading, |m| {
        m.nest("thead", &[], |m| {
            m.nest("tr", &[], |m| {
                m.leaf("th", &[("scope", &"col")], "Group");
                for column in GROUP {
                    m.nest("th", &[("scope", &"col")], |m| {
                        let figure = described("Groups of trades", column);
                        name(m, figure, &words::title(column));
                    });
                }
            });
        });
        m.nest("tbody", &[], |m| {
            for row in rows {
                let figures = Figures::of(&row.figures, &row.remarks);
                m.nest("tr", &[], |m| {
                    m.leaf("th", &[("scope", &"row")], &row.figures.key);
                    for column in GROUP {
                        let figure = described("Groups of trades", column);
                        let told = figure.map(|f| figures.told(f)).unwrap_or_default();
                        match told.strip_prefix("no value: ") {
                            Some(reason) => m.nest("td", &[], |m| {
                                m.leaf("abbr", &[("title", &reason)], "none");
                            }),
                            None => m.leaf("td", &[], told),
                        }
                    }
                });
            }
        });
    });
}

/// The same trades in another order, and the returns drawn anew.
pub(super) fn chance(m: &mut Markup, statistics: &Statistics) {
    super::section(m, "chance", "What chance could have made of it", |m| {
        m.leaf("h3", &[], "The same trades in another order");
        match statistics.monte_carlo.value() {
            Some(drawn) => orders(m, drawn),
            None => reasons(m, statistics, "monte_carlo"),
        }
        m.leaf("h3", &[], "Daily returns drawn anew in blocks");
        let Some(drawn) = statistics.bootstrap.value() else {
            return reasons(m, statistics, "bootstrap");
        };
        let drawn = &drawn.figures;
        m.leaf(
            "p",
            &[],
            format!(
                "{} series, blocks of {} days on average, seed {}; {} % of them lie between low \
                 and high.",
                words::number(f64::from(drawn.runs), 0),
                drawn.mean_block_days,
                drawn.seed,
                words::plain(drawn.confidence_percent)
            ),
        );
        table(m, "Intervals", |m| {
            headings(m, &["Figure", "Low", "Median", "High"]);
            m.nest("tbody", &[], |m| {
                interval(m, "Sharpe", drawn.sharpe.value());
                interval(m, "CAGR, %", drawn.cagr_percent.value());
                interval(m, "Max drawdown, %", drawn.max_drawdown_percent.value());
            });
        });
    });
}

fn reasons(m: &mut Markup, statistics: &Statistics, figure: &str) {
    for remark in statistics.remarks.iter().filter(|remark| remark.figure == figure) {
        m.leaf("p", &[], format!("No value: {}", remark.text));
    }
}

fn interval(m: &mut Markup, label: &str, interval: Option<&Interval>) {
    m.nest("tr", &[], |m| {
        m.leaf("th", &[("scope", &"row")], label);
        match interval {
            Some(Interval { low, median, high }) => {
                for value in [low, median, high] {
                    m.leaf("td", &[], words::number(*value, 2));
                }
            }
            None => m.leaf("td", &[("colspan", &3)], "no value in a drawn series"),
        }
    });
}

fn orders(m: &mut Markup, drawn: &MonteCarlo) {
    let text = format!(
        "{} orders, seed {}. All end with {}; only the way there differs. In the order that \
         happened the deepest fall over closed trades was {} %.",
        words::number(f64::from(drawn.runs), 0),
        drawn.seed,
        words::money(drawn.final_equity),
        words::number(drawn.observed_drawdown_percent, 2)
    );
    m.leaf("p", &[], text);
    table(m, "Deepest fall over the drawn orders", |m| {
        headings(m, &["Deepest fall", "5 %", "25 %", "50 %", "75 %", "95 %", "99 %", "Largest"]);
        m.nest("tbody", &[], |m| {
            let share = &drawn.drawdown_percent;
            m.nest("tr", &[], |m| {
                m.leaf("th", &[("scope", &"row")], "Per cent");
                for v in
                    [share.p5, share.p25, share.p50, share.p75, share.p95, share.p99, share.max]
                {
                    m.leaf("td", &[], words::number(v, 2));
                }
            });
            let cash = &drawn.drawdown_cash;
            m.nest("tr", &[], |m| {
                m.leaf("th", &[("scope", &"row")], "Money");
                for v in [cash.p5, cash.p25, cash.p50, cash.p75, cash.p95, cash.p99, cash.max] {
                    m.leaf("td", &[], words::money(v));
                }
            });
        });
    });
}

/// Every figure of the run with its meaning.
pub(super) fn every(m: &mut Markup, report: &Report, figures: &Figures<'_>) {
    super::section(m, "figures", "Every figure", |m| {
        for group in describe().iter().filter(|group| group.place == "at the top") {
            m.leaf("h3", &[], group.title);
            m.leaf("p", &[("class", &"muted")], group.about);
            table(m, group.title, |m| {
                headings(m, &["Figure", "Value", "Meaning and formula"]);
                m.nest("tbody", &[], |m| {
                    for figure in group.figures {
                        m.nest("tr", &[], |m| {
                            m.leaf("th", &[("scope", &"row")], words::title(figure.name));
                            m.leaf("td", &[("class", &"told")], figures.told(figure));
                            m.leaf("td", &[("class", &"words")], meaning(figure));
                        });
                    }
                });
            });
        }
        if !report.statistics.remarks.is_empty() {
            m.leaf("h3", &[], "Remarks");
            m.nest("ul", &[], |m| {
                for remark in &report.statistics.remarks {
                    let name = words::title(remark.figure);
                    m.leaf("li", &[], format!("{name}: {}", remark.text));
                }
            });
        }
    });
}
