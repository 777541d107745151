//! What every command about a strategy over history takes: the file, its bars, money and costs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use ::bars::{BarStore, infer_tick};
use ::research::{
    stats::Settings,
    trial::{Market, Terms, Trial},
};
use ::strategy::Strategy;
use clap::Args;
use domain::{CalendarKind, Limits, Price, Qty, Timeframe, Timestamp};
use path::policy::Preset;
use rust_decimal::Decimal;

use crate::cli::{
    bars::CalendarArg, context::Context, failure::Failure, formulas::param, history, symbol,
};

/// The strategy, its bars, money and costs.
#[derive(Debug, Args)]
pub(crate) struct TrialArgs {
    /// The strategy file
    #[arg(value_name = "STRATEGY.toml")]
    strategy: PathBuf,
    /// Bars from a file: FILE.csv, or SYMBOL=FILE.csv; can be given several times. Without it they
    /// are read from the data folder
    #[arg(long, value_name = "[SYMBOL=]FILE")]
    bars: Vec<String>,
    /// Trade these symbols instead of the strategy's; can be given several times
    #[arg(long, value_name = "SYMBOL")]
    symbol: Vec<String>,
    /// When the market trades; found out from the bars when it isn't named
    #[arg(long, value_enum)]
    calendar: Option<CalendarArg>,
    /// Another value for a parameter of the strategy; can be given several times
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    params: Vec<(String, f64)>,
    /// What the account begins with, in US dollars
    #[arg(long, default_value = "10000", value_name = "MONEY")]
    cash: Decimal,
    /// Fee of each fill as a share of its value: 0.001 is 0.1 %
    #[arg(long, default_value = "0.001", value_name = "SHARE")]
    fee: Decimal,
    /// By how many hundredths of a per cent market and stop orders fill worse
    #[arg(long, default_value = "0", value_name = "BPS")]
    slippage_bps: Decimal,
    /// Distance from bid to ask in hundredths of a per cent
    #[arg(long, default_value = "0", value_name = "BPS")]
    spread_bps: Decimal,
    /// What shorts owe a year, as a share of their value
    #[arg(long, default_value = "0", value_name = "SHARE")]
    borrow_rate: Decimal,
    /// Quantities are multiples of this: 1 for stocks, 0.000001 round the clock
    #[arg(long, value_name = "QTY")]
    step: Option<Qty>,
    /// The limits in force: research (venue rules and buying power only) or a preset
    #[arg(long, default_value = "research", value_name = "PROFILE")]
    limits: String,
    /// A preset whose limits are asked besides, without effect; `none` for no question
    #[arg(long, value_name = "PRESET")]
    compare: Option<String>,
    /// Seed of everything that is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Reads a strategy file.
pub(super) fn strategy(path: &Path) -> Result<Strategy, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e))?;
    ::strategy::read(&text).map_err(|faults| {
        let Some(first) = faults.0.first() else {
            return Failure::new("strategy_invalid", format!("{} is wrong", path.display()));
        };
        let more = match faults.0.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let file = path.display();
        let key = if first.key.is_empty() { String::new() } else { format!("{}: ", first.key) };
        let (line, column, message) = (first.line, first.column, &first.message);
        Failure::new(
            first.code,
            format!(
                "{file}:{line}:{column}: {key}{message}{more}; see: cofferdam strategy check {file}"
            ),
        )
    })
}

fn limits(name: &str) -> Result<Limits, Failure> {
    if name == "research" {
        return Ok(Limits::default());
    }
    name.parse::<Preset>().map(Preset::limits).map_err(|error| {
        Failure::usage(format!("--limits {name}: write research, or a preset; {error}"))
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

impl TrialArgs {
    /// The seed of everything that is drawn.
    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    /// The parameters that were given a value.
    pub(super) fn named_params(&self) -> Vec<String> {
        self.params.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Everything that a trial rests on.
    pub(super) fn trial(&self, ctx: &Context) -> Result<Trial, Failure> {
        let mut strategy = strategy(&self.strategy)?;
        if !self.symbol.is_empty() {
            strategy.symbols.clone_from(&self.symbol);
        }
        let params = self.chosen(&strategy)?;
        let compiled = ::strategy::compile(&strategy, &params).map_err(|(part, error)| {
            Failure::new(error.code.name(), format!("{}: {error}", part.key()))
        })?;
        let mut names = strategy.symbols.clone();
        for name in compiled.plan.symbols() {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        let markets = self.markets(&names, strategy.timeframe, ctx)?;
        let terms = self.terms(&markets)?;
        Ok(Trial { strategy: Arc::new(strategy), params, markets, from: None, terms })
    }

    fn chosen(&self, strategy: &Strategy) -> Result<BTreeMap<String, f64>, Failure> {
        let mut params = strategy.defaults();
        for (name, value) in &self.params {
            let known = || strategy.params.keys().cloned().collect::<Vec<_>>().join(", ");
            let Some(spec) = strategy.params.get(name) else {
                let message = format!("--param {name}: the strategy has: {}", known());
                return Err(Failure::usage(message));
            };
            if !(spec.min..=spec.max).contains(value) {
                let (min, max) = (spec.min, spec.max);
                let message = format!("--param {name}={value}: a number from {min} to {max}");
                return Err(Failure::usage(message));
            }
            params.insert(name.clone(), *value);
        }
        Ok(params)
    }

    fn terms(&self, markets: &[Market]) -> Result<Terms, Failure> {
        let mut figures = Settings::default();
        if let Some(resample) = &mut figures.resample {
            resample.seed = self.seed;
        }
        let compare = match self.compare.as_deref() {
            Some("none") => None,
            Some(name) => Some((name.to_owned(), limits(name)?)),
            None => Some(fitting(markets)).map(|p| (p.name().to_owned(), p.limits())),
        };
        let limits_name = match self.limits.as_str() {
            "research" => "research (venue rules and buying power only)".to_owned(),
            name => format!("preset {name}"),
        };
        Ok(Terms {
            cash: self.cash,
            fee: self.fee,
            slippage_bps: self.slippage_bps,
            half_spread_bps: self.spread_bps / Decimal::TWO,
            borrow_rate: self.borrow_rate,
            limits: limits(&self.limits)?,
            limits_name,
            compare,
            figures,
        })
    }

    fn markets(
        &self,
        names: &[String],
        timeframe: Timeframe,
        ctx: &Context,
    ) -> Result<Vec<Market>, Failure> {
        if self.bars.is_empty() {
            return names.iter().map(|name| self.stored(name, timeframe, ctx)).collect();
        }
        let mut files: BTreeMap<&str, &str> = BTreeMap::new();
        for text in &self.bars {
            let (name, file) = match text.split_once('=') {
                Some((name, file)) => (name, file),
                None => (names[0].as_str(), text.as_str()),
            };
            if !names.iter().any(|known| known == name) {
                let message = format!("--bars {text}: the strategy trades {}", names.join(", "));
                return Err(Failure::usage(message));
            }
            if files.insert(name, file).is_some() {
                let message =
                    format!("--bars {text}: bars of {name} are named twice; write SYMBOL=FILE");
                return Err(Failure::usage(message));
            }
        }
        names
            .iter()
            .map(|name| {
                let file = files.get(name.as_str()).ok_or_else(|| {
                    Failure::usage(format!("no bars of {name}: add --bars {name}=FILE.csv"))
                })?;
                let history = history::read(Path::new(file), Some(timeframe), self.calendar)?;
                self.market(name, history.calendar, history.bars)
            })
            .collect()
    }

    /// A symbol's bars from the data folder.
    fn stored(&self, name: &str, timeframe: Timeframe, ctx: &Context) -> Result<Market, Failure> {
        let missing = |_| {
            let message = format!(
                "no bars of {name}: name a file (--bars FILE.csv), or a data folder with stored bars \
                 (--data-dir DIR)"
            );
            Failure::new("no_bars", message)
        };
        let store = BarStore::open(&ctx.existing_data_dir().map_err(missing)?)?;
        let instrument =
            symbol::at_venue(&"sim".parse().map_err(|e| Failure::usage(format!("{e}")))?, name)?;
        let series = ::bars::Series { instrument, timeframe };
        let range = Timestamp(i64::MIN)..Timestamp(i64::MAX);
        let bars = store.iter(&series, range)?.collect::<Result<Vec<_>, _>>()?;
        if bars.is_empty() {
            return Err(Failure::new(
                "no_bars",
                format!(
                    "no bars of {series} are stored; name a file: --bars FILE.csv, or import one: \
                     cofferdam bars import FILE.csv --symbol {name} --timeframe {timeframe}"
                ),
            ));
        }
        let daily_at_midnight = bars.iter().all(|b| b.close_at.0 % 86_400_000_000_000 == 0);
        let kind = match self.calendar {
            Some(calendar) => calendar.calendar().kind(),
            None if timeframe == Timeframe::Day && !daily_at_midnight => CalendarKind::UsEquities,
            None => CalendarKind::AlwaysOpen,
        };
        self.market(name, kind, bars)
    }

    fn market(
        &self,
        name: &str,
        calendar: CalendarKind,
        bars: Vec<domain::Bar>,
    ) -> Result<Market, Failure> {
        let step = self.step.unwrap_or(match calendar {
            CalendarKind::UsEquities => qty(1, 0)?,
            CalendarKind::AlwaysOpen => qty(1, 6)?,
        });
        let tick = infer_tick(&bars).map(|found| found.tick);
        let tick: Price = tick.ok_or_else(|| Failure::usage(format!("{name} has no bars")))?;
        Ok(Market { symbol: name.to_owned(), calendar, tick, step, bars: bars.into() })
    }
}

fn qty(units: i64, decimals: u32) -> Result<Qty, Failure> {
    Qty::new(Decimal::new(units, decimals)).map_err(|e| Failure::usage(e.to_string()))
}
