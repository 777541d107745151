//! Roles, scopes, grants, and the one function that says what they allow.
//!
//! Every door asks [`may`]; no route decides by itself. People have a role, keys have scopes, and
//! both are bound to accounts. What a key can never do, whatever its scopes, is a person's: release
//! a stop, approve, raise a limit, manage people and keys. This module must not know routes.

use std::{collections::BTreeSet, str::FromStr, sync::Arc};

use domain::AccountId;

use crate::{
    grants::Grants,
    names::UserName,
    rows::{Session, User},
};

/// What a person is on this desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads the accounts that are granted.
    Viewer,
    /// Trades the accounts that are granted, and makes their limits tighter.
    Trader,
    /// Does everything, on every account.
    Admin,
    /// Reads everything, the journal and its checks too; changes nothing.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Trader, Self::Admin, Self::Auditor];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Trader => "trader",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }

    /// True for roles that every account is granted to.
    #[must_use]
    pub const fn sees_all(self) -> bool {
        matches!(self, Self::Admin | Self::Auditor)
    }
}

impl FromStr for Role {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or("viewer, trader, admin or auditor")
    }
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Reads its accounts.
    Read,
    /// Trades its accounts, and pulls the kill switch.
    Trade,
    /// Reads the figures for Prometheus.
    Metrics,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Read, Self::Trade, Self::Metrics];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Trade => "trade",
            Self::Metrics => "metrics",
        }
    }
}

impl FromStr for Scope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == text);
        found.ok_or("read, trade or metrics")
    }
}

/// By what somebody acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// A signed-in person.
    Person(Role),
    /// A program with a key: its scopes, and its owner's role when a person owns it.
    Key(BTreeSet<Scope>, Option<Role>),
    /// The bootstrap key of a desk that has no users yet.
    Bootstrap,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Read what concerns no account: instruments, prices, codes, presets.
    ReadDesk,
    /// Read an account, or lists that are cut to what is granted.
    ReadAccount,
    /// Read the desk's own stream, and check the whole journal.
    ReadJournal,
    /// Read the figures for Prometheus.
    ReadMetrics,
    /// Order, close, protect, open a book.
    Trade,
    /// Make a limit of an account tighter.
    Tighten,
    /// Raise or remove a limit, change a policy.
    Loosen,
    /// Open accounts, list contracts, set the desk's limits.
    Configure,
    /// Pull the kill switch.
    Kill,
    /// Release the kill switch or a latch.
    Release,
    /// Approve or decline what waits for a person.
    Approve,
    /// Add, change and reset people.
    ManageUsers,
    /// Mint and revoke keys.
    ManageKeys,
    /// One's own sessions, password and second factor.
    Own,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 14] = [
        Self::ReadDesk,
        Self::ReadAccount,
        Self::ReadJournal,
        Self::ReadMetrics,
        Self::Trade,
        Self::Tighten,
        Self::Loosen,
        Self::Configure,
        Self::Kill,
        Self::Release,
        Self::Approve,
        Self::ManageUsers,
        Self::ManageKeys,
        Self::Own,
    ];
}

/// True when these rights allow the verb, on the account when one is named. Without an account the
/// verb is about the desk, or about a list that is cut to the grants elsewhere. A release is bound
/// to the grant of every account, also when it is about one: who trades one account under another's
/// loss limit must not lift it.
#[must_use]
pub fn may(rights: &Rights, grants: &Grants, verb: Verb, account: Option<&AccountId>) -> bool {
    let allowed = match rights {
        Rights::Person(role) => role_may(*role, verb),
        Rights::Key(scopes, owner) => {
            scopes.iter().any(|scope| scope_may(*scope, verb))
                && owner.is_none_or(|role| role_may(role, verb))
        }
        // It stands in for the operator, and there is nobody to manage yet.
        Rights::Bootstrap => !matches!(verb, Verb::Own | Verb::ManageUsers | Verb::ManageKeys),
    };
    allowed
        && match account {
            Some(account) => grants.has(account),
            None => true,
        }
        && (verb != Verb::Release || *grants == Grants::All)
}

fn role_may(role: Role, verb: Verb) -> bool {
    match verb {
        Verb::ReadDesk | Verb::ReadAccount | Verb::Own => true,
        Verb::ReadJournal | Verb::ReadMetrics => matches!(role, Role::Admin | Role::Auditor),
        Verb::Trade
        | Verb::Tighten
        | Verb::Kill
        | Verb::Release
        | Verb::Approve
        | Verb::ManageKeys => matches!(role, Role::Trader | Role::Admin),
        Verb::Loosen | Verb::Configure | Verb::ManageUsers => role == Role::Admin,
    }
}

fn scope_may(scope: Scope, verb: Verb) -> bool {
    match scope {
        Scope::Read => matches!(verb, Verb::ReadDesk | Verb::ReadAccount),
        Scope::Trade => matches!(verb, Verb::Trade | Verb::Kill),
        Scope::Metrics => verb == Verb::ReadMetrics,
    }
}

/// Who asks, found out by a cookie or a key.
#[derive(Debug, Clone)]
pub enum Who {
    /// A person, in a session.
    Person {
        /// The person as stored.
        user: Arc<User>,
        /// The session.
        session: Session,
    },
    /// A program.
    Key {
        /// The key's id.
        id: crate::KeyId,
        /// The key's name.
        name: UserName,
        /// The person who minted it; absent for a key of the machine.
        owner: Option<crate::UserId>,
    },
    /// Whoever holds the bootstrap key.
    Bootstrap,
}

/// Who asks, and what they may.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub who: Who,
    /// By what.
    pub rights: Rights,
    /// On which accounts.
    pub grants: Grants,
}

impl Caller {
    /// The holder of the bootstrap key.
    #[must_use]
    pub fn bootstrap() -> Self {
        Self { who: Who::Bootstrap, rights: Rights::Bootstrap, grants: Grants::All }
    }

    /// [`may`] for this caller.
    #[must_use]
    pub fn may(&self, verb: Verb, account: Option<&AccountId>) -> bool {
        may(&self.rights, &self.grants, verb, account)
    }

    /// The person and the session, when it is one.
    #[must_use]
    pub fn person(&self) -> Option<(&Arc<User>, &Session)> {
        match &self.who {
            Who::Person { user, session } => Some((user, session)),
            _ => None,
        }
    }

    /// One word that tells callers apart, for counting and remembering.
    #[must_use]
    pub fn tag(&self) -> String {
        match &self.who {
            Who::Person { user, .. } => format!("user/{}", user.id),
            Who::Key { id, .. } => format!("key/{id}"),
            Who::Bootstrap => "bootstrap".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> AccountId {
        AccountId::new(name).unwrap()
    }

    /// The whole table, role by role; a new verb must be added here by hand.
    #[test]
    fn every_role_may_exactly_this() {
        use Verb::{
            Approve, Configure, Kill, Loosen, ManageKeys, Own, ReadAccount, ReadDesk, ReadJournal,
            ReadMetrics, Release, Tighten, Trade,
        };
        let all = Verb::ALL.to_vec();
        let table = [
            (Rights::Person(Role::Viewer), vec![ReadDesk, ReadAccount, Own]),
            (
                Rights::Person(Role::Trader),
                vec![
                    ReadDesk,
                    ReadAccount,
                    Own,
                    Trade,
                    Tighten,
                    Kill,
                    Release,
                    Approve,
                    ManageKeys,
                ],
            ),
            (Rights::Person(Role::Admin), all),
            (
                Rights::Person(Role::Auditor),
                vec![ReadDesk, ReadAccount, ReadJournal, ReadMetrics, Own],
            ),
            (Rights::Key([Scope::Read].into(), None), vec![ReadDesk, ReadAccount]),
            (Rights::Key([Scope::Trade].into(), None), vec![Trade, Kill]),
            (Rights::Key([Scope::Metrics].into(), None), vec![ReadMetrics]),
            (Rights::Key([Scope::Trade].into(), Some(Role::Viewer)), vec![]),
            (Rights::Key([Scope::Metrics].into(), Some(Role::Trader)), vec![]),
            (
                Rights::Bootstrap,
                vec![
                    ReadDesk,
                    ReadAccount,
                    ReadJournal,
                    ReadMetrics,
                    Trade,
                    Tighten,
                    Loosen,
                    Configure,
                    Kill,
                    Release,
                    Approve,
                ],
            ),
        ];
        for (rights, allowed) in table {
            for verb in Verb::ALL {
                let found = may(&rights, &Grants::All, verb, None);
                assert_eq!(found, allowed.contains(&verb), "{rights:?} {verb:?}");
            }
        }
    }

    #[test]
    fn no_set_of_scopes_does_what_is_a_persons() {
        let rights = Rights::Key(Scope::ALL.into(), None);
        for verb in [
            Verb::Release,
            Verb::Approve,
            Verb::Loosen,
            Verb::Tighten,
            Verb::Configure,
            Verb::ManageUsers,
            Verb::ManageKeys,
            Verb::Own,
            Verb::ReadJournal,
        ] {
            assert!(!may(&rights, &Grants::All, verb, None), "{verb:?}");
        }
    }

    #[test]
    fn what_is_not_granted_is_not_allowed() {
        let (a, b) = (id("a"), id("b"));
        let only_a = Grants::of(Some([a.clone()].into()));
        for verb in Verb::ALL {
            for role in Role::ALL {
                let rights = Rights::Person(role);
                assert!(!may(&rights, &only_a, verb, Some(&b)), "{role:?} {verb:?}");
                assert!(!may(&rights, &Grants::None, verb, Some(&a)), "{role:?} {verb:?}");
            }
        }
        assert!(may(&Rights::Person(Role::Trader), &only_a, Verb::Trade, Some(&a)));
        assert!(!may(&Rights::Person(Role::Trader), &only_a, Verb::Release, None));
        assert!(!may(&Rights::Person(Role::Trader), &only_a, Verb::Release, Some(&a)));
        assert!(may(&Rights::Person(Role::Trader), &Grants::All, Verb::Release, None));
    }
}
