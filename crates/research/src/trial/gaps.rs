//! What is missing in a trial's prices: stretches without a bar although the market was open.
//!
//! Nothing trades there and a day without a bar returns nothing, so that whoever reads the figures
//! must know of them. This module must not know how gaps are found.

use domain::Timestamp;

use super::{GAPS_MAX, Market, Trial};
use crate::stats::DataGap;

/// So many gaps are listed; all are counted.
const LISTED_MAX: usize = 100;

/// The gaps between bars that are traded and counted.
fn counted<'t>(trial: &'t Trial, market: &'t Market) -> impl Iterator<Item = &'t DataGap> {
    let from = trial.from.unwrap_or(Timestamp(i64::MIN));
    let last = market.bars.last().map(|bar| bar.open_at);
    market
        .gaps
        .iter()
        .filter(move |gap| gap.before >= from && last.is_some_and(|last| gap.before <= last))
}

/// The longest gaps, in the order of time.
pub(super) fn longest(trial: &Trial) -> Vec<DataGap> {
    let mut all: Vec<&DataGap> =
        trial.markets.iter().flat_map(|market| counted(trial, market)).collect();
    all.sort_by(|a, b| b.bars.cmp(&a.bars).then_with(|| a.after.cmp(&b.after)));
    all.truncate(LISTED_MAX);
    all.sort_by(|a, b| a.after.cmp(&b.after).then_with(|| a.symbol.cmp(&b.symbol)));
    all.into_iter().cloned().collect()
}

/// How much is missing, in words; nothing where nothing is.
pub(super) fn describe(trial: &Trial) -> Vec<String> {
    let words = |market: &Market| {
        let gaps: Vec<&DataGap> = counted(trial, market).collect();
        let longest = gaps.iter().max_by_key(|gap| gap.bars)?;
        let missing: u64 = gaps.iter().map(|gap| u64::from(gap.bars)).sum();
        let more = if market.gaps.len() >= GAPS_MAX { "at least " } else { "" };
        Some(format!(
            "{}: {more}{missing} bars are missing in {} stretches where the market was open; the \
             longest, of {}, from {} to {}. Nothing trades there, and a day without a bar returns \
             nothing.",
            market.symbol,
            gaps.len(),
            longest.bars,
            longest.after,
            longest.before,
        ))
    };
    trial.markets.iter().filter_map(words).collect()
}
