//! Strategies and runs over past prices on either database.

use domain::{Nanos, Timestamp};
use identity::{Owner, Reach};
use store::{
    Ended, RUNS_KEPT_MAX, RunChange, RunRow, RunStatus, STRATEGIES_MAX, STRATEGIES_OF_ONE_MAX,
    StrategiesError, StrategyRow,
};

use crate::kit::{Desk, Kind, NOW, on_both};

fn later(seconds: i64) -> Timestamp {
    NOW.plus(Nanos::from_secs(seconds))
}

/// Whoever has every account.
const ALL: Reach = Reach { owner: Owner::Operator, everything: true };

fn person(letter: char) -> Owner {
    format!("user/{}", letter.to_string().repeat(16)).parse().unwrap()
}

fn only(owner: Owner) -> Reach {
    Reach { owner, everything: false }
}

fn strategy(id: &str, name: &str, at: Timestamp) -> StrategyRow {
    StrategyRow {
        id: id.to_owned(),
        name: name.to_owned(),
        description: "Über Kreuz".to_owned(),
        symbols: vec!["IBM".to_owned(), "sim:GOOG".to_owned()],
        timeframe: "1d".to_owned(),
        hash: "ab12".to_owned(),
        revision: 1,
        changed_at: at,
        changed_by: "alice".to_owned(),
        owner: person('a'),
    }
}

fn strategies_survive_a_restart_the_last_changed_first(kind: Kind) {
    let (desk, home) = Desk::at(kind);
    let strategies = desk.db.strategies();
    let one = strategies.add(&strategy("one", "First", NOW), "name = \"First\"").unwrap();
    strategies.add(&strategy("two", "Second", later(1)), "").unwrap();
    let changed_at = later(2);
    let new = StrategyRow { name: "Third".to_owned(), changed_at, ..one };
    let changed = strategies.change(&new, "name = \"Third\"", &ALL).unwrap();
    assert_eq!(changed, StrategyRow { revision: 2, ..new });
    drop((strategies, desk));

    let strategies = home.open().db.strategies();
    assert_eq!(
        strategies.get("one", &ALL).unwrap(),
        (changed.clone(), "name = \"Third\"".to_owned())
    );
    let ids: Vec<String> = strategies.all(&ALL).unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(ids, ["one", "two"]);
}

fn nobody_overwrites_what_somebody_else_has_written(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let strategies = desk.db.strategies();
    let read = strategies.add(&strategy("one", "First", NOW), "a").unwrap();
    strategies.change(&read, "b", &ALL).unwrap();
    let refused = strategies.change(&read, "c", &ALL).unwrap_err();
    assert_eq!(refused.code(), "revision_conflict");
    assert!(matches!(refused, StrategiesError::Revision { shown: 1, current: 2, .. }), "{refused}");
    assert_eq!(strategies.get("one", &ALL).unwrap().1, "b");
    for id in ["two", ""] {
        assert_eq!(strategies.get(id, &ALL).unwrap_err().code(), "strategy_unknown");
        let absent = strategy(id, "x", NOW);
        assert_eq!(strategies.change(&absent, "", &ALL).unwrap_err().code(), "strategy_unknown");
        assert_eq!(
            strategies.remove(id, &ALL, ("bob", NOW)).unwrap_err().code(),
            "strategy_unknown"
        );
    }
}

fn every_change_of_a_strategy_is_in_the_record(kind: Kind) {
    let (desk, home) = Desk::at(kind);
    let strategies = desk.db.strategies();
    let row = strategies.add(&strategy("one", "First", NOW), "a").unwrap();
    strategies.change(&row, "b", &ALL).unwrap();
    strategies.change(&row, "not written", &ALL).unwrap_err();
    strategies.remove("one", &ALL, ("bob", later(9))).unwrap();
    assert!(strategies.all(&ALL).unwrap().is_empty());
    let report = desk.db.identities().verify_record().unwrap();
    assert_eq!((report.records, report.broken), (3, None));
    let on = if home.server.is_some() { " ON identity_events" } else { "" };
    home.script(&format!("DROP TRIGGER identity_events_are_not_changed{on}")).unwrap();
    let forged = "UPDATE identity_events SET body = '{}' WHERE kind = 'strategy_removed'";
    home.script(forged).unwrap();
    assert_eq!(desk.db.identities().verify_record().unwrap().broken, Some(3));
}

fn strategies_have_a_bound(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let strategies = desk.db.strategies();
    for n in 0..STRATEGIES_OF_ONE_MAX {
        strategies.add(&strategy(&format!("s{n}"), "x", NOW), "").unwrap();
    }
    let refused = strategies.add(&strategy("more", "x", NOW), "").unwrap_err();
    assert_eq!(refused.code(), "too_many_strategies");
    assert!(matches!(refused, StrategiesError::TooManyOfOne), "{refused}");
    let others = |id: &str| StrategyRow { owner: person('b'), ..strategy(id, "x", NOW) };
    for n in STRATEGIES_OF_ONE_MAX..STRATEGIES_MAX {
        strategies.add(&others(&format!("s{n}")), "").unwrap();
    }
    let refused = strategies.add(&others("more"), "").unwrap_err();
    assert!(matches!(refused, StrategiesError::TooMany), "{refused}");
    strategies.remove("s7", &ALL, ("bob", NOW)).unwrap();
    strategies.add(&strategy("more", "x", NOW), "").unwrap();
}

fn a_strategy_is_there_for_its_owner_alone(kind: Kind) {
    let (desk, home) = Desk::at(kind);
    let strategies = desk.db.strategies();
    let (alice, bob) = (only(person('a')), only(person('b')));
    let one = strategies.add(&strategy("one", "First", NOW), "a").unwrap();
    let theirs = StrategyRow { owner: person('b'), ..strategy("two", "Second", later(1)) };
    strategies.add(&theirs, "b").unwrap();
    let ids = |reach: &Reach| {
        let all = strategies.all(reach).unwrap();
        all.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(
        (ids(&alice), ids(&bob), ids(&ALL).len()),
        (vec!["one".into()], vec!["two".into()], 2)
    );
    assert!(ids(&only(Owner::Operator)).is_empty());

    assert_eq!(strategies.get("one", &bob).unwrap_err().code(), "strategy_unknown");
    assert_eq!(strategies.change(&one, "mine", &bob).unwrap_err().code(), "strategy_unknown");
    let removed = strategies.remove("one", &bob, ("bob", NOW));
    assert_eq!(removed.unwrap_err().code(), "strategy_unknown");
    assert_eq!(strategies.get("one", &alice).unwrap(), (one.clone(), "a".to_owned()));

    let taken = StrategyRow { owner: Owner::Operator, ..one };
    let changed = strategies.change(&taken, "c", &ALL).unwrap();
    assert_eq!(changed.owner, person('a'), "who changes another's leaves it there");
    drop((strategies, desk));

    let strategies = home.open().db.strategies();
    assert_eq!(strategies.get("one", &alice).unwrap().0, changed);
    strategies.remove("one", &alice, ("alice", NOW)).unwrap();
    strategies.remove("two", &ALL, ("admin", NOW)).unwrap();
}

fn a_run_is_there_for_its_owner_alone(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let runs = desk.db.runs();
    for (id, letter) in [("1", 'a'), ("2", 'b'), ("3", 'a'), ("4", 'b'), ("5", 'a')] {
        runs.add(&RunRow { owner: person(letter), ..run(id, "here") }).unwrap();
    }
    let (alice, bob) = (only(person('a')), only(person('b')));
    let ids = |limit, after, reach: &Reach| {
        let page = runs.list(limit, after, reach).unwrap();
        page.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(9, None, &alice), ["5", "3", "1"]);
    assert_eq!(ids(9, Some("4"), &bob), ["2"]);
    assert_eq!(ids(1, Some("5"), &alice), ["3"], "a page is filled with one's own");
    assert_eq!(ids(9, None, &ALL).len(), 5);
    assert!(ids(9, None, &only(Owner::Operator)).is_empty());
    assert_eq!(runs.get("1", &alice).unwrap().unwrap().owner, person('a'));
    assert_eq!(runs.get("1", &bob).unwrap(), None);
}

fn run(id: &str, desk: &str) -> RunRow {
    RunRow {
        id: id.to_owned(),
        desk: desk.to_owned(),
        status: RunStatus::Queued,
        by: "alice".to_owned(),
        about: "{\"name\":\"x\"}".to_owned(),
        request: "{}".to_owned(),
        created_at: NOW,
        started_at: None,
        ended_at: None,
        outcome: None,
        owner: person('a'),
    }
}

fn done<'a>(result: &'a str, report: &'a str) -> Ended<'a> {
    let (status, at, outcome) = (RunStatus::Done, later(5), "{\"figures\":null}");
    Ended { status, at, outcome, result: Some((result, report)) }
}

fn a_run_waits_works_and_ends_once(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let runs = desk.db.runs();
    runs.add(&run("1", "a")).unwrap();
    assert_eq!(runs.get("1", &ALL).unwrap(), Some(run("1", "a")));
    assert!(runs.begin("1", later(1)).unwrap());
    assert!(!runs.begin("1", later(2)).unwrap(), "it waits no more");
    assert!(runs.end("1", "a", &done("[1]", "<html>")).unwrap());
    let cancelled = Ended { status: RunStatus::Cancelled, result: None, ..done("", "") };
    assert!(!runs.end("1", "a", &cancelled).unwrap(), "it has ended");
    let found = runs.get("1", &ALL).unwrap().unwrap();
    let (started_at, ended_at) = (Some(later(1)), Some(later(5)));
    let outcome = Some("{\"figures\":null}".to_owned());
    let status = RunStatus::Done;
    assert_eq!(found, RunRow { status, started_at, ended_at, outcome, ..run("1", "a") });
    assert_eq!(runs.result("1").unwrap().as_deref(), Some("[1]"));
    assert_eq!(runs.report("1").unwrap().as_deref(), Some("<html>"));
    assert!(runs.remove("1").unwrap() && !runs.remove("1").unwrap());
    assert_eq!((runs.get("1", &ALL).unwrap(), runs.result("1").unwrap()), (None, None));
    assert!(!runs.end("1", "a", &done("", "")).unwrap(), "a removed run has no result");
}

fn a_desk_ends_what_it_left_and_nothing_of_another_desk(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let runs = desk.db.runs();
    for (id, of) in [("1", "a"), ("2", "a"), ("3", "b"), ("4", "a")] {
        runs.add(&run(id, of)).unwrap();
    }
    runs.begin("1", later(1)).unwrap();
    runs.begin("3", later(1)).unwrap();
    runs.end("4", "a", &done("{}", "")).unwrap();
    assert_eq!(runs.fail_left("a", later(9), "{\"error\":1}").unwrap(), 2);
    let all: Vec<_> = runs.list(10, None, &ALL).unwrap().iter().map(|r| r.status.name()).collect();
    assert_eq!(all, ["done", "running", "failed", "failed"], "the newest first");
    assert_eq!(runs.report("4").unwrap(), None, "an empty page is none");
}

fn lists_go_on_where_they_ended(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let runs = desk.db.runs();
    for n in 0..5 {
        runs.add(&run(&format!("{n}"), "a")).unwrap();
    }
    let ids = |limit, after| {
        let page = runs.list(limit, after, &ALL).unwrap();
        page.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(2, None), ["4", "3"]);
    assert_eq!(ids(2, Some("3")), ["2", "1"]);
    assert_eq!(ids(2, Some("1")), ["0"]);
    assert!(ids(2, Some("0")).is_empty());
}

fn the_oldest_results_of_a_desk_go_first(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let runs = desk.db.runs();
    let id = |n: usize| format!("{n:04}");
    runs.add(&run(&id(0), "b")).unwrap();
    runs.end(&id(0), "b", &done("b", "")).unwrap();
    for n in 1..=RUNS_KEPT_MAX + 2 {
        runs.add(&run(&id(n), "a")).unwrap();
        if n > 1 {
            runs.end(&id(n), "a", &done("a", "")).unwrap();
        }
    }
    let left = runs.list(1_000, None, &ALL).unwrap();
    assert_eq!(left.len(), RUNS_KEPT_MAX + 2, "what a keeps, its waiting run, and that of b");
    assert!(runs.get(&id(0), &ALL).unwrap().is_some() && runs.get(&id(1), &ALL).unwrap().is_some());
    assert_eq!((runs.get(&id(2), &ALL).unwrap(), runs.result(&id(2)).unwrap()), (None, None));
    assert!(runs.result(&id(3)).unwrap().is_some());
}

fn many_runs_of_one_owner_push_out_no_other_owners(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let runs = desk.db.runs();
    let ended = |n: usize, owner: Owner| {
        let id = format!("{n:04}");
        runs.add(&RunRow { owner, ..run(&id, "here") }).unwrap();
        runs.end(&id, "here", &done("{}", "")).unwrap();
    };
    ended(0, person('a'));
    ended(1, person('a'));
    for n in 2..RUNS_KEPT_MAX + 20 {
        ended(n, person('b'));
    }
    assert_eq!(runs.list(1_000, None, &only(person('a'))).unwrap().len(), 2);
    let theirs = runs.list(1_000, None, &only(person('b'))).unwrap();
    assert_eq!(theirs.len(), RUNS_KEPT_MAX - 2);
    assert_eq!(theirs.last().unwrap().id, "0022", "their oldest went");
}

fn large_results_leave_room_for_each_other(kind: Kind) {
    let (desk, _home) = Desk::at(kind);
    let runs = desk.db.runs();
    let large = "x".repeat(100 * 1_024 * 1_024);
    for id in ["1", "2", "3"] {
        runs.add(&run(id, "a")).unwrap();
        runs.end(id, "a", &done(&large, "")).unwrap();
    }
    let left: Vec<String> =
        runs.list(9, None, &ALL).unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(left, ["3", "2"], "256 MiB are kept");
}

fn strategies_at_work_survive_a_restart_and_changes_are_recorded(kind: Kind) {
    let (desk, home) = Desk::at(kind);
    let runs = desk.db.strategy_runs();
    runs.change(RunChange::Started, ("run-1", "a"), "alice", NOW).unwrap();
    assert!(
        runs.change(RunChange::Started, ("run-1", "b"), "bob", NOW).is_err(),
        "the id is taken"
    );
    runs.change(RunChange::Started, ("run-2", "c"), "alice", NOW).unwrap();
    runs.save("run-1", "d").unwrap();
    runs.change(RunChange::Paused, ("run-2", "e"), "bob", later(1)).unwrap();
    runs.change(RunChange::Stopped, ("run-2", "f"), "bob", later(2)).unwrap();
    drop((runs, desk));
    let runs = home.open().db.strategy_runs();
    assert_eq!(runs.all().unwrap(), ["d", "f"]);
    runs.remove("run-1").unwrap();
    assert_eq!(runs.all().unwrap(), ["f"]);
}

on_both!(
    strategies_survive_a_restart_the_last_changed_first,
    nobody_overwrites_what_somebody_else_has_written,
    every_change_of_a_strategy_is_in_the_record,
    strategies_have_a_bound,
    a_strategy_is_there_for_its_owner_alone,
    a_run_is_there_for_its_owner_alone,
    many_runs_of_one_owner_push_out_no_other_owners,
    a_run_waits_works_and_ends_once,
    a_desk_ends_what_it_left_and_nothing_of_another_desk,
    lists_go_on_where_they_ended,
    the_oldest_results_of_a_desk_go_first,
    large_results_leave_room_for_each_other,
    strategies_at_work_survive_a_restart_and_changes_are_recorded,
);
