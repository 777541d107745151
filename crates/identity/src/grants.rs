//! Sets of accounts: what is granted to a person or a key.
//!
//! It must not know who has them.

use std::collections::BTreeSet;

use domain::AccountId;

/// The accounts that somebody may see or trade.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Grants {
    /// Every one, also those that are opened later.
    All,
    /// These; none when empty.
    #[default]
    None,
    /// These.
    Only(BTreeSet<AccountId>),
}

impl Grants {
    /// From a list; absent for all.
    #[must_use]
    pub fn of(accounts: Option<BTreeSet<AccountId>>) -> Self {
        match accounts {
            None => Self::All,
            Some(accounts) if accounts.is_empty() => Self::None,
            Some(accounts) => Self::Only(accounts),
        }
    }

    /// As a list; absent for all.
    #[must_use]
    pub fn list(&self) -> Option<Vec<AccountId>> {
        match self {
            Self::All => None,
            Self::None => Some(Vec::new()),
            Self::Only(accounts) => Some(accounts.iter().cloned().collect()),
        }
    }

    /// True when an account is among them.
    #[must_use]
    pub fn has(&self, account: &AccountId) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(accounts) => accounts.contains(account),
        }
    }

    /// What both have.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, grants) | (grants, Self::All) => grants.clone(),
            (Self::Only(a), Self::Only(b)) => Self::of(Some(a.intersection(b).cloned().collect())),
            _ => Self::None,
        }
    }

    /// True when nothing is in these that `other` has not.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::All) | (Self::None, _) => true,
            (Self::Only(a), Self::Only(b)) => a.is_subset(b),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> AccountId {
        AccountId::new(name).unwrap()
    }

    #[test]
    fn grants_are_sets() {
        let set = |names: &[&str]| Grants::of(Some(names.iter().map(|n| id(n)).collect()));
        assert_eq!(set(&["a", "b"]).and(&set(&["b", "c"])), set(&["b"]));
        assert_eq!(set(&["a"]).and(&set(&["c"])), Grants::None);
        assert_eq!(Grants::All.and(&set(&["a"])), set(&["a"]));
        assert!(set(&["a"]).within(&set(&["a", "b"])) && !Grants::All.within(&set(&["a"])));
        assert!(Grants::None.within(&Grants::None) && set(&["a"]).within(&Grants::All));
    }
}
