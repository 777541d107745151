//! The file as it is written: tables and keys, with their places.
//!
//! This module must not know what formulas mean.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// A text with its place.
pub(crate) type Text = Spanned<String>;

/// A strategy file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) name: Text,
    #[serde(default)]
    pub(crate) description: Option<Text>,
    pub(crate) symbols: Spanned<Vec<Text>>,
    pub(crate) timeframe: Text,
    #[serde(default)]
    pub(crate) params: BTreeMap<String, Spanned<Param>>,
    #[serde(default)]
    pub(crate) formulas: BTreeMap<String, Text>,
    pub(crate) entry: Spanned<Entry>,
    #[serde(default)]
    pub(crate) exit: Exit,
    pub(crate) size: Spanned<Sizing>,
    #[serde(default)]
    pub(crate) pyramid: Option<Pyramid>,
    #[serde(default)]
    pub(crate) portfolio: Portfolio,
}

/// A constant of the formulas.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Param {
    pub(crate) default: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    #[serde(default)]
    pub(crate) step: Option<f64>,
}

/// When to open.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) long: Option<Text>,
    pub(crate) short: Option<Text>,
}

/// When to close, and what protects.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Exit {
    pub(crate) long: Option<Text>,
    pub(crate) short: Option<Text>,
    pub(crate) stop: Option<Text>,
    pub(crate) target: Option<Text>,
    pub(crate) trail: Option<Text>,
    pub(crate) break_even: Option<Text>,
    pub(crate) bars: Option<Spanned<i64>>,
}

/// How much: exactly one key.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sizing {
    pub(crate) quantity: Option<Spanned<f64>>,
    pub(crate) notional: Option<Spanned<f64>>,
    pub(crate) percent_equity: Option<Spanned<f64>>,
    pub(crate) risk_percent: Option<Spanned<f64>>,
}

/// Adding to a position.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pyramid {
    pub(crate) entries: Spanned<i64>,
}

/// What holds over all symbols.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Portfolio {
    pub(crate) max_positions: Option<Spanned<i64>>,
}
