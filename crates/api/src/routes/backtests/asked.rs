//! A run as it is asked for: which fields there are, and what is wrong with them by their names.
//!
//! Only the form is checked here. What the strategy has to do with it is checked where it is tried.

use std::collections::BTreeMap;

use domain::{Edge, Timestamp};
use identity::Owner;
use rust_decimal::Decimal;

use crate::{
    body::{Fields, FromFields},
    ports::{GridAxis, NewRun, RunCosts, RunKind, Search, Sets, StrategyText, Task, WalkPlan},
};

/// Constants that a request may name.
const PARAMS_MAX: usize = 32;
/// Parameters that a grid may search.
const AXES_MAX: usize = 6;
/// Sets that a search may draw.
const RANDOM_MAX: u32 = 100_000;
/// Bars of a window.
const WINDOW_MAX: u32 = 10_000_000;
/// Histories that are cut off.
const CUTS_MAX: u32 = 10_000;
/// Characters of a name.
const NAME_MAX: usize = 64;

const KINDS: &str = "backtest, sweep, walk_forward or lookahead";

/// A run as it was asked for.
pub(crate) struct RunRequest {
    pub(super) strategy: Named,
    params: BTreeMap<String, f64>,
    costs: RunCosts,
    limits: Option<String>,
    compare: Option<String>,
    seed: Option<u32>,
    stretch: (Option<Timestamp>, Option<Timestamp>),
    task: Task,
}

/// Which strategy is meant.
pub(super) enum Named {
    /// One that is kept, by its id.
    Kept(String),
    /// This text.
    Text(String),
}

impl RunRequest {
    /// With the strategy's text, where it was kept under its id, by whom and whose.
    pub(super) fn with(
        self,
        id: Option<String>,
        text: StrategyText,
        (by, owner): (String, Owner),
    ) -> NewRun {
        let (from, until) = self.stretch;
        NewRun {
            task: self.task,
            strategy_id: id,
            text,
            params: self.params,
            costs: self.costs,
            limits: self.limits,
            compare: self.compare,
            seed: self.seed,
            from,
            until,
            by,
            owner,
        }
    }
}

impl FromFields for RunRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let kind = f.need_choice::<RunKind>("kind", KINDS);
        let strategy = strategy(f);
        let params = f.numbers("params", PARAMS_MAX);
        let costs = costs(f);
        let (limits, compare) = (f.words("limits", NAME_MAX), f.words("compare", NAME_MAX));
        let seed = f.count("seed", 0..=u32::MAX);
        let stretch = stretch(f);
        let parts = Parts::take(f);
        let task = kind.and_then(|kind| parts?.task(kind, f));
        Some(Self {
            strategy: strategy?,
            params: params?,
            costs: costs?,
            limits: limits?,
            compare: compare?,
            seed: seed?,
            stretch: stretch?,
            task: task?,
        })
    }
}

fn strategy(f: &mut Fields) -> Option<Named> {
    let (id, source) = (f.may::<String>("strategy_id"), f.may::<String>("source"));
    match (id?, source?) {
        (Some(id), None) => return Some(Named::Kept(id)),
        (None, Some(source)) => return Some(Named::Text(source)),
        (Some(id), Some(_)) => {
            f.refuse_value("strategy_id", id, "give strategy_id or source, not both");
        }
        (None, None) => f.refuse("strategy_id", "required: strategy_id or source"),
    }
    None
}

fn costs(f: &mut Fields) -> Option<RunCosts> {
    let (zero, ten, thousand) = (Decimal::ZERO, Decimal::TEN, Decimal::ONE_THOUSAND);
    let (cent, most) = (Decimal::new(1, 2), Decimal::from(1_000_000_000_000_u64));
    let cash = f.within("cash", cent..=most);
    let fee = f.within("fee", zero..=Decimal::new(1, 1));
    let slippage_bps = f.within("slippage_bps", zero..=thousand);
    let spread_bps = f.within("spread_bps", zero..=thousand);
    let borrow_rate = f.within("borrow_rate", zero..=ten);
    Some(RunCosts {
        cash: cash?,
        fee: fee?,
        slippage_bps: slippage_bps?,
        spread_bps: spread_bps?,
        borrow_rate: borrow_rate?,
    })
}

/// The first instant at which a bar may close that counts, and the last one.
fn stretch(f: &mut Fields) -> Option<(Option<Timestamp>, Option<Timestamp>)> {
    let (from, until) = (f.may::<Edge>("from"), f.may::<Edge>("until"));
    let (from, until) = (from?.map(Edge::first), until?.map(Edge::last));
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        f.refuse("until", "not before `from`");
        return None;
    }
    Some((from, until))
}

/// What belongs to some kinds of runs only.
struct Parts {
    search: Option<SearchFields>,
    walk: Option<WalkFields>,
    lookahead: Option<LookaheadFields>,
}

impl Parts {
    fn take(f: &mut Fields) -> Option<Self> {
        let (search, walk) = (f.object("search"), f.object("walk"));
        let lookahead = f.object("lookahead");
        Some(Self { search: search?, walk: walk?, lookahead: lookahead? })
    }

    fn task(self, kind: RunKind, f: &mut Fields) -> Option<Task> {
        let Self { search, walk, lookahead } = self;
        let searches = matches!(kind, RunKind::Sweep | RunKind::WalkForward);
        let strange = [
            ("search", search.is_some() && !searches, "only a sweep or a walk_forward has one"),
            ("walk", walk.is_some() && kind != RunKind::WalkForward, "only a walk_forward has one"),
            (
                "lookahead",
                lookahead.is_some() && kind != RunKind::Lookahead,
                "only a lookahead has one",
            ),
            ("search", search.is_none() && searches, "required: a grid, or a random number"),
        ];
        let wrong: Vec<_> = strange.iter().filter(|(_, wrong, _)| *wrong).collect();
        for (field, _, rule) in &wrong {
            f.refuse(field, *rule);
        }
        if !wrong.is_empty() {
            return None;
        }
        let search = search.map(|search| search.0);
        Some(match kind {
            RunKind::Backtest => Task::Backtest,
            RunKind::Sweep => Task::Sweep(search?),
            RunKind::WalkForward => {
                Task::WalkForward(search?, walk.map_or_else(WalkPlan::default, |walk| walk.0))
            }
            RunKind::Lookahead => Task::Lookahead(lookahead.and_then(|cuts| cuts.0)),
        })
    }
}

struct SearchFields(Search);
struct AxisFields(GridAxis);
struct WalkFields(WalkPlan);
struct LookaheadFields(Option<u32>);

impl FromFields for AxisFields {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let (from, to, step) = (f.need_number("from"), f.need_number("to"), f.number("step"));
        Some(Self(GridAxis { from: from?, to: to?, step: step? }))
    }
}

impl FromFields for SearchFields {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let grid = f.objects::<AxisFields>("grid", AXES_MAX);
        let random = f.count("random", 1..=RANDOM_MAX);
        let objective = f.words("objective", NAME_MAX);
        let (grid, random) = (grid?, random?);
        let sets = match (grid.is_empty(), random) {
            (false, Some(random)) => {
                f.refuse_value("random", random, "give grid or random, not both");
                return None;
            }
            (true, None) => {
                f.refuse("grid", "required: a grid, or a random number");
                return None;
            }
            (false, None) => Sets::Grid(grid.into_iter().map(|(k, axis)| (k, axis.0)).collect()),
            (true, Some(random)) => Sets::Random(random),
        };
        Some(Self(Search { sets, objective: objective? }))
    }
}

impl FromFields for WalkFields {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let (train, test) = (f.count("train", 1..=WINDOW_MAX), f.count("test", 1..=WINDOW_MAX));
        let anchored = f.flag("anchored");
        Some(Self(WalkPlan { train: train?, test: test?, anchored: anchored? }))
    }
}

impl FromFields for LookaheadFields {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        Some(Self(f.count("cuts", 1..=CUTS_MAX)?))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use utoipa::PartialSchema;

    use super::{super::form, *};

    /// What the reader knows, as it says itself.
    fn read<T: FromFields>() -> BTreeSet<String> {
        let error = Fields::read::<T>(b"{\"strange\": 1}").err().unwrap();
        let strange = error.problem().errors.iter().find(|error| error.field == "strange");
        let known = strange.unwrap().rule.strip_prefix("no such field; known are ").unwrap();
        known.split(", ").map(str::to_owned).collect()
    }

    fn described<T: PartialSchema>() -> BTreeSet<String> {
        let schema = serde_json::to_value(T::schema()).unwrap();
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_description_has_the_fields_that_are_read() {
        assert_eq!(described::<form::RunForm>(), read::<RunRequest>());
        assert_eq!(described::<form::SearchForm>(), read::<SearchFields>());
        assert_eq!(described::<form::AxisForm>(), read::<AxisFields>());
        assert_eq!(described::<form::WalkForm>(), read::<WalkFields>());
        assert_eq!(described::<form::LookaheadForm>(), read::<LookaheadFields>());
    }
}
