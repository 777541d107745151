//! Runs over the demo's bars, from the request to the result.

use std::{collections::BTreeMap, time::Duration};

use api::{
    GridAxis, ProgressUnit, RunCosts, RunKind, RunState, Search, Sets, StrategyText, Task, WalkPlan,
};
use domain::{Nanos, Timestamp};
use identity::Owner;
use path::market::Now;
use research::{trial, wanted::Wanted};
use serde_json::Value;
use store::{DataDirLock, Database};

use super::*;
use crate::serve::demo;

mod owners;

const GOLDEN: &str = include_str!("../../../../../strategies/golden-cross.toml");
const CROSSOVER: &str = include_str!("../../../../../strategies/ma-crossover.toml");

/// Whoever has every account.
const ALL: Reach = Reach { owner: Owner::Operator, everything: true };

fn person(letter: char) -> Owner {
    format!("user/{}", letter.to_string().repeat(16)).parse().unwrap()
}

/// A clock that stands.
struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Now {
        Now { at: self.0, wall: wall_time(), mono: desk::clock::boot_time(), trusted: true }
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A database and the demo's bars.
struct Folder {
    database: Database,
    bars: Arc<BarStore>,
    _dir: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lock = DataDirLock::acquire(dir.path()).unwrap();
        let database = Database::open(&lock, None).unwrap();
        let bars = Arc::new(BarStore::open(lock.dir()).unwrap());
        demo::import_bars(&bars).unwrap();
        Self { database, bars, _dir: dir }
    }

    /// A desk that nobody works at yet.
    fn idle(&self, name: &str) -> Research {
        let clock = Arc::new(Standing(at("2008-06-02T00:00:00Z")));
        let names: Names = Arc::new(|owner| format!("name of {owner}"));
        let (runs, bars) = (self.database.runs(), self.bars.clone());
        Research::open(runs, bars, clock, name.to_owned(), names).unwrap()
    }

    fn working(&self, name: &str) -> Research {
        let research = self.idle(name);
        research.spawn().unwrap();
        research
    }
}

fn run(source: &str, task: Task) -> NewRun {
    NewRun {
        task,
        strategy_id: None,
        text: StrategyText::read(source.to_owned()).unwrap(),
        params: BTreeMap::new(),
        costs: RunCosts::default(),
        limits: None,
        compare: None,
        seed: None,
        from: None,
        until: None,
        by: "alice".to_owned(),
        owner: person('a'),
    }
}

fn backtest() -> NewRun {
    run(GOLDEN, Task::Backtest)
}

fn search(sets: Sets) -> Search {
    Search { sets, objective: None }
}

/// Waits for the end of a run.
async fn ended(research: &Research, id: &str) -> RunView {
    for _ in 0..6_000 {
        let run = research.get(id.to_owned(), ALL).await.unwrap();
        if !matches!(run.status, RunState::Queued | RunState::Running) {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("run {id} never ended");
}

async fn result(research: &Research, id: &str) -> Value {
    serde_json::from_str(&research.result(id.to_owned(), ALL).await.unwrap()).unwrap()
}

/// The code of a refusal, and the field at fault when there is one.
fn why(error: &ApiError) -> (&str, Option<&str>) {
    let problem = error.problem();
    (&problem.code, problem.errors.first().map(|error| error.field.as_str()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backtest_has_the_commands_result_and_sees_nothing_beyond_the_desks_time() {
    let folder = Folder::new();
    let research = folder.working("here");
    let queued = research.start(backtest()).await.unwrap();
    assert_eq!((queued.status, queued.kind), (RunState::Queued, RunKind::Backtest));
    assert_eq!(queued.request["cash"], "10000");
    assert_eq!(queued.owner, format!("name of {}", person('a')));
    let run = ended(&research, &queued.id).await;
    assert_eq!((run.status, &run.error), (RunState::Done, &None));
    let progress = run.progress.unwrap();
    assert!(progress.done == progress.total && progress.total > 2_000, "{progress:?}");
    assert_eq!(progress.unit, ProgressUnit::Bars);
    assert!(run.started_at >= Some(run.created_at) && run.ended_at >= run.started_at);

    let wanted = Wanted::new(backtest().text.strategy);
    let clock = Arc::new(Standing(at("2008-06-02T00:00:00Z")));
    let history = History::new(folder.bars.clone(), clock);
    let symbols = wanted.symbols().unwrap();
    let markets =
        history.markets(&symbols, wanted.strategy.timeframe, history.until(None)).unwrap();
    let report = trial::run(&wanted.trial(markets).unwrap()).unwrap();
    assert!(report.until < at("2008-06-02T00:00:00Z") && report.until > at("2008-05-30T00:00:00Z"));

    let told = result(&research, &run.id).await;
    // Read as the answer is, since reading may round the last digit of a float.
    let text = serde_json::to_string(&report).unwrap();
    let mut expected: Value = serde_json::from_str(&text).unwrap();
    expected["curve"] = told["curve"].clone();
    assert_eq!(told, expected);
    let hash = Some(report.reproducibility.result.as_str());
    assert_eq!(run.result_hash.as_deref(), hash);
    let figures = run.figures.unwrap();
    assert_eq!(figures["sharpe"], told["statistics"]["sharpe"]);
    assert_eq!(figures["final_equity"], told["statistics"]["final_equity"]);
    let points = told["curve"].as_array().unwrap();
    assert!(points.len() > 500 && points.len() <= 2_000, "{}", points.len());
    assert_eq!(points.last().unwrap()["equity"], told["statistics"]["final_equity"]);
    let page = research.report(run.id.clone(), ALL).await.unwrap();
    assert!(page.contains("Golden cross") && page.contains(run.result_hash.as_deref().unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_walks_and_checks_have_results_of_their_own() {
    let folder = Folder::new();
    let research = folder.working("here");
    let axis = |from: i64, to: i64, step: i64| GridAxis {
        from: from.into(),
        to: to.into(),
        step: Some(step.into()),
    };
    let grid = || {
        let axes = [("fast".to_owned(), axis(5, 15, 5)), ("slow".to_owned(), axis(20, 40, 20))];
        search(Sets::Grid(axes.into()))
    };
    let (from, until) = (Some(at("2004-01-01T00:00:00Z")), Some(at("2008-01-01T00:00:00Z")));
    let short = |task| NewRun { from, until, ..run(CROSSOVER, task) };
    let sweep = research.start(short(Task::Sweep(grid()))).await.unwrap();
    let plan = WalkPlan { train: Some(400), test: Some(200), anchored: false };
    let walk = research.start(short(Task::WalkForward(grid(), plan))).await.unwrap();
    let check = research.start(short(Task::Lookahead(Some(5)))).await.unwrap();

    let run = ended(&research, &sweep.id).await;
    assert_eq!((run.status, run.progress.unwrap().done), (RunState::Done, 6), "{:?}", run.error);
    let told = result(&research, &run.id).await;
    assert_eq!((&told["sets"], &told["objective"]), (&6.into(), &"sharpe".into()));
    assert_eq!(run.figures.unwrap()["sharpe"], told["best"]["statistics"]["sharpe"]);
    let run = ended(&research, &walk.id).await;
    assert_eq!((run.status, run.progress.unwrap().done), (RunState::Done, 3), "{:?}", run.error);
    let told = result(&research, &run.id).await;
    assert_eq!(told["folds"].as_array().unwrap().len(), 3);
    assert!(told["folds"][0]["train_from"].as_str().unwrap().starts_with("2004-01"), "{told}");
    assert_eq!(run.request["walk"]["train"], 400);
    let run = ended(&research, &check.id).await;
    assert_eq!((run.status, run.progress.unwrap().done), (RunState::Done, 6), "{:?}", run.error);
    assert_eq!(result(&research, &run.id).await["differences"], Value::Array(Vec::new()));
    let error = research.report(run.id, ALL).await.unwrap_err();
    assert_eq!(why(&error).0, "no_report");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_tried_is_refused_before_its_turn() {
    let folder = Folder::new();
    let research = folder.idle("here");
    let axis = |name: &str, to: i64| {
        let axis = GridAxis { from: 5.into(), to: to.into(), step: None };
        run(CROSSOVER, Task::Sweep(search(Sets::Grid([(name.to_owned(), axis)].into()))))
    };
    let unknown = GOLDEN.replace("\"IBM\"", "\"XYZ\"");
    let hourly = GOLDEN.replace("\"1d\"", "\"1h\"");
    let objective = Search { objective: Some("luck".to_owned()), ..search(Sets::Random(3)) };
    let early = Some(at("1999-01-01T00:00:00Z"));
    let late = Some(at("2009-01-01T00:00:00Z"));
    let cases = [
        (run(&unknown, Task::Backtest), ("no_bars", None)),
        (run(&hourly, Task::Backtest), ("no_bars", None)),
        (NewRun { until: early, ..backtest() }, ("no_bars", None)),
        (NewRun { from: late, ..backtest() }, ("no_bars", None)),
        (
            NewRun { params: [("speed".to_owned(), 1.0)].into(), ..backtest() },
            ("invalid_fields", Some("params.speed")),
        ),
        (
            NewRun { limits: Some("lax".to_owned()), ..backtest() },
            ("invalid_fields", Some("limits")),
        ),
        (axis("speed", 9), ("invalid_fields", Some("search.grid"))),
        (axis("fast", 3), ("invalid_fields", Some("search.grid.fast"))),
        (run(CROSSOVER, Task::Sweep(objective)), ("invalid_fields", Some("search.objective"))),
    ];
    for (new, expected) in cases {
        let error = research.start(new).await.unwrap_err();
        assert_eq!(why(&error), expected, "{error:?}");
    }
    assert!(research.list(10, None, ALL).await.unwrap().is_empty());
    let error = research.get("absent".to_owned(), ALL).await.unwrap_err();
    assert_eq!(why(&error).0, "run_unknown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_at_work_ends_when_it_is_cancelled_and_the_next_has_its_turn() {
    let folder = Folder::new();
    let research = folder.working("here");
    let long = run(CROSSOVER, Task::Sweep(search(Sets::Random(5_000))));
    let long = research.start(long).await.unwrap();
    let next = research.start(backtest()).await.unwrap();
    loop {
        let run = research.get(long.id.clone(), ALL).await.unwrap();
        if run.progress.unwrap().done > 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    research.cancel(long.id.clone(), ALL).await.unwrap();
    let run = ended(&research, &long.id).await;
    assert_eq!((run.status, run.error), (RunState::Cancelled, None));
    let progress = run.progress.unwrap();
    assert!(progress.done < progress.total, "{progress:?}");
    assert_eq!(ended(&research, &next.id).await.status, RunState::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_ends_its_own_runs_when_it_starts_again_and_no_other_desks() {
    let folder = Folder::new();
    let (one, two) = (folder.idle("one"), folder.idle("two"));
    let (ours, theirs) =
        (one.start(backtest()).await.unwrap(), two.start(backtest()).await.unwrap());
    assert_eq!(one.get(theirs.id.clone(), ALL).await.unwrap().progress, None, "another desk's");
    let error = one.cancel(theirs.id.clone(), ALL).await.unwrap_err();
    assert_eq!(why(&error).0, "run_elsewhere");
    let error = one.remove(theirs.id.clone(), ALL).await.unwrap_err();
    assert_eq!(why(&error).0, "still_running");
    drop(one);
    let one = folder.idle("one");
    let run = one.get(ours.id, ALL).await.unwrap();
    let code = run.error.map(|error| error.code);
    assert_eq!((run.status, code.as_deref()), (RunState::Failed, Some("interrupted")));
    assert_eq!(one.get(theirs.id.clone(), ALL).await.unwrap().status, RunState::Queued);

    two.close();
    let run = one.get(theirs.id, ALL).await.unwrap();
    assert_eq!(run.error.unwrap().code, "interrupted", "noted when the desk stops");
    let error = two.start(backtest()).await.unwrap_err();
    assert_eq!(why(&error).0, "desk_stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_of_a_run_is_told_and_the_next_has_its_turn() {
    let folder = Folder::new();
    let research = folder.working("here");
    let plan = WalkPlan { train: Some(9_000), ..WalkPlan::default() };
    let long = Task::WalkForward(search(Sets::Random(2)), plan);
    let long = research.start(run(CROSSOVER, long)).await.unwrap();
    let next = research.start(backtest()).await.unwrap();
    let run = ended(&research, &long.id).await;
    let error = run.error.unwrap();
    assert_eq!((run.status, error.code.as_str()), (RunState::Failed, "walk_too_short"));
    assert!(error.message.contains("train"), "{}", error.message);
    assert_eq!(why(&research.result(long.id, ALL).await.unwrap_err()).0, "not_done");
    assert_eq!(ended(&research, &next.id).await.status, RunState::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bars_before_the_first_day_warm_up_and_trade_nothing() {
    let folder = Folder::new();
    let research = folder.working("here");
    let from = Some(at("2004-01-01T00:00:00Z").plus(Nanos(1)));
    let new = NewRun { from, ..run(CROSSOVER, Task::Backtest) };
    let run = research.start(new).await.unwrap();
    assert_eq!(run.request["from"], "2004-01-01");
    let run = ended(&research, &run.id).await;
    let told = result(&research, &run.id).await;
    let first = told["trades"][0]["opened_at"].as_str().unwrap();
    assert!(first >= "2004-01-01", "{first}");
    assert!(told["bars"].as_u64().unwrap() > 2_000, "history before warms up");
    let words = told["assumptions"].to_string();
    assert!(words.contains("bars that close from 2004-01-01 on."), "{words}");

    let late = NewRun { from: Some(at("2009-01-01T00:00:00Z")), ..backtest() };
    let error = research.start(late).await.unwrap_err();
    let detail = &error.problem().detail;
    assert!(detail.contains("they go from 20") && detail.contains("to 2008-0"), "{detail}");
}
