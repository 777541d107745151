//! Strategy, bars and terms put together: parameter sets in batches, bars in blocks.
//!
//! Sets of a batch share one plan, so what they have in common is computed once. Memory depends on
//! the block and on what differs between the sets, not on the length of history. It must not know
//! which figures are wanted.

use std::{collections::BTreeMap, sync::Arc};

use domain::{CalendarKind, Size};
use formula::{Bits, Compiler, Env, MarketTime, Plan, RootId, Run, Words};
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

impl Screen {
    /// A strategy that can be screened. Wishes at closes before bar `from` are dropped, and it is
    /// the first that sinks hear of.
    ///
    /// # Errors
    /// [`Unscreenable`] says why it can't be.
    pub fn new(
        strategy: Arc<Strategy>,
        tape: Arc<Tape>,
        calendar: CalendarKind,
        terms: &Terms,
        from: usize,
    ) -> Result<Self, Unscreenable> {
        if strategy.symbols.len() != 1 {
            return Err(Unscreenable::Symbols(strategy.symbols.len()));
        }
        if let Some(part) = strategy.rules.keys().find(|part| !part.is_condition()) {
            return Err(Unscreenable::Inside(part.key()));
        }
        if strategy.entries != 1 {
            return Err(Unscreenable::Entries(strategy.entries));
        }
        if matches!(strategy.size, Size::RiskPercent(_)) {
            return Err(Unscreenable::Size);
        }
        let decimals = (tape.price_decimals, tape.qty_decimals);
        let money = Money::new(terms, strategy.size, decimals)?;
        Ok(Self { strategy, tape, money, market: market_time(calendar), from })
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
                let root = compiler.add_condition_expr(&rule.expr);
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
        let bits = Bits::new(&plan, roots.iter().flat_map(|roots| roots.values().copied()));
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
            for ((machine, roots), sink) in machines.iter_mut().zip(&roots).zip(&mut *sinks) {
                let bits = |part: Part| roots.get(&part).map(|root| words.of(*root));
                let [entry_long, entry_short, exit_long, exit_short] =
                    [Part::EntryLong, Part::EntryShort, Part::ExitLong, Part::ExitShort].map(bits);
                let said = Said { first, bars, entry_long, entry_short, exit_long, exit_short };
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
