//! What every command about a strategy over history takes: the file, its bars, money and costs.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use ::bars::BarStore;
use ::research::{
    trial::{Market, Trial, TrialError, instrument_id},
    wanted::Wanted,
};
use ::strategy::{FILE_MAX, Strategy};
use clap::Args;
use domain::{AccountId, CalendarKind, Edge, Qty, Timeframe, Timestamp};
use rust_decimal::Decimal;

use super::{events, limits};
use crate::{
    cli::{
        bars::CalendarArg, context::Context, failure::Failure, files, formulas::param, history,
        values,
    },
    markets,
};

/// The strategy, its bars, money and costs.
#[derive(Debug, Args)]
pub(crate) struct TrialArgs {
    /// The strategy file
    #[arg(value_name = "STRATEGY.toml")]
    pub(super) strategy: PathBuf,
    /// Bars from a file: FILE.csv, or SYMBOL=FILE.csv; can be given several times. Without it they
    /// are read from the data folder
    #[arg(long, value_name = "[SYMBOL=]FILE")]
    pub(super) bars: Vec<String>,
    /// Splits of bars whose prices are as they were traded: FILE.csv with symbol,date,ratio for all
    /// symbols, or SYMBOL=FILE.csv, also with date,ratio; can be given several times
    #[arg(long, value_name = "[SYMBOL=]FILE")]
    pub(super) splits: Vec<String>,
    /// Trade a symbol as a perpetual contract without leverage that pays funding: FILE.csv or
    /// SYMBOL=FILE.csv with time,rate, the share of the value that longs pay to shorts
    #[arg(long, value_name = "[SYMBOL=]FILE")]
    pub(super) funding: Vec<String>,
    /// Trade these symbols instead of the strategy's; can be given several times
    #[arg(long, value_name = "SYMBOL")]
    pub(super) symbol: Vec<String>,
    /// When the market trades; found out from the bars when it isn't named
    #[arg(long, value_enum)]
    pub(super) calendar: Option<CalendarArg>,
    /// Trade and count only from here on: a day in UTC (2010-01-31), or an instant
    /// (2010-01-31T15:30:00Z) after which bars close. Bars before only warm the rules up
    #[arg(long, value_name = "DATE", value_parser = values::edge)]
    pub(super) from: Option<Edge>,
    /// Leave out what comes after: a day in UTC, which counts whole, or the last instant at which a
    /// bar may close
    #[arg(long, value_name = "DATE", value_parser = values::edge)]
    pub(super) until: Option<Edge>,
    /// Another value for a parameter of the strategy; can be given several times
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    pub(super) params: Vec<(String, f64)>,
    /// What the account begins with, in US dollars
    #[arg(long, default_value = "10000", value_name = "MONEY", value_parser = values::cash,
          allow_negative_numbers = true)]
    pub(super) cash: Decimal,
    /// Fee of each fill as a share of its value: 0.001 is 0.1 %
    #[arg(long, default_value = "0.001", value_name = "SHARE", value_parser = values::fee,
          allow_negative_numbers = true)]
    pub(super) fee: Decimal,
    /// By how many hundredths of a per cent market and stop orders fill worse
    #[arg(long, default_value = "0", value_name = "BPS", value_parser = values::slippage_bps,
          allow_negative_numbers = true)]
    pub(super) slippage_bps: Decimal,
    /// Distance from bid to ask in hundredths of a per cent
    #[arg(long, default_value = "0", value_name = "BPS", value_parser = values::spread_bps,
          allow_negative_numbers = true)]
    pub(super) spread_bps: Decimal,
    /// What shorts owe a year, as a share of their value
    #[arg(long, default_value = "0", value_name = "SHARE", value_parser = values::borrow_rate,
          allow_negative_numbers = true)]
    pub(super) borrow_rate: Decimal,
    /// Quantities are multiples of this: 1 for stocks, 0.000001 round the clock
    #[arg(long, value_name = "QTY", value_parser = values::step, allow_negative_numbers = true)]
    pub(super) step: Option<Qty>,
    /// The limits in force: research (venue rules and buying power only) or a preset
    #[arg(long, default_value = "research", value_name = "PROFILE")]
    pub(super) limits: String,
    /// The limits in force: those of an account, read from the journal of the data folder or
    /// database; no desk has to run
    #[arg(long, value_name = "ACCOUNT", conflicts_with = "limits")]
    pub(super) limits_of: Option<AccountId>,
    /// A preset whose limits are asked besides, without effect; `none` for no question
    #[arg(long, value_name = "PRESET")]
    pub(super) compare: Option<String>,
    /// Seed of everything that is drawn
    #[arg(long, default_value_t = 1, value_parser = values::seed, allow_negative_numbers = true)]
    pub(super) seed: u64,
}

/// The text of a strategy file.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    files::text(path, "a strategy", FILE_MAX)
}

/// Reads a strategy file.
pub(super) fn strategy(path: &Path) -> Result<Strategy, Failure> {
    let text = text(path)?;
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

/// What is wrong, with the option that says it.
fn refused(error: &TrialError) -> Failure {
    match (error, error.field()) {
        (TrialError::Rule { key, error }, _) => {
            Failure::new(error.code.name(), format!("{key}: {error}"))
        }
        (_, Some(_)) => Failure::usage(error.to_string()),
        (_, None) => Failure::new(error.code(), error.to_string()),
    }
}

impl TrialArgs {
    /// The seed of everything that is drawn.
    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }

    /// The files that are read.
    pub(super) fn inputs(&self) -> Vec<PathBuf> {
        let file = |text: &String| {
            PathBuf::from(text.split_once('=').map_or(text.as_str(), |(_, file)| file))
        };
        let named = [&self.bars, &self.splits, &self.funding].into_iter().flatten().map(file);
        std::iter::once(self.strategy.clone()).chain(named).collect()
    }

    /// The parameters that were given a value.
    pub(super) fn named_params(&self) -> Vec<String> {
        self.params.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Everything that a trial rests on.
    pub(super) fn trial(&self, ctx: &Context) -> Result<Trial, Failure> {
        self.trial_of(strategy(&self.strategy)?, ctx)
    }

    /// Everything that a trial of a strategy that was read already rests on.
    pub(super) fn trial_of(&self, mut strategy: Strategy, ctx: &Context) -> Result<Trial, Failure> {
        if !self.symbol.is_empty() {
            self.check_symbols()?;
            strategy.symbols.clone_from(&self.symbol);
        }
        let timeframe = strategy.timeframe;
        let wanted = Wanted {
            params: self.params.iter().cloned().collect(),
            cash: self.cash,
            fee: self.fee,
            slippage_bps: self.slippage_bps,
            spread_bps: self.spread_bps,
            borrow_rate: self.borrow_rate,
            limits: self.limits.clone(),
            standing: self.limits_of.as_ref().map(|id| limits::of(id, ctx)).transpose()?,
            compare: self.compare.clone(),
            seed: self.seed,
            from: self.from.map(Edge::first),
            until: self.until.map(Edge::last),
            ..Wanted::new(Arc::new(strategy))
        };
        wanted.check().map_err(|error| refused(&error))?;
        let names = wanted.symbols().map_err(|error| refused(&error))?;
        let markets = self.markets(&names, timeframe, ctx)?;
        let markets = events::add((&self.splits, &self.funding), &names, markets)?;
        wanted.trial(markets).map_err(|error| refused(&error))
    }

    fn check_symbols(&self) -> Result<(), Failure> {
        for (n, symbol) in self.symbol.iter().enumerate() {
            let known = instrument_id(symbol);
            known.map_err(|error| {
                Failure::usage(format!(
                    "--symbol {symbol}: {error}; write for example IBM, BTC/USD or sim:IBM"
                ))
            })?;
            if self.symbol[..n].contains(symbol) {
                let message = format!("--symbol {symbol}: it is named twice; name it once");
                return Err(Failure::usage(message));
            }
        }
        Ok(())
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
        let files = events::bars(&self.bars, names)?;
        names
            .iter()
            .map(|name| {
                let file = files.get(name.as_str()).ok_or_else(|| {
                    Failure::usage(format!("no bars of {name}: add --bars {name}=FILE.csv"))
                })?;
                let history = history::read(Path::new(file), Some(timeframe), self.calendar)?;
                self.market(name, (history.calendar, timeframe), history.bars)
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
        let series = markets::series(name, timeframe).map_err(Failure::usage)?;
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
        let named = self.calendar.map(|calendar| calendar.calendar().kind());
        let calendar = named.unwrap_or_else(|| markets::calendar(&bars, timeframe));
        self.market(name, (calendar, timeframe), bars)
    }

    fn market(
        &self,
        name: &str,
        calendar: (CalendarKind, Timeframe),
        bars: Vec<domain::Bar>,
    ) -> Result<Market, Failure> {
        markets::market(name, calendar, self.step, bars)
            .ok_or_else(|| Failure::usage(format!("{name} has no bars")))
    }
}
