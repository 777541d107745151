//! An idempotency key means one thing: the same content gets the same order, another a conflict.

use std::collections::BTreeMap;

use domain::{ClientOrderId, Nanos};
use path::{codes::RefusalCode, core::Reply};
use proptest::prelude::*;

use super::common::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_key_means_one_thing(
        asks in proptest::collection::vec((0_u8..4, 1_u8..4, 0_u8..2, any::<bool>()), 1..40),
    ) {
        let mut desk = Desk::new();
        let mut known: BTreeMap<(u8, u8), (u8, ClientOrderId)> = BTreeMap::new();
        for (n, (key, size, who, restart)) in asks.into_iter().enumerate() {
            if restart {
                desk.restart_and_connect();
            }
            let by = if who == 0 { anna() } else { agent() };
            let intent = buy(&size.to_string()).limit("99").by(by).key(&format!("k{key}"));
            let sent = desk.sent.len();
            let reply = desk.ask(intent.named(&format!("n{n}")));
            match known.get(&(who, key)) {
                None => {
                    let Reply::Recorded { order, replayed: false, .. } = reply else {
                        panic!("a new key makes an order: {reply:?}")
                    };
                    prop_assert_eq!(desk.sent.len(), sent + 1);
                    known.insert((who, key), (size, order));
                }
                Some((same, order)) if *same == size => {
                    let Reply::Recorded { order: again, replayed: true, qty: amount, .. } = reply
                    else {
                        panic!("the same key and content is the same order: {reply:?}")
                    };
                    prop_assert_eq!(&again, order);
                    prop_assert_eq!(amount, qty(&size.to_string()));
                    prop_assert_eq!(desk.sent.len(), sent);
                }
                Some(_) => {
                    prop_assert_eq!(codes_of(&reply), [RefusalCode::IdempotencyConflict]);
                    prop_assert_eq!(desk.sent.len(), sent);
                }
            }
            desk.advance(Nanos::from_secs(1));
        }
        desk.assert_folds();
        desk.assert_sent_once();
    }
}
