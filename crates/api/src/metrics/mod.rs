//! What is measured, and from where.
//!
//! Figures that are states are looked up when they are asked for; refusals are counted as they
//! are published. It must not know HTTP.

pub(crate) mod counters;
pub(crate) mod text;

use identity::Grants;
use std::collections::BTreeMap;

use path::{core::Core, market::Now};
use rust_decimal::Decimal;

use crate::{
    state::ApiState,
    views::{self, name_of},
};
use text::Text;

/// The figures of one account.
struct Figures {
    seq: u64,
    equity: Option<Decimal>,
    drawdown: Option<Decimal>,
    kill: u32,
    unprotected: Vec<(String, String, Decimal)>,
    orders: BTreeMap<String, u64>,
    live: usize,
    holds: usize,
    latches: usize,
    ages: Vec<(String, i64)>,
    fit: [bool; 3],
}

impl Figures {
    fn new(core: &Core, now: Now) -> Self {
        let state = core.state();
        let mut orders = BTreeMap::new();
        for order in state.orders.values() {
            *orders.entry(name_of(&order.status())).or_default() += 1;
        }
        let equity = core.book().equity();
        let fitness = core.fitness();
        let age = |id| Some((format!("{id}"), core.market().age(id, now.at)?.as_millis()));
        Self {
            seq: state.head.seq,
            equity,
            drawdown: equity.zip(state.peak).and_then(views::account::drawdown),
            kill: state.kill.as_ref().map_or(0, |k| k.level as u32 + 1),
            unprotected: core
                .unprotected()
                .into_iter()
                .map(|u| (u.book.to_string(), u.instrument.to_string(), u.qty.get()))
                .collect(),
            orders,
            live: state.live.len(),
            holds: state.holds.len(),
            latches: state.latches.len(),
            ages: state.instruments.keys().filter_map(age).collect(),
            fit: [fitness.journal, fitness.reconciled, core.connected()],
        }
    }
}

/// All figures as Prometheus reads them.
pub(crate) async fn collect(state: &ApiState) -> String {
    let desk = state.desk();
    let mut out = Text::default();
    let version = state.config().version.as_str();
    out.gauge("cofferdam_info", "The program.", &[(&[("version", version)], 1.to_string())]);
    let writable = u8::from(desk.journal_writable()).to_string();
    out.gauge(
        "cofferdam_journal_writable",
        "1 while the main journal can be written.",
        &[(&[], writable)],
    );
    let trusted = u8::from(desk.clock().now().trusted).to_string();
    out.gauge("cofferdam_clock_trusted", "1 while the clocks agree.", &[(&[], trusted)]);
    let usage = desk.desk_use();
    out.gauge(
        "cofferdam_desk_gross_exposure",
        "Gross exposure of all accounts.",
        &[(&[], usage.gross_exposure.to_string())],
    );
    let gathered = views::gather_granted(desk, &Grants::All, None, Figures::new).await;
    let (found, silent) = match gathered {
        Ok(gathered) => (gathered.found, gathered.unavailable.len()),
        Err(_) => (Vec::new(), desk.accounts().len()),
    };
    out.gauge(
        "cofferdam_accounts_unavailable",
        "Accounts that could not be asked.",
        &[(&[], silent.to_string())],
    );
    let accounts: Vec<(String, Figures)> =
        found.into_iter().map(|(id, figures)| (id.to_string(), figures)).collect();
    write_accounts(&mut out, &accounts);
    write_details(&mut out, &accounts);
    state.counters().write(&mut out);
    out.finish()
}

/// Makes an account's figure, when there is one.
type Figure = fn(&Figures) -> Option<String>;

fn write_accounts(out: &mut Text, accounts: &[(String, Figures)]) {
    let figures: [(&str, &str, Figure); 10] = [
        ("cofferdam_journal_seq", "The last record of the account's stream.", |f| {
            Some(f.seq.to_string())
        }),
        ("cofferdam_equity", "Equity in the account's currency.", |f| {
            f.equity.map(|e| e.to_string())
        }),
        ("cofferdam_drawdown_percent", "The fall from the peak.", |f| {
            f.drawdown.map(|d| d.to_string())
        }),
        ("cofferdam_kill_level", "0 off, 1 pause, 2 halt, 3 flatten.", |f| {
            Some(f.kill.to_string())
        }),
        ("cofferdam_live_orders", "Live orders.", |f| Some(f.live.to_string())),
        ("cofferdam_approvals_waiting", "Requests that wait for approval.", |f| {
            Some(f.holds.to_string())
        }),
        ("cofferdam_latches", "Closed latches.", |f| Some(f.latches.to_string())),
        ("cofferdam_account_journal", "1 while the account's journal can be written.", |f| {
            Some(u8::from(f.fit[0]).to_string())
        }),
        ("cofferdam_account_reconciled", "1 while books and venue were compared.", |f| {
            Some(u8::from(f.fit[1]).to_string())
        }),
        ("cofferdam_account_connected", "1 while the venue's stream is up.", |f| {
            Some(u8::from(f.fit[2]).to_string())
        }),
    ];
    for (name, help, figure) in figures {
        out.head(name, help, "gauge");
        for (account, of) in accounts {
            if let Some(value) = figure(of) {
                out.sample(name, &[("account", account)], &value);
            }
        }
    }
}

fn write_details(out: &mut Text, accounts: &[(String, Figures)]) {
    let name = "cofferdam_orders";
    out.head(name, "Orders in memory by status.", "gauge");
    for (account, figures) in accounts {
        for (status, count) in &figures.orders {
            out.sample(name, &[("account", account), ("status", status)], &count.to_string());
        }
    }
    let name = "cofferdam_unprotected_quantity";
    out.head(name, "Quantity that should be protected and is not.", "gauge");
    for (account, figures) in accounts {
        if figures.unprotected.is_empty() {
            out.sample(name, &[("account", account), ("book", ""), ("symbol", "")], "0");
        }
        for (book, symbol, qty) in &figures.unprotected {
            let labels = [("account", account.as_str()), ("book", book), ("symbol", symbol)];
            out.sample(name, &labels, &qty.to_string());
        }
    }
    let name = "cofferdam_quote_age_seconds";
    out.head(name, "Age of the latest price by the desk's clock.", "gauge");
    for (account, figures) in accounts {
        for (symbol, ms) in &figures.ages {
            let secs = Decimal::new(*ms, 3).to_string();
            out.sample(name, &[("account", account), ("symbol", symbol)], &secs);
        }
    }
}
