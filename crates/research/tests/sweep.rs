//! Many trials: the same answer whoever does the work, however often it is interrupted.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod kit;

use std::{convert::Infallible, sync::Arc};

use domain::CalendarKind;
use kit::{threads, trial};
use research::{
    sweep::{Axis, Objective, Outcome, Row, Space, Sweep, SweepError},
    trial::{Trial, run},
};

fn axes(texts: &[&str]) -> Vec<Axis> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn sweep(grid: &[&str], objective: &str) -> Sweep {
    let trial = trial(300);
    let space = Space::grid(&trial.strategy, &axes(grid), &trial.params).unwrap();
    Sweep::new(trial, space, objective.parse::<Objective>().unwrap())
}

fn rows(sweep: &Sweep, count: usize) -> Vec<Row> {
    let told: Result<Vec<Row>, Infallible> = sweep.run(threads(count), Vec::new(), |_| Ok(()));
    told.unwrap()
}

fn report(sweep: &Sweep, rows: &[Row]) -> String {
    serde_json::to_string(&sweep.report(rows, threads(2), None).unwrap()).unwrap()
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let sweep = sweep(&["fast=2..5:1", "slow=6..12:2"], "sharpe");
    let one = rows(&sweep, 1);
    assert_eq!(one.len(), 16);
    assert!(one.iter().enumerate().all(|(n, row)| row.set == n && row.measured().is_some()));
    for count in [2, 5] {
        let other = rows(&sweep, count);
        assert_eq!(other, one, "{count} threads");
        assert_eq!(report(&sweep, &other), report(&sweep, &one));
    }
}

#[test]
fn a_set_is_the_backtest_of_its_parameters() {
    let sweep = sweep(&["fast=2..4:1", "slow=6..10:2"], "total_return_percent").by_engine();
    let rows = rows(&sweep, 2);
    for row in [&rows[0], &rows[5]] {
        let alone = run(&sweep.trial(row.set)).unwrap();
        let measured = row.measured().unwrap();
        assert_eq!(measured.result.as_ref(), Some(&alone.reproducibility.result));
        assert_eq!(row.objective(), alone.statistics.number("total_return_percent").unwrap());
        assert_eq!(measured.figure("sharpe"), alone.statistics.number("sharpe").unwrap());
    }
    let best = rows.iter().filter_map(Row::objective).fold(f64::MIN, f64::max);
    let told = sweep.report(&rows, threads(2), None).unwrap();
    assert_eq!((told.top[0].objective, told.trials), (best, 9));
    let last = told.best.unwrap();
    assert_eq!(Some(&last.reproducibility.result), told.top[0].result.as_ref());
    assert_eq!(last.statistics.number("trials"), Some(Some(9.0)));
    let deflated = last.statistics.number("deflated_sharpe").flatten().unwrap();
    let plain = last.statistics.number("probabilistic_sharpe").flatten().unwrap();
    assert!(deflated < plain, "{deflated} {plain}");
}

#[test]
fn of_a_drawdown_less_is_better() {
    let sweep = sweep(&["fast=2..5:1", "slow=6..12:2"], "max_drawdown_percent");
    let rows = rows(&sweep, 2);
    let least = rows.iter().filter_map(Row::objective).fold(f64::MAX, f64::min);
    assert_eq!(sweep.best(&rows).and_then(Row::objective), Some(least));
}

#[test]
fn a_sweep_torn_while_writing_ends_as_one_without_interruption() {
    let sweep = sweep(&["fast=2..4:1", "slow=6..10:2"], "sharpe");
    let mut log = sweep.first_line().unwrap();
    let whole = sweep.run(threads(2), Vec::new(), |row| {
        log.push_str(&sweep.line(row)?);
        Ok::<(), serde_json::Error>(())
    });
    let whole = whole.unwrap();
    let ends: Vec<usize> = log.match_indices('\n').map(|(end, _)| end + 1).collect();
    assert_eq!(ends.len(), 10);
    for cut in [0, 5, ends[0], ends[0] + 1, ends[3], ends[4] - 1, ends[6] + 40, log.len()] {
        let done = sweep.resume(&log.as_bytes()[..cut]).unwrap();
        assert_eq!(done.whole, ends.iter().copied().filter(|end| *end <= cut).max().unwrap_or(0));
        let known = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
        assert_eq!(done.rows.len(), known, "cut at {cut}");
        let mut again = 0;
        let rows = sweep.run(threads(2), done.rows, |_| {
            again += 1;
            Ok::<(), Infallible>(())
        });
        assert_eq!((rows.unwrap(), again), (whole.clone(), 9 - known));
    }
}

#[test]
fn a_log_of_another_sweep_is_refused_with_what_differs() {
    let here = sweep(&["fast=2..4:1", "slow=6..10:2"], "sharpe");
    let log = here.first_line().unwrap();
    for (other, words) in [
        (sweep(&["fast=2..4:1", "slow=6..12:2"], "sharpe"), "the sets to try differ"),
        (sweep(&["fast=2..4:1", "slow=6..10:2"], "calmar"), "the objective differ"),
    ] {
        let refused = other.resume(log.as_bytes()).unwrap_err();
        assert_eq!(refused.code(), "sweep_log_other");
        assert!(refused.to_string().contains(words), "{refused}");
    }
    assert_eq!(here.resume(b"time,open\n").unwrap_err().code(), "sweep_log_unknown");
    assert_eq!(here.resume(b"my notes").unwrap_err().code(), "sweep_log_unknown");
    let strange = format!("{log}{{\"set\":99,\"params\":{{}}}}\n");
    let refused = here.resume(strange.as_bytes()).unwrap_err();
    assert!(refused.to_string().starts_with("line 2: the check at the end"), "{refused}");
}

#[test]
fn a_line_that_was_changed_is_named_and_not_believed() {
    let sweep = sweep(&["fast=2..4:1", "slow=6..10:2"], "sharpe");
    let first = sweep.first_line().unwrap();
    let lines: Vec<String> =
        rows(&sweep, 1).iter().take(3).map(|row| sweep.line(row).unwrap()).collect();
    let resumed = |lines: &[String]| {
        sweep.resume(format!("{first}{}", lines.concat()).as_bytes()).map(|done| done.rows.len())
    };
    assert_eq!(resumed(&lines), Ok(3));
    let better = lines[1].replacen("\"objective\":\"", "\"objective\":\"9", 1);
    assert_ne!(better, lines[1]);
    let other_set = lines[1].replacen("\"set\":1", "\"set\":2", 1);
    let bare = format!("{}}}\n", lines[1].rsplit_once(",\"check\"").unwrap().0);
    for changed in [better, other_set, bare, lines[1].to_uppercase()] {
        let told = resumed(&[lines[0].clone(), changed, lines[2].clone()]).unwrap_err().to_string();
        assert!(told.starts_with("line 3: "), "{told}");
        assert!(told.contains("check"), "{told}");
        assert!(told.ends_with("remove the line and the set will be tried again"), "{told}");
    }
    // Bytes that are no text are in the line that holds them, not in one before.
    let mut log = format!("{first}{}", lines.concat()).into_bytes();
    let at = log.len() - 5;
    log[at] = 0xff;
    assert!(sweep.resume(&log).unwrap_err().to_string().starts_with("line 4: "));
    log.truncate(at + 1);
    let done = sweep.resume(&log).unwrap();
    assert_eq!(
        (done.rows.len(), done.whole),
        (2, log.iter().rposition(|b| *b == b'\n').unwrap() + 1)
    );
}

/// What is traded and when it trades is no part of the bars or of the strategy's text.
#[test]
fn a_log_of_another_calendar_or_other_traded_symbols_is_refused() {
    type Change = fn(&mut Trial);
    let of = |change: Change| {
        let mut trial = trial(300);
        change(&mut trial);
        let space = Space::grid(&trial.strategy, &axes(&["fast=2..4:1"]), &trial.params).unwrap();
        Sweep::new(trial, space, "sharpe".parse().unwrap())
    };
    let log = of(|_| ()).first_line().unwrap();
    assert!(of(|_| ()).resume(log.as_bytes()).is_ok());
    let changes: [Change; 2] = [
        |t| t.markets[0].calendar = CalendarKind::UsEquities,
        |t| Arc::make_mut(&mut t.strategy).symbols.push("ABC".to_owned()),
    ];
    for change in changes {
        let refused = of(change).resume(log.as_bytes()).unwrap_err();
        assert_eq!(refused.code(), "sweep_log_other");
        assert!(refused.to_string().contains("what is traded and when it trades"), "{refused}");
    }
}

/// A row of an engine's log that tells another figure is not the kernel's fault.
#[test]
fn a_kept_row_with_another_figure_is_refused_as_kept() {
    let sweep = sweep(&["fast=2..4:1", "slow=6..10:2"], "final_equity").by_engine();
    let mut rows = rows(&sweep, 2);
    let best = sweep.best(&rows).unwrap().set;
    let Outcome::Tried(measured) = &mut rows[best].outcome else { panic!("it was tried") };
    measured.objective = measured.objective.map(|value| value + 1.0);
    let refused = sweep.report(&rows, threads(1), None).unwrap_err();
    assert_eq!(refused.code(), "trial_kept");
    assert!(
        refused.to_string().contains("remove the file") && !refused.to_string().contains("Some")
    );
}

#[test]
fn grids_that_do_not_fit_the_strategy_are_refused() {
    let trial = trial(50);
    for (texts, code) in [
        (&[][..], "sweep_nothing"),
        (&["fats=1..3:1"], "sweep_unknown_param"),
        (&["fast=1..3:1", "fast=5..6:1"], "sweep_axis_twice"),
        (&["fast=1..21:1"], "sweep_axis_range"),
        (&["fast=1..20:0.001", "slow=2..60:0.01"], "sweep_sets"),
        (&["fast=1"; 7], "sweep_axes"),
    ] {
        let refused = Space::grid(&trial.strategy, &axes(texts), &trial.params).unwrap_err();
        assert_eq!(refused.code(), code, "{texts:?}: {refused}");
    }
}

#[test]
fn drawn_sets_are_different_in_range_and_the_same_for_the_same_seed() {
    let trial = trial(50);
    let draw = |count, seed| Space::random(&trial.strategy, count, seed, (&trial.params, &[]));
    let (a, b) = (draw(40, 1).unwrap(), draw(40, 2).unwrap());
    assert_eq!(a, draw(40, 1).unwrap());
    assert_ne!(a, b);
    let mut sets: Vec<Vec<f64>> = (0..a.len()).map(|set| a.values(set)).collect();
    for set in &sets {
        assert!((1.0..=20.0).contains(&set[0]) && (2.0..=60.0).contains(&set[1]));
        assert_eq!(set[1] % 2.0, 0.0, "on the steps of the parameter");
    }
    sets.sort_by(|a, b| a.partial_cmp(b).unwrap());
    sets.dedup();
    assert_eq!(sets.len(), 40);
    assert_eq!(draw(0, 1), Err(SweepError::Nothing));
    let all = draw(2_000, 1).unwrap();
    assert_eq!(all.len(), 20 * 30, "every set of the ranges, once");
}

#[test]
fn a_set_that_can_not_be_tried_is_counted_with_its_reason() {
    let rules = r#"
name = "Windows"
symbols = ["XYZ"]
timeframe = "1d"
[params]
length = { default = 3, min = 1, max = 9 }
[entry]
long = "close > sma(close, length)"
[exit]
long = "close < sma(close, length)"
[size]
percent_equity = 50
"#;
    let trial = kit::trial_of(rules, kit::bars(80));
    let space = Space::grid(&trial.strategy, &axes(&["length=1..3:0.5"]), &trial.params).unwrap();
    let sweep = Sweep::new(trial, space, "sharpe".parse().unwrap());
    let rows = rows(&sweep, 2);
    assert!(matches!(rows[1].outcome, Outcome::Refused(_)));
    let told = sweep.report(&rows, threads(2), None).unwrap();
    assert_eq!((told.sets, told.trials, told.refused.len()), (5, 3, 1));
    assert_eq!((told.refused[0].sets, told.refused[0].why.code.as_str()), (2, "trial_rule"));
    assert!(told.refused[0].why.reason.starts_with("entry.long is wrong"), "{:?}", told.refused);
}

#[test]
fn the_centre_of_a_plateau_has_the_best_neighbourhood() {
    let sweep = sweep(&["fast=2..6:1", "slow=8..16:2"], "total_return_percent");
    let rows = rows(&sweep, 2);
    let plateau = sweep.report(&rows, threads(2), None).unwrap().plateau.unwrap();
    let values: Vec<f64> = rows.iter().map(|row| row.objective().unwrap()).collect();
    let mean = |set: usize| {
        let (x, y) = (set / 5, set % 5);
        let near = (0..25_usize).filter(|n| (n / 5).abs_diff(x) <= 1 && (n % 5).abs_diff(y) <= 1);
        let told: Vec<f64> = near.map(|n| values[n]).collect();
        told.iter().sum::<f64>() / told.len() as f64
    };
    let best = (0..25).map(mean).fold(f64::MIN, f64::max);
    assert!((plateau.centre.neighbourhood_mean - best).abs() < 1e-9);
    assert!(plateau.peak.objective >= plateau.centre.objective);
    assert!(plateau.centre.neighbourhood_mean >= plateau.peak.neighbourhood_mean);
}
