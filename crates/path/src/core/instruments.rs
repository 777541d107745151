//! The rules of instruments, as the venue tells them.
//!
//! Rules that contradict themselves, or that would change what is in the books, are not taken over:
//! the old ones stay and a person is told. It must not know orders.

use domain::Instrument;

use super::Step;

/// So many instruments with refused rules are named one by one.
const REFUSED_MAX: usize = 1_000;

impl Step<'_> {
    pub(super) fn instrument_told(&mut self, instrument: Instrument) {
        let why = instrument.validate().err().map(|e| e.to_string());
        let Some(why) = why.or_else(|| self.unlike_holdings(&instrument)) else {
            self.core.live.refused_rules.remove(&instrument.id);
            return self.set_instrument(instrument);
        };
        let refused = &mut self.core.live.refused_rules;
        if refused.len() < REFUSED_MAX && refused.insert(instrument.id.clone()) {
            let text = format!("The rules of {} are not taken over: {why}.", instrument.id);
            self.alarm("instrument_invalid", text);
        }
    }

    /// What was booked under other terms can't be counted under these.
    fn unlike_holdings(&self, new: &Instrument) -> Option<String> {
        let old = self.state().instruments.get(&new.id)?;
        let like = old.quote == new.quote
            && old.multiplier == new.multiplier
            && old.asset_class.is_contract() == new.asset_class.is_contract();
        let booked = self.state().books.values().any(|b| b.positions.contains_key(&new.id));
        (booked && !like).then(|| {
            "currency, multiplier and being a contract can't change while it is in the books"
                .to_owned()
        })
    }
}
