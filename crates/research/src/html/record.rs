//! What else happened and what the result rests on: refusals, alarms, trades, assumptions, hashes.
//!
//! This module must not know figures.

use std::collections::BTreeMap;

use path::codes::RefusalCode;

use super::{
    markup::Markup,
    tables::{headings, table},
    words,
};
use crate::trial::Report;

/// Trades that are listed.
pub(super) const TRADES_MAX: usize = 1_000;

/// Refused orders, entries that were left out, alarms, what is still held.
pub(super) fn events(m: &mut Markup, report: &Report) {
    super::section(m, "refusals", "Refused, left out, still held", |m| {
        m.leaf("p", &[], format!("The desk refused {} orders.", report.refused.orders));
        codes(m, "Refused orders by rule", &report.refused.codes);
        if let Some((name, other)) = &report.would_be_refused {
            let (refused, entries) = (other.refused, other.entries);
            let text = format!(
                "The account limits of preset {name} would have refused {refused} of {entries} \
                 entries. This had no effect on the run."
            );
            m.leaf("p", &[], text);
            codes(m, "What account limits would have refused", &other.codes);
        }
        m.nest("ul", &[], |m| {
            let skipped = report.skipped;
            for (count, why) in [
                (skipped.contradictions, "both sides wanted to enter at once"),
                (skipped.distances, "the distance of a stop, target or trail was undefined"),
                (skipped.positions, "as many symbols were held as may be"),
            ] {
                m.leaf("li", &[], format!("{count} entries were left out: {why}."));
            }
            if report.alarms.is_empty() {
                m.leaf("li", &[], "No alarm.");
            }
            for (code, count) in &report.alarms {
                m.leaf("li", &[], format!("Alarm {code}: {count}."));
            }
            if report.open.is_empty() {
                m.leaf("li", &[], "Nothing is held at the end.");
            }
            for held in &report.open {
                let mark = held.mark.map(|p| format!(" at {}", words::price(p.get())));
                let (qty, what) = (&held.qty, &held.instrument);
                m.leaf("li", &[], format!("Still held: {qty} {what}{}.", mark.unwrap_or_default()));
            }
        });
    });
}

fn codes(m: &mut Markup, label: &str, codes: &BTreeMap<RefusalCode, u64>) {
    if codes.is_empty() {
        return;
    }
    table(m, label, |m| {
        headings(m, &["Rule", "Orders", "Meaning"]);
        m.nest("tbody", &[], |m| {
            for (code, count) in codes {
                m.nest("tr", &[], |m| {
                    m.leaf("th", &[("scope", &"row")], code.name());
                    m.leaf("td", &[], count);
                    m.leaf("td", &[("class", &"words")], code.meaning());
                });
            }
        });
    });
}

/// The closed trades.
pub(super) fn trades(m: &mut Markup, report: &Report) {
    super::section(m, "trades", "Trades", |m| {
        let count = report.trades.len();
        if count == 0 {
            m.leaf("p", &[], "No trade was closed.");
            return;
        }
        table(m, "Closed trades", |m| {
            headings(
                m,
                &[
                    "No.",
                    "Symbol",
                    "Side",
                    "Opened (UTC)",
                    "Closed (UTC)",
                    "Quantity",
                    "Entry",
                    "Exit",
                    "Net",
                    "Fees",
                    "Bars",
                    "Closed by",
                ],
            );
            m.nest("tbody", &[], |m| {
                for trade in report.trades.iter().take(TRADES_MAX) {
                    m.nest("tr", &[], |m| row(m, trade));
                }
            });
        });
        if count > TRADES_MAX {
            let more = count - TRADES_MAX;
            let text = format!("The JSON of the run (--json) has {more} more trades.");
            m.leaf("p", &[], text);
        }
    });
}

fn row(m: &mut Markup, trade: &crate::stats::TradeRow) {
    m.leaf("th", &[("scope", &"row")], trade.id);
    m.leaf("td", &[], &trade.symbol);
    m.leaf("td", &[], trade.side.name());
    m.leaf("td", &[], words::moment(trade.opened_at));
    m.leaf("td", &[], words::moment(trade.closed_at));
    m.leaf("td", &[], words::price(trade.qty));
    m.leaf("td", &[], words::price(trade.entry_price));
    m.leaf("td", &[], words::price(trade.exit_price));
    let class = if trade.net_profit.is_sign_negative() { "loss" } else { "gain" };
    m.leaf("td", &[("class", &class)], words::money(trade.net_profit));
    m.leaf("td", &[], words::money(trade.fees));
    m.leaf("td", &[], trade.bars_held);
    m.leaf("td", &[], &trade.exit_reason);
}

/// Everything that was assumed, and the hashes.
pub(super) fn basis(m: &mut Markup, report: &Report) {
    super::section(m, "assumed", "What was assumed", |m| {
        m.nest("ul", &[], |m| {
            for words in &report.assumptions {
                m.leaf("li", &[], words);
            }
        });
    });
    super::section(m, "repeat", "How to repeat it", |m| {
        m.leaf(
            "p",
            &[],
            "Try the same strategy file with the same bars, parameters, money, costs, limits and \
             seed, on the same version of the program. If the first hashes are equal, the hash of \
             the result is equal too. Hashes are SHA-256; --json prints them as well.",
        );
        let rests = &report.reproducibility;
        let seed = rests.seed.map_or_else(|| "none".to_owned(), |seed| seed.to_string());
        m.nest("dl", &[("class", &"hashes")], |m| {
            for (name, value) in [
                ("Program", &rests.program),
                ("Seed", &seed),
                ("Strategy file", &rests.strategy),
                ("Bars", &rests.data),
                ("Parameters, money, costs, limits", &rests.config),
                ("Result", &rests.result),
            ] {
                m.leaf("dt", &[], name);
                m.nest("dd", &[], |m| m.leaf("code", &[], value));
            }
        });
    });
}
