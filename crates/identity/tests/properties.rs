//! What must hold for every input.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod kit;

use identity::{Grants, IdentityError, SignIn, UserName, check_strength};
use kit::{House, attempt};
use proptest::prelude::*;

proptest! {
    #[test]
    fn no_text_is_a_cookie_or_a_key(text in ".{0,200}") {
        let (house, owner) = House::with_owner();
        prop_assume!(text != owner.token);
        prop_assert!(house.identity.by_cookie(&text).is_none());
        prop_assert!(house.identity.by_key(&text, None).is_none());
        let key = format!("cfd_{text}");
        prop_assert!(house.identity.by_key(&key, None).is_none());
    }

    #[test]
    fn a_changed_token_is_nobodys(at in 0_usize..400, byte in 0x21_u8..0x7f) {
        let (house, owner) = House::with_owner();
        let mut bytes = owner.token.clone().into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        prop_assert!(house.identity.by_cookie(&String::from_utf8(bytes).unwrap()).is_none());
    }

    #[test]
    fn accepted_names_keep_their_form(text in ".{0,40}") {
        if let Ok(name) = text.parse::<UserName>() {
            prop_assert_eq!(name.as_str().parse::<UserName>().unwrap(), name.clone());
            let principal = name.principal();
            prop_assert_eq!(principal.as_str(), name.as_str());
        }
    }

    #[test]
    fn short_passwords_are_never_good(text in ".{0,11}") {
        prop_assert!(check_strength("owner", &text).is_err());
    }

    #[test]
    fn whatever_is_tried_the_delay_is_bounded(steps in prop::collection::vec(0_i64..2_000, 1..60)) {
        let (house, _) = House::with_owner();
        for step in steps {
            let wrong = SignIn { password: "wrong but long".to_owned(), ..attempt("owner") };
            match house.identity.sign_in(&wrong) {
                Err(IdentityError::SignInDelayed { seconds }) => prop_assert!(seconds <= 900),
                Err(error) => prop_assert_eq!(error, IdentityError::SignInFailed),
                Ok(_) => prop_assert!(false, "a wrong password signed in"),
            }
            house.clock.go(step);
        }
        house.clock.go(900);
        prop_assert!(house.sign_in("owner").is_ok());
    }

    #[test]
    fn what_two_grants_share_is_within_both(a in grants(), b in grants()) {
        let both = a.and(&b);
        prop_assert!(both.within(&a) && both.within(&b));
        prop_assert_eq!(&both, &b.and(&a));
        for name in ["a", "b", "c"] {
            let account = domain::AccountId::new(name).unwrap();
            prop_assert_eq!(both.has(&account), a.has(&account) && b.has(&account));
        }
    }
}

fn grants() -> impl Strategy<Value = Grants> {
    let account = prop::sample::select(vec!["a", "b", "c"]);
    let account = account.prop_map(|name| domain::AccountId::new(name).unwrap());
    prop::option::of(prop::collection::btree_set(account, 0..3)).prop_map(Grants::of)
}
