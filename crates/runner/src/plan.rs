//! What stays the same of a run: its strategy, what it trades and reads, and who it asks as.
//!
//! It must not know bars or the account's books.

use std::{collections::BTreeMap, sync::Arc};

use domain::{AccountId, BookId, Instrument, InstrumentId, Origin, OriginKind, Principal};
use formula::Decimals;
use path::journal::StreamId;
use strategy::{Compiled, Rules, Strategy, Symbol, compile, read};

use crate::{
    brain::Brain,
    error::RunError,
    ports::Feeds,
    recall::Recall,
    record::{RunId, RunRecord},
};

/// A strategy of a run on a venue.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) run: RunId,
    pub(crate) account: AccountId,
    pub(crate) book: BookId,
    pub(crate) strategy: Arc<Strategy>,
    params: BTreeMap<String, f64>,
    started_seq: u64,
    /// What it trades.
    pub(crate) instruments: Vec<InstrumentId>,
    /// What it reads and doesn't trade.
    pub(crate) reads: Vec<InstrumentId>,
    /// By the strategy's name, what it trades first.
    names: Vec<(String, InstrumentId)>,
    pub(crate) origin: Origin,
}

/// The strategy of a text with its constants, checked.
pub(crate) fn checked(
    source: &str,
    params: &mut BTreeMap<String, f64>,
) -> Result<Strategy, RunError> {
    let strategy = read(source).map_err(|faults| {
        let fault = faults.0.first();
        let words = |f: &strategy::Fault| format!("{}:{} {}", f.line, f.column, f.message);
        let first = fault.map(words).unwrap_or_default();
        RunError::Strategy { count: faults.0.len(), first }
    })?;
    *params = strategy.chosen(params)?;
    Ok(strategy)
}

/// What a strategy's symbol is called on the desk.
fn instrument_id(symbol: &str, venue: &str) -> Option<InstrumentId> {
    let text = if symbol.contains(':') { symbol.to_owned() } else { format!("{venue}:{symbol}") };
    text.parse().ok()
}

fn compiled(strategy: &Strategy, params: &BTreeMap<String, f64>) -> Result<Compiled, RunError> {
    compile(strategy, params)
        .map_err(|(part, error)| RunError::Rule { key: part.key(), why: error.to_string() })
}

impl Plan {
    /// The plan of a record. `venue` completes the strategy's symbols.
    pub(crate) fn new(record: &mut RunRecord, venue: &str) -> Result<Self, RunError> {
        let strategy = Arc::new(checked(&record.source, &mut record.params)?);
        let compiled = compiled(&strategy, &record.params)?;
        let named = |name: &str| {
            let unknown = || unknown(&record.account, name);
            Ok((name.to_owned(), instrument_id(name, venue).ok_or_else(unknown)?))
        };
        let mut names: Vec<(String, InstrumentId)> =
            strategy.symbols.iter().map(|name| named(name)).collect::<Result<_, RunError>>()?;
        let instruments = names.iter().map(|(_, id)| id.clone()).collect();
        let mut reads = Vec::new();
        for name in compiled.plan.symbols() {
            if !strategy.symbols.iter().any(|traded| traded == name) {
                let one = named(name)?;
                reads.push(one.1.clone());
                names.push(one);
            }
        }
        Ok(Self {
            run: record.id.clone(),
            account: record.account.clone(),
            book: record.book.clone(),
            strategy,
            params: record.params.clone(),
            started_seq: record.started_seq,
            instruments,
            reads,
            names,
            origin: origin(record)?,
        })
    }

    /// The rules before their first bar. `rules_of` knows what the account trades.
    pub(crate) fn brain(
        &self,
        rules_of: &BTreeMap<InstrumentId, Instrument>,
        feeds: &dyn Feeds,
    ) -> Result<Brain, RunError> {
        let mut symbols = Vec::new();
        for (name, id) in &self.names {
            let rules = rules_of.get(id).ok_or_else(|| unknown(&self.account, name))?;
            let decimals = feeds.decimals(id, self.strategy.timeframe);
            symbols.push(symbol(name, rules, decimals, self.instruments.contains(id)));
        }
        let desk = strategy::Desk {
            account: self.account.clone(),
            book: self.book.clone(),
            origin: self.origin.clone(),
            prefix: format!("{}.", self.run),
        };
        let compiled = compiled(&self.strategy, &self.params)?;
        let rules = Rules::new(Arc::clone(&self.strategy), compiled, desk, symbols);
        let stream = StreamId::account(&self.account);
        let recall = Recall::new(stream, self.origin.principal.clone(), self.started_seq);
        Ok(Brain { rules, recall })
    }

    /// Everything on whose bars it rests.
    pub(crate) fn feeds_on(&self) -> impl Iterator<Item = &InstrumentId> {
        self.instruments.iter().chain(&self.reads)
    }
}

fn unknown(account: &AccountId, symbol: &str) -> RunError {
    RunError::UnknownSymbol { account: account.clone(), symbol: symbol.to_owned() }
}

/// Who a run asks as.
fn origin(record: &RunRecord) -> Result<Origin, RunError> {
    let principal = Principal::new(format!("strategy:{}", record.id))
        .map_err(|error| RunError::Store(error.to_string()))?;
    Ok(Origin::new(OriginKind::Strategy, principal).asked_by(record.by.clone()))
}

fn symbol(name: &str, rules: &Instrument, known: Option<Decimals>, traded: bool) -> Symbol {
    Symbol {
        name: name.to_owned(),
        instrument: rules.id.clone(),
        calendar: rules.calendar,
        decimals: known.unwrap_or_else(|| Decimals::of_grid(rules.tick, rules.step)),
        traded,
    }
}
