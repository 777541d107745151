//! Strategy, bars and terms put together: parameter sets in batches, bars in blocks.
//!
//! Sets of a batch share one plan, so what they have in common is computed once. Memory depends on
//! the block and on what differs between the sets, not on the length of history. It must not know
//! which figures are wanted.

use std::{collections::BTreeMap, sync::Arc};

use formula::{Bits, Compiler, Condition, Env, MarketTime, Plan, RootId, Run, Words};
use rust_decimal::Decimal;
use strategy::{Part, Strategy, market_time};

use crate::{
    curve::Curve,
    error::Unscreenable,
    machine::{Machine, Sink},
    money::{Money, Terms},
    signals::Said,
    tape::{Tape, whole},
};

/// Bars that are computed at once.
const BLOCK: usize = 1_024;

/// A strategy over the bars of a market.
#[derive(Debug, Clone)]
pub struct Screen {
    strategy: Arc<Strategy>,
    tape: Arc<Tape>,
    money: Money,
    market: Arc<dyn MarketTime>,
    from: usize,
}

/// The rules of a set in a plan.
type Roots = BTreeMap<Part, RootId>;

/// Where what the rules of a set say is found.
#[derive(Debug, Clone, Copy)]
struct Asked {
    entry_long: Option<Condition>,
    entry_short: Option<Condition>,
    exit_long: Option<Condition>,
    exit_short: Option<Condition>,
    stop: Option<RootId>,
    target: Option<RootId>,
}

impl Asked {
    fn of(roots: &Roots, bits: &Bits) -> Self {
        let condition = |part| roots.get(&part).and_then(|root| bits.condition(*root));
        Self {
            entry_long: condition(Part::EntryLong),
            entry_short: condition(Part::EntryShort),
            exit_long: condition(Part::ExitLong),
            exit_short: condition(Part::ExitShort),
            stop: roots.get(&Part::Stop).copied(),
            target: roots.get(&Part::Target).copied(),
        }
    }

    fn said<'a>(&self, (first, bars): (usize, usize), words: &'a Words, run: &'a Run) -> Said<'a> {
        let bits = |condition: Option<Condition>| condition.map(|condition| words.of(condition));
        let column = |root: Option<RootId>| root.map(|root| run.values(root));
        Said {
            first,
            bars,
            entry_long: bits(self.entry_long),
            entry_short: bits(self.entry_short),
            exit_long: bits(self.exit_long),
            exit_short: bits(self.exit_short),
            stop: column(self.stop),
            target: column(self.target),
        }
    }
}

impl Screen {
    /// A strategy that can be screened. Wishes at closes before bar `from` are dropped, and it is
    /// the first that sinks hear of.
    ///
    /// # Errors
    /// [`Unscreenable`] says why it can't be.
    pub fn new(
        strategy: Arc<Strategy>,
        tape: Arc<Tape>,
        terms: &Terms,
        from: usize,
    ) -> Result<Self, Unscreenable> {
        if strategy.symbols.len() != 1 {
            return Err(Unscreenable::Symbols(strategy.symbols.len()));
        }
        let moves = |part: &&Part| matches!(part, Part::Trail | Part::BreakEven);
        if let Some(part) = strategy.rules.keys().find(moves) {
            return Err(Unscreenable::Moves(part.key()));
        }
        if strategy.entries != 1 {
            return Err(Unscreenable::Entries(strategy.entries));
        }
        let decimals = (tape.price_decimals, tape.qty_decimals);
        let money = Money::new(terms, strategy.size, decimals)?;
        let market = market_time(tape.calendar);
        Ok(Self { strategy, tape, money, market, from })
    }

    /// The bars.
    #[must_use]
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// An amount in units of cash as a decimal; `None` when it does not fit.
    #[must_use]
    pub fn amount(&self, units: i128) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(units, self.money.decimals).ok().map(|d| d.normalize())
    }

    /// Units of cash in one tick × step.
    #[must_use]
    pub const fn unit(&self) -> i128 {
        self.money.unit
    }

    /// An amount in units of cash; `None` when it has more decimals than cash.
    #[must_use]
    pub fn units(&self, amount: Decimal) -> Option<i128> {
        whole(amount, self.money.decimals)
    }

    /// A sink that keeps everything.
    #[must_use]
    pub fn curve(&self) -> Curve {
        Curve { unit: self.money.unit, ..Curve::default() }
    }

    fn compile(&self, sets: &[BTreeMap<String, f64>]) -> Result<(Plan, Vec<Roots>), Unscreenable> {
        let named = self.strategy.formulas.iter().map(|(n, r)| (n.clone(), r.expr.clone()));
        let mut compiler = Compiler::new(Env {
            params: BTreeMap::new(),
            formulas: named.collect(),
            timeframe: Some(self.strategy.timeframe),
            position: true,
            symbols: None,
        });
        let mut all = Vec::with_capacity(sets.len());
        for set in sets {
            compiler.set_params(set.clone());
            let mut roots = Roots::new();
            for (part, rule) in &self.strategy.rules {
                let root = if part.is_condition() {
                    compiler.add_condition_expr(&rule.expr)
                } else {
                    compiler.add_number_expr(&rule.expr)
                };
                let wrong = |e: formula::Diagnostic| Unscreenable::Rule {
                    key: part.key(),
                    text: e.to_string(),
                };
                roots.insert(*part, root.map_err(wrong)?);
            }
            all.push(roots);
        }
        let plan = compiler.finish();
        if !plan.symbols().is_empty() {
            return Err(Unscreenable::Series);
        }
        for roots in &all {
            if let Some((part, _)) = roots.iter().find(|(_, root)| plan.is_late(**root)) {
                return Err(Unscreenable::Position(part.key()));
            }
        }
        Ok((plan, all))
    }

    /// Runs every set and tells each its sink. Gives the equity at the last close in units of cash.
    ///
    /// # Errors
    /// [`Unscreenable`] when a rule is wrong with a set's parameters, or an amount does not fit.
    pub fn run<S: Sink>(
        &self,
        sets: &[BTreeMap<String, f64>],
        sinks: &mut [S],
    ) -> Result<Vec<i128>, Unscreenable> {
        let (plan, roots) = self.compile(sets)?;
        let all = || roots.iter().flatten();
        let of = |conditions: bool| {
            all().filter(move |(part, _)| part.is_condition() == conditions).map(|(_, root)| *root)
        };
        let bits = Bits::new(&plan, of(true), of(false));
        let asked: Vec<Asked> = roots.iter().map(|roots| Asked::of(roots, &bits)).collect();
        let (plan, market) = (Arc::new(plan), Arc::clone(&self.market));
        let mut run = Run::of_bits(plan, self.tape.decimals, market, &bits);
        let mut words = Words::new(bits);
        let machine = Machine::new(&self.money, self.from, self.strategy.exit_bars);
        let mut machines = vec![machine; sets.len()];
        let mut first = 0;
        while first < self.tape.len() {
            let bars = BLOCK.min(self.tape.len() - first);
            run.bars(&self.tape.columns, first..first + bars);
            words.block(&run, bars);
            for ((machine, asked), sink) in machines.iter_mut().zip(&asked).zip(&mut *sinks) {
                let said = asked.said((first, bars), &words, &run);
                machine.block((&self.tape, &self.money), &said, sink)?;
            }
            first += bars;
        }
        for (machine, sink) in machines.iter_mut().zip(sinks) {
            machine.end(&self.tape, sink);
        }
        Ok(machines.iter().map(|m| m.equity(&self.tape, &self.money)).collect())
    }
}
