//! What somebody wants tried, before the bars of it are at hand.
//!
//! It exists so that a command and the desk's door mean the same by the same words: the same
//! defaults, the same limits to compare with, the same seed. It must not know where bars come from.

use std::{collections::BTreeMap, sync::Arc};

use domain::{Bar, CalendarKind, Edge, Limits, Timestamp};
use path::policy::Preset;
use rust_decimal::Decimal;
use strategy::{Strategy, compile};

use crate::{
    stats::Settings,
    trial::{Market, Terms, Trial, TrialError},
};

/// The profile without limits of the desk.
pub const RESEARCH: &str = "research";
/// The word for no comparison.
pub const NONE: &str = "none";

/// What somebody wants tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The strategy.
    pub strategy: Arc<Strategy>,
    /// Constants with another value than their default.
    pub params: BTreeMap<String, f64>,
    /// What the account begins with, in US dollars; above 0.
    pub cash: Decimal,
    /// Fee of every fill as a share of its value.
    pub fee: Decimal,
    /// By how many hundredths of a per cent market and stop orders fill worse.
    pub slippage_bps: Decimal,
    /// The distance from bid to ask in hundredths of a per cent.
    pub spread_bps: Decimal,
    /// What holders of shorts owe a year, as a share of their value.
    pub borrow_rate: Decimal,
    /// The limits in force: [`RESEARCH`] or a preset.
    pub limits: String,
    /// Limits of somebody's account, in force instead of `limits`.
    pub standing: Option<Standing>,
    /// A preset that is asked besides, [`NONE`], or absent for the one that fits what is traded.
    pub compare: Option<String>,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// Bars that close before only warm the rules up. All count when it is absent.
    pub from: Option<Timestamp>,
    /// Bars that close after are left out. All count when it is absent.
    pub until: Option<Timestamp>,
}

/// Limits that are set somewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The limits.
    pub limits: Limits,
    /// Whose they are, in words.
    pub words: String,
}

fn limits(field: &'static str, name: &str) -> Result<Limits, TrialError> {
    if name == RESEARCH {
        return Ok(Limits::default());
    }
    let preset = name.parse::<Preset>();
    preset.map(Preset::limits).map_err(|why| TrialError::Limits {
        field,
        name: name.to_owned(),
        why,
    })
}

/// The preset that fits what is traded.
fn fitting(markets: &[Market]) -> Preset {
    if markets.iter().any(|m| m.calendar == CalendarKind::AlwaysOpen) {
        Preset::CryptoSpot
    } else if markets.len() == 1 {
        Preset::SingleInstrument
    } else {
        Preset::Stocks
    }
}

impl Wanted {
    /// As a command tries it that names nothing but the strategy.
    #[must_use]
    pub fn new(strategy: Arc<Strategy>) -> Self {
        Self {
            strategy,
            params: BTreeMap::new(),
            cash: Decimal::from(10_000),
            fee: Decimal::new(1, 3),
            slippage_bps: Decimal::ZERO,
            spread_bps: Decimal::ZERO,
            borrow_rate: Decimal::ZERO,
            limits: RESEARCH.to_owned(),
            standing: None,
            compare: None,
            seed: 1,
            from: None,
            until: None,
        }
    }

    /// Every constant with its value.
    ///
    /// # Errors
    /// [`TrialError`] names a constant that the strategy doesn't have, or one outside its range.
    pub fn chosen(&self) -> Result<BTreeMap<String, f64>, TrialError> {
        Ok(self.strategy.chosen(&self.params)?)
    }

    /// The symbols whose bars are needed: those that are traded, then those that are only read.
    ///
    /// # Errors
    /// As [`Wanted::chosen`], and of a rule that is wrong with these constants.
    pub fn symbols(&self) -> Result<Vec<String>, TrialError> {
        let compiled = compile(&self.strategy, &self.chosen()?)
            .map_err(|(part, error)| TrialError::Rule { key: part.key(), error })?;
        let mut names = self.strategy.symbols.clone();
        for name in compiled.plan.symbols() {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// Everything but the bars is looked at.
    ///
    /// # Errors
    /// [`TrialError`] names what can't be tried and why.
    pub fn check(&self) -> Result<(), TrialError> {
        if self.cash <= Decimal::ZERO {
            return Err(TrialError::Cash(self.cash));
        }
        if let Some((from, until)) = self.from.zip(self.until).filter(|(from, until)| until < from)
        {
            let (from, until) = (Edge::of_first(from), Edge::of_last(until));
            return Err(TrialError::Edges { from, until });
        }
        limits("limits", &self.limits)?;
        if let Some(name) = self.compare.as_deref().filter(|name| *name != NONE) {
            limits("compare", name)?;
        }
        self.symbols().map(drop)
    }

    /// Bars behind the stretch are cut off.
    fn within(&self, market: Market) -> Result<Market, TrialError> {
        let (Some(first), Some(last)) = (market.bars.first(), market.bars.last()) else {
            return Err(TrialError::NoBars(market.symbol));
        };
        let covered = (first.open_at, last.close_at);
        let close = |bar: &&Bar| self.until.is_none_or(|until| bar.close_at <= until);
        let known = market.bars.iter().take_while(close).count();
        let counts = |bar: &Bar| self.from.is_none_or(|from| bar.close_at >= from);
        if !market.bars[..known].last().is_some_and(counts) {
            let Market { symbol, .. } = market;
            let (from, until) = (self.from.map(Edge::of_first), self.until.map(Edge::of_last));
            return Err(TrialError::Stretch { symbol, from, until, covered });
        }
        if known == market.bars.len() {
            return Ok(market);
        }
        Ok(Market { bars: market.bars[..known].into(), ..market })
    }

    /// The trial over these markets: one for each of [`Wanted::symbols`], with all bars that there
    /// are.
    ///
    /// # Errors
    /// [`TrialError`] names what can't be tried and why.
    pub fn trial(&self, markets: Vec<Market>) -> Result<Trial, TrialError> {
        let markets = markets.into_iter().map(|market| self.within(market));
        let markets = markets.collect::<Result<Vec<_>, _>>()?;
        let mut figures = Settings::default();
        if let Some(resample) = &mut figures.resample {
            resample.seed = self.seed;
        }
        let compare = match self.compare.as_deref() {
            Some(NONE) => None,
            Some(name) => Some((name.to_owned(), limits("compare", name)?)),
            None => Some(fitting(&markets)).map(|p| (p.name().to_owned(), p.limits())),
        };
        let (limits_name, in_force) = match (&self.standing, self.limits.as_str()) {
            (Some(standing), _) => (standing.words.clone(), standing.limits.clone()),
            (None, RESEARCH) => {
                (format!("{RESEARCH} (venue rules and buying power only)"), Limits::default())
            }
            (None, name) => (format!("preset {name}"), limits("limits", name)?),
        };
        let terms = Terms {
            cash: self.cash,
            fee: self.fee,
            slippage_bps: self.slippage_bps,
            half_spread_bps: self.spread_bps / Decimal::TWO,
            borrow_rate: self.borrow_rate,
            limits: in_force,
            limits_name,
            compare,
            figures,
        };
        let (strategy, params) = (Arc::clone(&self.strategy), self.chosen()?);
        let (from, until) = (self.from, self.until);
        Ok(Trial { strategy, params, markets, from, until, terms })
    }
}
