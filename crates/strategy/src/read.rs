//! From a file's text to a strategy, or to all that is wrong with it.
//!
//! This module must not know where the text is from.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use domain::{InstrumentId, Percent, Qty, Size, Timeframe, VenueId};
use formula::{Env, parse};
use rust_decimal::{Decimal, prelude::FromPrimitive};
use sha2::{Digest, Sha256};
use toml::Spanned;

use crate::{
    compile::compile,
    declared::{self, Declared, can_be_named},
    fault::{Faults, Findings},
    file::{Exit, File, Sizing, Text},
    shape,
    strategy::{Part, Rule, Strategy},
};

/// The longest file, in bytes.
pub const FILE_MAX: usize = 64 * 1_024;
/// The most symbols of a strategy.
pub const SYMBOLS_MAX: usize = 100;
/// The most characters of a name.
const NAME_CHARS_MAX: usize = 80;
/// The most named formulas of a strategy.
pub const FORMULAS_MAX: usize = 64;
/// The most entries of a position.
pub const ENTRIES_MAX: i64 = 50;
/// The most bars that a position may be held for.
pub const BARS_MAX: i64 = 1_000_000;

/// Reads a strategy.
///
/// # Errors
/// [`Faults`]: all that is wrong, each with its place. A file that is no TOML has one.
pub fn read(text: &str) -> Result<Strategy, Faults> {
    let mut findings = Findings::new(text);
    if text.len() > FILE_MAX {
        let message = format!("The file has {} bytes; {FILE_MAX} are allowed.", text.len());
        findings.add("file_too_large", "", 0..1, message, "");
        return Err(Faults(findings.found));
    }
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let span = error.span().unwrap_or(0..1);
            let (message, help) = (shape::message(error.message()), shape::help(error.message()));
            findings.add("file_invalid", "", span, message, help);
            return Err(Faults(findings.found));
        }
    };
    let strategy = checked(&file, text, &mut findings);
    match strategy {
        Some(strategy) if findings.found.is_empty() => Ok(strategy),
        _ => Err(Faults(findings.found)),
    }
}

fn checked(file: &File, text: &str, findings: &mut Findings<'_>) -> Option<Strategy> {
    name(&file.name, findings);
    let description = file.description.as_ref().map(|text| description(text, findings));
    let symbols = symbols(&file.symbols, findings);
    let timeframe = timeframe(&file.timeframe, findings);
    let Declared { params, mut wrong } = declared::read(file, findings);
    let formulas = formulas(file, findings);
    let rules = rules(file, findings);
    let exit_bars = whole("exit.bars", file.exit.bars.as_ref(), BARS_MAX, findings);
    let size = size(&file.size, &file.exit, findings);
    let entries = file.pyramid.as_ref().map(|p| &p.entries);
    let entries = whole("pyramid.entries", entries, ENTRIES_MAX, findings);
    let most = file.portfolio.max_positions.as_ref();
    let most = whole("portfolio.max_positions", most, 1_000, findings);
    let strategy = Strategy {
        name: file.name.get_ref().trim().to_owned(),
        description: description.unwrap_or_default(),
        symbols,
        timeframe: timeframe?,
        params,
        formulas,
        rules,
        exit_bars,
        size: size.unwrap_or(Size::Quantity(Qty::ZERO)),
        entries: entries.unwrap_or(1),
        max_positions: most,
        hash: hash(text),
    };
    taint(file, &mut wrong);
    formulas_mean_something(&strategy, file, &wrong, findings);
    Some(strategy)
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// True for characters that nobody sees, and that let a text look like another.
fn is_hidden(c: char) -> bool {
    let invisible = ['\u{61c}', '\u{ad}', '\u{feff}', '\u{2028}', '\u{2029}'];
    c.is_control()
        || invisible.contains(&c)
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

/// What is wrong with a text that has hidden characters beyond those that are allowed.
fn hidden(what: &str, text: &str, allowed: &[char]) -> Option<String> {
    let hidden = text.chars().find(|c| is_hidden(*c) && !allowed.contains(c))?;
    Some(format!(
        "{what} has no control characters and none that change the direction of text or take no \
         room; this one has U+{:04X}.",
        u32::from(hidden)
    ))
}

fn name(name: &Text, findings: &mut Findings<'_>) {
    let text = name.get_ref().trim();
    if text.is_empty() || text.chars().count() > NAME_CHARS_MAX {
        let message = format!("A name has 1 to {NAME_CHARS_MAX} characters.");
        findings.add("name_invalid", "name", name.span(), message, "Give it a short name.");
    } else if let Some(message) = hidden("A name", text, &[]) {
        findings.add("name_invalid", "name", name.span(), message, "Type the name anew.");
    }
}

fn description(text: &Text, findings: &mut Findings<'_>) -> String {
    if let Some(message) = hidden("A description", text.get_ref(), &['\n', '\r', '\t']) {
        let help = "Type the description anew.";
        findings.add("description_invalid", "description", text.span(), message, help);
    }
    text.get_ref().trim().to_owned()
}

/// True for what the desk takes as a symbol, with or without a venue.
fn is_symbol(text: &str) -> bool {
    let (venue, symbol) = text.split_once(':').unwrap_or(("sim", text));
    VenueId::new(venue).is_ok_and(|venue| InstrumentId::new(&venue, symbol).is_ok())
}

fn symbols(list: &Spanned<Vec<Text>>, findings: &mut Findings<'_>) -> Vec<String> {
    let count = list.get_ref().len();
    if count == 0 || count > SYMBOLS_MAX {
        let message = format!("A strategy trades 1 to {SYMBOLS_MAX} symbols, not {count}.");
        let help = "Write for example symbols = [\"IBM\"].";
        findings.add("symbols_invalid", "symbols", list.span(), message, help);
    }
    let mut symbols: Vec<String> = Vec::with_capacity(count);
    for symbol in list.get_ref() {
        let text = symbol.get_ref();
        if !is_symbol(text) {
            let message = format!("`{}` is no symbol.", text.chars().take(40).collect::<String>());
            let help = "Symbols have at most 32 letters, digits and signs of -_./, such as IBM or \
                        BTC/USD, with the venue before a colon: sim:IBM.";
            findings.add("symbols_invalid", "symbols", symbol.span(), message, help);
        } else if symbols.contains(text) {
            let message = format!("`{text}` is there twice.");
            findings.add("symbols_invalid", "symbols", symbol.span(), message, "Delete one.");
        } else {
            symbols.push(text.clone());
        }
    }
    symbols
}

fn timeframe(text: &Text, findings: &mut Findings<'_>) -> Option<Timeframe> {
    match text.get_ref().parse() {
        Ok(timeframe) => Some(timeframe),
        Err(error) => {
            let (message, help) = (format!("{error}."), "Write for example timeframe = \"1h\".");
            findings.add("timeframe_invalid", "timeframe", text.span(), message, help);
            None
        }
    }
}

fn formulas(file: &File, findings: &mut Findings<'_>) -> BTreeMap<String, Rule> {
    let mut rules = BTreeMap::new();
    if file.formulas.len() > FORMULAS_MAX {
        let message = format!("A strategy has at most {FORMULAS_MAX} named formulas.");
        findings.add("too_many", "formulas", 0..1, message, "Join some of them.");
    }
    for (name, text) in &file.formulas {
        let key = format!("formulas.{name}");
        let taken = file.params.contains_key(name).then(|| format!("`{name}` is a parameter too."));
        if let Some(message) = can_be_named(name).err().or(taken) {
            findings.add("name_invalid", &key, text.span(), message, "Choose another name.");
        } else if let Some(rule) = rule(&key, text, findings) {
            rules.insert(name.clone(), rule);
        }
    }
    rules
}

fn rule(key: &str, text: &Text, findings: &mut Findings<'_>) -> Option<Rule> {
    match parse(text.get_ref()) {
        Ok(expr) => Some(Rule { text: text.get_ref().clone(), expr }),
        Err(error) => {
            findings.formula(key, text.span(), &error);
            None
        }
    }
}

/// The texts of all rules that the file has.
fn written(file: &File) -> impl Iterator<Item = (Part, &Text)> {
    let (entry, exit) = (file.entry.get_ref(), &file.exit);
    [
        (Part::EntryLong, &entry.long),
        (Part::EntryShort, &entry.short),
        (Part::ExitLong, &exit.long),
        (Part::ExitShort, &exit.short),
        (Part::Stop, &exit.stop),
        (Part::Target, &exit.target),
        (Part::Trail, &exit.trail),
        (Part::BreakEven, &exit.break_even),
    ]
    .into_iter()
    .filter_map(|(part, text)| Some((part, text.as_ref()?)))
}

fn rules(file: &File, findings: &mut Findings<'_>) -> BTreeMap<Part, Rule> {
    let entry = file.entry.get_ref();
    if entry.long.is_none() && entry.short.is_none() {
        let message = "A strategy needs a rule to open a position.";
        let help = "Write long = \"…\" or short = \"…\" under [entry].";
        findings.add("entry_missing", "entry", file.entry.span(), message, help);
    }
    for (exit, entry, key) in [
        (&file.exit.long, &entry.long, "exit.long"),
        (&file.exit.short, &entry.short, "exit.short"),
    ] {
        if let (Some(exit), None) = (exit, entry) {
            let message = "This closes positions that no rule opens.";
            let help = "Delete it, or add the entry of the same side.";
            findings.add("exit_without_entry", key, exit.span(), message, help);
        }
    }
    let mut rules = BTreeMap::new();
    for (part, text) in written(file) {
        if let Some(rule) = rule(part.key(), text, findings) {
            rules.insert(part, rule);
        }
    }
    rules
}

fn whole(
    key: &str,
    value: Option<&Spanned<i64>>,
    most: i64,
    findings: &mut Findings<'_>,
) -> Option<u32> {
    let spanned = value?;
    let number = *spanned.get_ref();
    if !(1..=most).contains(&number) {
        let message = format!("{number} is not a whole number from 1 to {most}.");
        findings.add("out_of_range", key, spanned.span(), message, "Write one in this range.");
        return None;
    }
    u32::try_from(number).ok()
}

/// One way to say how much: its key, its value, and how a value becomes a size.
type Mode<'f> = (&'static str, &'f Option<Spanned<f64>>, fn(Decimal) -> Option<Size>);

fn size(sizing: &Spanned<Sizing>, exit: &Exit, findings: &mut Findings<'_>) -> Option<Size> {
    let s = sizing.get_ref();
    let percent = |d: Decimal| Percent::new(d).ok().filter(|p| p.get() <= Decimal::ONE_THOUSAND);
    let modes: [Mode<'_>; 4] = [
        ("size.quantity", &s.quantity, |d| Qty::new(d).ok().map(Size::Quantity)),
        ("size.notional", &s.notional, |d| Qty::new(d).ok().map(Size::Notional)),
        ("size.percent_equity", &s.percent_equity, |d| {
            Percent::new(d).ok().map(Size::PercentEquity)
        }),
        ("size.risk_percent", &s.risk_percent, |d| Percent::new(d).ok().map(Size::RiskPercent)),
    ];
    let given: Vec<&Mode<'_>> = modes.iter().filter(|(_, value, _)| value.is_some()).collect();
    let [(key, Some(value), make)] = given[..] else {
        let message = format!("[size] needs exactly one key, not {}.", given.len());
        let help = "Write one of quantity, notional, percent_equity, risk_percent.";
        findings.add("size_invalid", "size", sizing.span(), message, help);
        return None;
    };
    let number = *value.get_ref();
    let exact = Decimal::from_f64(number).map(|d| d.round_dp(12)).filter(|d| !d.is_zero());
    let small = key.ends_with("quantity") || key.ends_with("notional");
    let made = exact.filter(|d| small || percent(*d).is_some()).and_then(make);
    if made.is_none() {
        let rule = if small { "above 0" } else { "above 0 and at most 1000 (per cent)" };
        let message = format!("{number} is no size: it must be {rule}.");
        findings.add("size_invalid", key, value.span(), message, "Write another number.");
    }
    if matches!(made, Some(Size::RiskPercent(_))) && exit.stop.is_none() && exit.trail.is_none() {
        let message = "A size by risk needs a stop.";
        let help = "Write stop = \"2 * atr(14)\" under [exit], or size by percent_equity.";
        findings.add("risk_needs_stop", key, value.span(), message, help);
    }
    made
}

/// Adds the formulas that read what is wrong, directly or through others.
fn taint(file: &File, wrong: &mut BTreeSet<String>) {
    loop {
        let new: Vec<String> = file
            .formulas
            .iter()
            .filter(|(name, text)| !wrong.contains(*name) && reads(text.get_ref(), wrong))
            .map(|(name, _)| name.clone())
            .collect();
        if new.is_empty() {
            return;
        }
        wrong.extend(new);
    }
}

fn reads(text: &str, names: &BTreeSet<String>) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !word(c)).any(|one| names.contains(one))
}

/// Checks every formula with the parameters at their defaults and at both ends. What reads one of
/// `wrong` is passed over: its fault would only follow from another.
fn formulas_mean_something(
    strategy: &Strategy,
    file: &File,
    wrong: &BTreeSet<String>,
    findings: &mut Findings<'_>,
) {
    let env = |position| Env {
        params: strategy.defaults(),
        formulas: strategy.formulas.iter().map(|(n, r)| (n.clone(), r.expr.clone())).collect(),
        timeframe: Some(strategy.timeframe),
        position,
        symbols: None,
    };
    let before = findings.found.len();
    for (name, text) in &file.formulas {
        if strategy.formulas.contains_key(name)
            && !wrong.contains(name)
            && let Err(error) = formula::check(text.get_ref(), &env(true))
        {
            findings.formula(&format!("formulas.{name}"), text.span(), &error);
        }
    }
    let sound = findings.found.len() == before;
    for (part, text) in written(file).filter(|(part, _)| strategy.rules.contains_key(part)) {
        // A rule over a wrong formula would repeat that formula's fault.
        if !reads(text.get_ref(), wrong)
            && (sound || !names_a_formula(text.get_ref(), strategy))
            && let Err(error) =
                part_is_right(part, text.get_ref(), &env(!part.is_distance_of_entry()))
        {
            findings.formula(part.key(), text.span(), &error);
        }
    }
    if findings.found.is_empty() {
        ends(strategy, file, findings);
    }
}

fn names_a_formula(text: &str, strategy: &Strategy) -> bool {
    strategy.formulas.keys().any(|name| text.contains(name.as_str()))
}

fn part_is_right(part: Part, text: &str, env: &Env) -> Result<(), formula::Diagnostic> {
    let mut compiler = formula::Compiler::new(env.clone());
    if part.is_condition() {
        compiler.add_condition(text).map(|_| ())
    } else {
        compiler.add_number(text).map(|_| ())
    }
}

/// A parameter at an end of its range must not make a formula wrong.
fn ends(strategy: &Strategy, file: &File, findings: &mut Findings<'_>) {
    for (name, spec) in &strategy.params {
        for value in [spec.min, spec.max] {
            let mut params = strategy.defaults();
            params.insert(name.clone(), value);
            if let Err((part, error)) = compile(strategy, &params) {
                let span: Range<usize> = file.params.get(name).map_or(0..1, Spanned::span);
                let message = format!("With {name} = {value}, {} is wrong: {error}", part.key());
                let help = "Narrow the range from min to max.";
                findings.add("param_range", &format!("params.{name}"), span, message, help);
                return;
            }
        }
    }
}
