//! What other limits would have said to the entries that were cleared.
//!
//! A backtest under loose limits should tell how much of it the account's own would have allowed.
//! Nothing that is found here is recorded or decides anything.

use std::collections::BTreeMap;

use domain::{ClientOrderId, Intent, Limits};

use super::{Core, Step};
use crate::{
    budget::BudgetTable,
    codes::RefusalCode,
    gate::{self, Resolved, Verdict},
    verbs::RiskClass,
};

/// What other limits would have refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Compared {
    /// Entries that were cleared.
    pub entries: u64,
    /// Those of them that the other limits would have refused.
    pub refused: u64,
    /// How often each rule would have been broken; an entry may break several.
    pub codes: BTreeMap<RefusalCode, u64>,
}

/// Other limits and what they would have said so far.
#[derive(Debug, Clone)]
pub(super) struct Second {
    limits: Limits,
    found: Compared,
}

impl Core {
    /// From now on every entry that is cleared is also judged as if these were the account's
    /// limits; `None` ends that. State is what it came to under the account's own limits, so a
    /// latch that the others would have closed is not closed.
    pub fn compare_with(&mut self, limits: Option<Limits>) {
        self.second = limits.map(|limits| Second { limits, found: Compared::default() });
    }

    /// What the other limits would have refused; `None` without such.
    #[must_use]
    pub fn compared(&self) -> Option<&Compared> {
        self.second.as_ref().map(|second| &second.found)
    }
}

impl Step<'_> {
    /// Judges what was cleared under the other limits, if there are any.
    pub(super) fn judge_again(&mut self, intent: &Intent, resolved: &Resolved, id: &ClientOrderId) {
        if resolved.class != RiskClass::Entry {
            return;
        }
        let Some(mut second) = self.core.second.take() else { return };
        std::mem::swap(&mut self.core.state.limits, &mut second.limits);
        // The desk's own limits have been asked, and keep what they were told.
        let mut nobody = BudgetTable::default();
        let ctx = self.core.context(self.now);
        let verdict = gate::judge(&ctx, intent, resolved, id, true, &mut nobody);
        std::mem::swap(&mut self.core.state.limits, &mut second.limits);
        second.found.entries += 1;
        if let Verdict::Refused(refusals) = verdict {
            second.found.refused += 1;
            for refusal in refusals {
                *second.found.codes.entry(refusal.code).or_default() += 1;
            }
        }
        self.core.second = Some(second);
    }
}
