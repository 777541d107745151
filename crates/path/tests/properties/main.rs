//! Proves by random play what must hold always: events survive the journal, the fold is the
//! state, exits never exceed the position, keys mean one thing, budgets hold, and no message of a
//! venue, however hostile, breaks the desk or brings an order back to life.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod keys;
mod storms;

use common::{build::account, dice::Dice};
use domain::AccountId;
use path::{
    budget::{BudgetTable, DeskBudget, DeskLimits, DeskUse},
    event::Event,
    journal::Hash,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_event_survives_the_journal(seed in any::<u64>(), kind in 0..Event::KINDS.len()) {
        let event = Dice::new(seed).event(Event::KINDS[kind]);
        let body = event.body().unwrap();
        let decoded = Event::decode(event.kind(), event.version(), &body).unwrap();
        prop_assert_eq!(&decoded, &event);
        prop_assert_eq!(decoded.body().unwrap(), body, "the hash is over these bytes");
    }

    #[test]
    fn hashes_read_as_they_are_written(bytes in any::<[u8; 32]>()) {
        let hash = Hash(bytes);
        prop_assert_eq!(hash.to_string().parse::<Hash>().unwrap(), hash);
    }

    #[test]
    fn the_budget_never_exceeds_its_limits(
        limits in (0_i64..2_000, 0_i64..2_000, 0_u32..20),
        asks in proptest::collection::vec((0_u8..4, 0_i64..800, 0_i64..800, 0_u32..8), 1..60),
    ) {
        let limits = DeskLimits {
            gross_exposure: Some(Decimal::from(limits.0)),
            daily_entry_notional: Some(Decimal::from(limits.1)),
            open_orders: Some(limits.2),
            ..DeskLimits::default()
        };
        let mut table = BudgetTable::new(limits.clone());
        for (who, gross, entries, open_orders) in asks {
            let account = AccountId::new(format!("a{who}")).unwrap();
            let usage = DeskUse {
                gross_exposure: Decimal::from(gross),
                entries_notional: Decimal::from(entries),
                open_orders,
                ..DeskUse::default()
            };
            let before = table.total();
            if table.reserve(&account, usage).is_err() {
                prop_assert_eq!(table.total(), before, "a refusal changes nothing");
            }
            let total = table.total();
            prop_assert!(Some(total.gross_exposure) <= limits.gross_exposure);
            prop_assert!(Some(total.entries_notional) <= limits.daily_entry_notional);
            prop_assert!(Some(total.open_orders) <= limits.open_orders);
        }
    }

    #[test]
    fn what_an_account_publishes_replaces_what_it_reserved(gross in 0_i64..1_000, less in 0_i64..1_000) {
        let mut table = BudgetTable::new(DeskLimits::default());
        let usage = |n: i64| DeskUse { gross_exposure: Decimal::from(n), ..DeskUse::default() };
        table.reserve(&account(), usage(gross)).unwrap();
        table.publish(&account(), usage(less));
        prop_assert_eq!(table.total(), usage(less));
    }
}
