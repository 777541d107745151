//! Searches by the screening kernel: what they tell is what the engine tells, and where the kernel
//! can't tell they say why.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod kit;

use std::convert::Infallible;

use domain::{CalendarKind, Timestamp};
use kit::draw::{CROSSOVER, Draw, Units, bars, spans};
use research::{
    screened::NotScreened,
    sweep::{Axis, By, FIGURES, Objective, Outcome, Row, Space, Sweep, SweepReport},
    trial::{Funding, Trial},
};
use rust_decimal::Decimal;

fn search(objective: &str, calendar: CalendarKind) -> Sweep {
    let mut draw = Draw(11);
    let units = Units { price: 2, qty: 0, start: 10_000 };
    let spans = spans(&mut draw, calendar, 86_400, 400);
    let mut trial = kit::trial_of(CROSSOVER, bars(&mut draw, units, &spans));
    trial.markets[0].calendar = calendar;
    let axes = ["fast=1..9:4", "slow=4..24:4"].map(|text| text.parse::<Axis>().unwrap());
    let space = Space::grid(&trial.strategy, &axes, &trial.params).unwrap();
    Sweep::new(trial, space, objective.parse::<Objective>().unwrap())
}

fn rows(sweep: &Sweep, threads: usize) -> Vec<Row> {
    let told: Result<_, Infallible> = sweep.run(kit::threads(threads), Vec::new(), |_| Ok(()));
    told.unwrap()
}

/// What only a trial knows: each of these is a reason to ask the engine, and none is left out.
#[test]
fn a_search_says_why_it_is_not_screened() {
    type Change = fn(&mut Trial);
    let changes: [(&str, Change); 5] = [
        ("screen_limits", |t| t.terms.limits.open_orders = Some(3)),
        ("screen_borrow", |t| t.terms.borrow_rate = Decimal::ONE),
        ("screen_events", |t| {
            let rate = Funding { at: t.markets[0].bars[5].close_at, rate: Decimal::new(1, 4) };
            t.markets[0].events.funding = Some([rate].into());
        }),
        ("screen_markets", |t| t.markets.push(t.markets[0].clone())),
        ("screen_span", |t| t.from = Some(Timestamp(i64::MAX))),
    ];
    let search = |change: Change, objective: &str| {
        let mut trial = kit::trial_of(CROSSOVER, kit::bars(60));
        change(&mut trial);
        let axes = ["fast=1..9:4".parse::<Axis>().unwrap()];
        let space = Space::grid(&trial.strategy, &axes, &trial.params).unwrap();
        let sweep = Sweep::new(trial, space, objective.parse().unwrap());
        sweep.not_screened().map(NotScreened::code)
    };
    for (code, change) in changes {
        assert_eq!(search(change, "sharpe"), Some(code));
    }
    assert_eq!(search(|_| (), "sqn"), Some("screen_figure"));
    assert_eq!(search(|_| (), "sharpe"), None);
}

#[test]
fn a_screened_search_tells_what_the_engine_tells() {
    for (objective, calendar) in [
        ("max_drawdown_percent", CalendarKind::AlwaysOpen),
        ("sharpe", CalendarKind::UsEquities),
        ("payoff_ratio", CalendarKind::UsEquities),
    ] {
        let sweep = search(objective, calendar);
        let (screened, engine) = (rows(&sweep, 2), rows(&sweep.clone().by_engine(), 2));
        assert_eq!((screened.len(), engine.len()), (18, 18));
        for (a, b) in screened.iter().zip(&engine) {
            let (a, b) = (a.measured().unwrap(), b.measured().unwrap());
            assert_eq!((a.by(), b.by()), (By::Screen, By::Engine));
            let close = |x: Option<f64>, y: Option<f64>| match (x, y) {
                (Some(x), Some(y)) => (x - y).abs() <= 1e-12 * x.abs().max(y.abs()),
                _ => x == y,
            };
            assert!(close(a.objective, b.objective), "{objective}: {a:?} {b:?}");
            for name in FIGURES {
                assert!(close(a.figure(name), b.figure(name)), "{name}: {a:?} {b:?}");
            }
            assert_eq!(a.figure("final_equity"), b.figure("final_equity"));
        }
        let (a, b) = (
            sweep.report(&screened, kit::threads(2), None).unwrap(),
            sweep.report(&engine, kit::threads(1), None).unwrap(),
        );
        let result = |report: &SweepReport| report.best.as_ref().map(|b| b.reproducibility.clone());
        assert_eq!(result(&a), result(&b));
        assert_eq!(a.top[0].found_by, By::Screen);
        assert_eq!((a.top[0].objective, &a.top[0].result), (b.top[0].objective, &b.top[0].result));
    }
}

#[test]
fn a_set_that_stops_the_kernel_takes_no_other_with_it() {
    let rules = CROSSOVER.replace("sma(close, fast)", "sma(close, (fast - 5) * (fast - 5))");
    let trial = kit::trial_of(&rules, kit::bars(200));
    let axes = ["fast=4..9:1".parse::<Axis>().unwrap()];
    let space = Space::grid(&trial.strategy, &axes, &trial.params).unwrap();
    let sweep = Sweep::new(trial, space, "total_return_percent".parse().unwrap());
    let by: Vec<_> = rows(&sweep, 1).iter().map(|row| row.measured().map(|m| m.by())).collect();
    let screened = Some(By::Screen);
    assert_eq!(by, [screened, None, screened, screened, screened, screened]);
}

#[test]
fn a_set_that_kernel_and_engine_judge_differently_is_refused() {
    let sweep = search("final_equity", CalendarKind::AlwaysOpen);
    let mut rows = rows(&sweep, 1);
    let best = sweep.best(&rows).unwrap().set;
    let Outcome::Tried(measured) = &mut rows[best].outcome else { panic!("it was tried") };
    measured.objective = measured.objective.map(|value| value + 0.01);
    let refused = sweep.report(&rows, kit::threads(2), None).unwrap_err();
    assert_eq!(refused.code(), "trial_screen");
    assert!(refused.to_string().contains("the engine says"), "{refused}");
}

#[test]
fn a_screened_search_that_was_torn_ends_as_one_without_interruption() {
    let sweep = search("sharpe", CalendarKind::AlwaysOpen);
    let mut log = sweep.first_line().unwrap();
    let whole = sweep.run(kit::threads(2), Vec::new(), |row| {
        log.push_str(&sweep.line(row)?);
        Ok::<(), serde_json::Error>(())
    });
    let whole = whole.unwrap();
    assert!(log.contains("\"by\":\"screen\""));
    for cut in [log.len() / 3, log.len() / 2, log.len()] {
        let done = sweep.resume(&log.as_bytes()[..cut]).unwrap();
        let rows: Result<_, Infallible> = sweep.run(kit::threads(2), done.rows, |_| Ok(()));
        assert_eq!(rows.unwrap(), whole);
    }
}
