//! A report as one page of HTML that needs nothing but itself.
//!
//! The page holds no script and asks for nothing; charts are SVG. The same report gives the same
//! bytes. This module must not know files, and must not compute a figure that the report has.

mod axis;
mod curves;
mod figures;
mod head;
mod markup;
mod plot;
mod prices;
mod record;
mod sample;
mod spread;
mod style;
mod tables;
mod words;

use markup::Markup;

use self::figures::Figures;
use crate::trial::{Report, Trial};

/// What the page may load: nothing but its own style.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri \
    'none'; form-action 'none'";

/// The sections by their ids, in order.
const CONTENTS: [(&str, &str); 13] = [
    ("key", "Key figures"),
    ("equity", "Equity"),
    ("months", "Months"),
    ("prices", "Prices"),
    ("spread", "Distributions"),
    ("drawdowns", "Drawdowns"),
    ("groups", "Groups"),
    ("chance", "Chance"),
    ("refusals", "Refusals"),
    ("trades", "Trades"),
    ("assumed", "Assumptions"),
    ("repeat", "Hashes"),
    ("figures", "Every figure"),
];

/// The report of a trial as a page. Text from outside is escaped; lines are thinned out so that
/// the page's size doesn't grow with the number of bars.
#[must_use]
pub fn html(trial: &Trial, report: &Report) -> String {
    let statistics = &report.statistics;
    let figures = Figures::of(statistics, &statistics.remarks);
    Markup::document(|m| {
        m.nest("head", &[], |m| top(m, report));
        m.nest("body", &[], |m| {
            head::head(m, trial, report);
            m.nest("nav", &[("aria-label", &"Sections")], |m| {
                for (id, label) in CONTENTS {
                    m.leaf("a", &[("href", &format!("#{id}"))], label);
                }
            });
            m.nest("main", &[], |m| {
                head::cards(m, report, &figures);
                curves::curves(m, trial, report, &figures);
                tables::months(m, statistics);
                prices::prices(m, trial, report);
                spread::spread(m, report);
                tables::drawdowns(m, statistics);
                tables::groups(m, statistics);
                tables::chance(m, statistics);
                record::events(m, report);
                record::trades(m, report);
                record::basis(m, report);
                tables::every(m, report, &figures);
            });
        });
    })
}

fn top(m: &mut Markup, report: &Report) {
    m.void("meta", &[("charset", &"utf-8")]);
    m.void("meta", &[("http-equiv", &"Content-Security-Policy"), ("content", &POLICY)]);
    m.void("meta", &[("name", &"viewport"), ("content", &"width=device-width, initial-scale=1")]);
    m.void("meta", &[("name", &"color-scheme"), ("content", &"dark light")]);
    m.leaf("title", &[], format!("{} – backtest – Cofferdam", report.strategy));
    m.style(style::SHEET);
}

/// A part of the page under a heading.
fn section(m: &mut Markup, id: &'static str, heading: &str, inside: impl FnOnce(&mut Markup)) {
    let title = format!("{id}-title");
    m.nest("section", &[("id", &id), ("aria-labelledby", &title)], |m| {
        m.leaf("h2", &[("id", &title)], heading);
        inside(m);
    });
}
