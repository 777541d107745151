//! To whom belongs what no account has: kept strategies, and runs over past prices.
//!
//! A person and the keys that the person minted are one owner, so another key gains nobody more
//! room. Who has every account reaches everything, as whoever runs the desk must. It must not know
//! what is owned.

use std::{fmt, str::FromStr};

use crate::{
    Identity,
    grants::Grants,
    ids::UserId,
    names::UserName,
    rights::{Caller, Who},
};

/// Who owns something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// Whoever runs the machine: the bootstrap key, and the machine's keys for every account.
    Operator,
    /// A person, in any session and by any key.
    User(UserId),
    /// The machine's keys of this name that are for some accounts. A name of keys is one owner's for
    /// ever, so a key that follows one that ended goes on with what that one had.
    Key(UserName),
}

/// Why a text names no owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an owner is `operator`, `user/` and an id, or `key/` and a name")]
pub struct OwnerInvalid;

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::User(id) => write!(f, "user/{id}"),
            Self::Key(name) => write!(f, "key/{name}"),
        }
    }
}

impl FromStr for Owner {
    type Err = OwnerInvalid;

    fn from_str(text: &str) -> Result<Self, OwnerInvalid> {
        match text.split_once('/') {
            None if text == "operator" => Ok(Self::Operator),
            Some(("user", id)) => id.parse().map(Self::User).map_err(|_| OwnerInvalid),
            Some(("key", name)) => name.parse().map(Self::Key).map_err(|_| OwnerInvalid),
            _ => Err(OwnerInvalid),
        }
    }
}

/// Whose things a caller makes, and whose a caller reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// What the caller makes belongs to this one.
    pub owner: Owner,
    /// True when the caller reaches everybody's, and not only the owner's.
    pub everything: bool,
}

impl Reach {
    /// True when something of this owner is reached.
    #[must_use]
    pub fn has(&self, owner: &Owner) -> bool {
        self.everything || self.owner == *owner
    }
}

impl Caller {
    /// What this caller reaches of what no account has.
    #[must_use]
    pub fn reach(&self) -> Reach {
        let everything = self.grants == Grants::All;
        let owner = match &self.who {
            Who::Person { user, .. } => Owner::User(user.id.clone()),
            Who::Key { owner: Some(owner), .. } => Owner::User(owner.clone()),
            Who::Key { name, owner: None, .. } if !everything => Owner::Key(name.clone()),
            Who::Key { .. } | Who::Bootstrap => Owner::Operator,
        };
        Reach { owner, everything }
    }
}

impl Identity {
    /// The owner as the journal names who asks: a person by name, a key by `key:` and its name.
    #[must_use]
    pub fn owner_name(&self, owner: &Owner) -> String {
        match owner {
            Owner::Operator => owner.to_string(),
            Owner::Key(name) => name.key_principal().to_string(),
            Owner::User(id) => match self.directory().users.get(id) {
                Some(user) => user.name.to_string(),
                None => owner.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::KeyId,
        rights::{Rights, Scope},
    };

    fn user() -> UserId {
        UserId::from_random([0xab; 8])
    }

    fn key(owner: Option<UserId>, grants: Grants) -> Caller {
        let id = KeyId::from_random([1; 6]);
        let who = Who::Key { id, name: "bot".parse().unwrap(), owner };
        Caller { who, rights: Rights::Key([Scope::Trade].into(), None), grants }
    }

    #[test]
    fn an_owner_is_read_as_it_is_written() {
        let all = [Owner::Operator, Owner::User(user()), Owner::Key("bot".parse().unwrap())];
        for owner in all {
            assert_eq!(owner.to_string().parse(), Ok(owner));
        }
        for wrong in ["", "*", "operator/", "user/", "user/xy", "key/a/b", "alice"] {
            assert_eq!(wrong.parse::<Owner>(), Err(OwnerInvalid), "{wrong}");
        }
    }

    #[test]
    fn a_person_and_all_of_the_persons_keys_are_one_owner() {
        let some = || Grants::of(Some(["a".parse().unwrap()].into()));
        let reach = key(Some(user()), some()).reach();
        assert_eq!(reach, Reach { owner: Owner::User(user()), everything: false });
        assert_eq!(key(Some(user()), Grants::All).reach().owner, Owner::User(user()));
        assert!(reach.has(&Owner::User(user())) && !reach.has(&Owner::Operator));
    }

    #[test]
    fn a_machines_key_for_some_accounts_owns_for_itself() {
        let some = Grants::of(Some(["a".parse().unwrap()].into()));
        for grants in [some, Grants::None] {
            let reach = key(None, grants).reach();
            assert_eq!(reach.owner, Owner::Key("bot".parse().unwrap()));
            assert!(!reach.has(&Owner::Operator) && !reach.has(&Owner::User(user())));
        }
        for caller in [key(None, Grants::All), Caller::bootstrap()] {
            assert_eq!(caller.reach(), Reach { owner: Owner::Operator, everything: true });
            assert!(caller.reach().has(&Owner::User(user())));
        }
    }
}
