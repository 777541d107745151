//! Whether what was asked for can be tried, and with what.
//!
//! Everything that can be known before the run's turn is refused here, by the name of the field.

use std::{collections::BTreeMap, sync::Arc};

use api::{ApiError, FieldError, NewRun, RunCosts, RunStrategy, Search, Sets, Task, WalkPlan};
use domain::{Edge, Timestamp};
use research::{
    lookahead::CUTS_MAX,
    sweep::{Axis, Objective, Space, SweepError},
    trial::TrialError,
    walk::Plan,
    wanted::Wanted,
};
use serde_json::{Value, json};

use super::{
    history::{History, Stretch},
    rows::About,
};

/// Sets that a search may have here.
const SETS_MAX: usize = 100_000;
/// What a search makes as good as can be when it doesn't say.
const OBJECTIVE: &str = "sharpe";
/// Windows of a walk that names none, as on the command line.
const PLAN: Plan = Plan { train: 500, test: 100, anchored: false };
/// Cuts of a check that names none, as on the command line.
const CUTS: usize = 100;

/// A run that can have its turn.
pub(super) struct Prepared {
    pub(super) about: About,
    /// What was asked for, with everything that was left to the defaults.
    pub(super) request: Value,
    pub(super) wanted: Wanted,
    /// Bars that close after are not seen.
    pub(super) until: Timestamp,
    pub(super) todo: Todo,
}

/// What there is to do.
pub(super) enum Todo {
    Backtest,
    Sweep(Space, Objective),
    WalkForward(Space, Objective, Plan),
    Lookahead(usize),
}

fn wrong(field: impl Into<String>, value: Option<String>, rule: impl Into<String>) -> ApiError {
    ApiError::fields(vec![FieldError { field: field.into(), value, rule: rule.into() }])
}

fn refused(error: &TrialError) -> ApiError {
    match error.field() {
        Some(field) => wrong(field, None, error.to_string()),
        None => {
            let remedy = "Change the strategy or its parameters.";
            ApiError::unprocessable(error.code(), error.to_string(), remedy)
        }
    }
}

impl Prepared {
    pub(super) fn of(new: NewRun, history: &History) -> Result<Self, ApiError> {
        let wanted = wanted(&new);
        wanted.check().map_err(|error| refused(&error))?;
        let params = wanted.chosen().map_err(|error| refused(&error))?;
        let symbols = wanted.symbols().map_err(|error| refused(&error))?;
        let strategy = Arc::clone(&new.text.strategy);
        let until = history.until(new.until);
        history.look(&symbols, strategy.timeframe, &Stretch { from: new.from, until })?;
        let todo = Todo::of(&new.task, &wanted, &params)?;
        let request = request(&new, &wanted, &params, &todo);
        let about = About {
            kind: new.task.kind(),
            strategy: RunStrategy {
                id: new.strategy_id,
                name: strategy.name.clone(),
                hash: strategy.hash.clone(),
            },
            symbols,
            timeframe: strategy.timeframe.to_string(),
            params,
        };
        Ok(Self { about, request, wanted, until, todo })
    }
}

fn wanted(new: &NewRun) -> Wanted {
    let plain = Wanted::new(Arc::clone(&new.text.strategy));
    let RunCosts { cash, fee, slippage_bps, spread_bps, borrow_rate } = new.costs;
    Wanted {
        params: new.params.clone(),
        cash: cash.unwrap_or(plain.cash),
        fee: fee.unwrap_or(plain.fee),
        slippage_bps: slippage_bps.unwrap_or(plain.slippage_bps),
        spread_bps: spread_bps.unwrap_or(plain.spread_bps),
        borrow_rate: borrow_rate.unwrap_or(plain.borrow_rate),
        limits: new.limits.clone().unwrap_or_else(|| plain.limits.clone()),
        compare: new.compare.clone(),
        seed: new.seed.map_or(plain.seed, u64::from),
        from: new.from,
        until: new.until,
        ..plain
    }
}

impl Todo {
    fn of(task: &Task, wanted: &Wanted, params: &BTreeMap<String, f64>) -> Result<Self, ApiError> {
        Ok(match task {
            Task::Backtest => Self::Backtest,
            Task::Sweep(search) => {
                let (space, objective) = searched(search, wanted, params)?;
                Self::Sweep(space, objective)
            }
            Task::WalkForward(search, walk) => {
                let (space, objective) = searched(search, wanted, params)?;
                Self::WalkForward(space, objective, plan(*walk))
            }
            Task::Lookahead(cuts) => {
                let cuts = cuts.and_then(|cuts| usize::try_from(cuts).ok()).unwrap_or(CUTS);
                Self::Lookahead(cuts.min(CUTS_MAX))
            }
        })
    }
}

fn plan(walk: WalkPlan) -> Plan {
    let bars = |wanted: Option<u32>, plain| {
        wanted.and_then(|bars| usize::try_from(bars).ok()).unwrap_or(plain)
    };
    let (train, test) = (bars(walk.train, PLAN.train), bars(walk.test, PLAN.test));
    Plan { train, test, anchored: walk.anchored }
}

fn searched(
    search: &Search,
    wanted: &Wanted,
    params: &BTreeMap<String, f64>,
) -> Result<(Space, Objective), ApiError> {
    let strategy = &wanted.strategy;
    let name = search.objective.as_deref().unwrap_or(OBJECTIVE);
    let objective: Objective = name.parse().map_err(|error: SweepError| {
        wrong("search.objective", Some(name.to_owned()), error.to_string())
    })?;
    let (field, space) = match &search.sets {
        Sets::Grid(grid) => {
            let axes = grid.iter().map(|(name, axis)| {
                Axis::new(name, axis.from, axis.to, axis.step)
                    .map_err(|error| wrong(format!("search.grid.{name}"), None, error.to_string()))
            });
            let axes = axes.collect::<Result<Vec<Axis>, ApiError>>()?;
            ("search.grid", Space::grid(strategy, &axes, params))
        }
        Sets::Random(count) => {
            let count = usize::try_from(*count).unwrap_or(usize::MAX);
            let fixed: Vec<String> = wanted.params.keys().cloned().collect();
            ("search.random", Space::random(strategy, count, wanted.seed, (params, &fixed)))
        }
    };
    let space = space.map_err(|error| wrong(field, None, error.to_string()))?;
    if space.len() > SETS_MAX {
        let rule = format!("at most {SETS_MAX} sets; take larger steps, or use the command line");
        return Err(wrong(field, Some(space.len().to_string()), rule));
    }
    Ok((space, objective))
}

fn request(new: &NewRun, wanted: &Wanted, params: &BTreeMap<String, f64>, todo: &Todo) -> Value {
    let mut request = json!({
        "kind": new.task.kind(), "strategy_id": new.strategy_id, "params": params,
        "cash": wanted.cash, "fee": wanted.fee, "slippage_bps": wanted.slippage_bps,
        "spread_bps": wanted.spread_bps, "borrow_rate": wanted.borrow_rate,
        "limits": wanted.limits, "compare": wanted.compare, "seed": wanted.seed,
        "from": new.from.map(Edge::of_first), "until": new.until.map(Edge::of_last),
    });
    let searched = |sets: &Sets, objective: &Objective| match sets {
        Sets::Grid(grid) => json!({ "grid": grid, "objective": objective.name }),
        Sets::Random(count) => json!({ "random": count, "objective": objective.name }),
    };
    match (&new.task, todo) {
        (Task::Sweep(search), Todo::Sweep(_, objective)) => {
            request["search"] = searched(&search.sets, objective);
        }
        (Task::WalkForward(search, _), Todo::WalkForward(_, objective, plan)) => {
            request["search"] = searched(&search.sets, objective);
            request["walk"] = json!(plan);
        }
        (_, Todo::Lookahead(cuts)) => request["lookahead"] = json!({ "cuts": cuts }),
        _ => {}
    }
    request
}
