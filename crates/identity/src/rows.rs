//! What is stored, and what a store must do for this crate.
//!
//! All changes are one closure in one transaction, and no two changes run at once on one database:
//! so "first user", "last admin", "this step once" are plain reads and writes. Every change that a
//! person would want to find again leaves an [`Event`] in the same transaction. It must not know how
//! rows are kept.

use std::{collections::BTreeSet, fmt, net::IpAddr};

use domain::Timestamp;

use crate::{
    error::IdentityError,
    grants::Grants,
    ids::{KeyId, SessionId, UserId},
    names::UserName,
    rights::{Role, Scope},
};

/// A person.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Never changes.
    pub id: UserId,
    /// Unique.
    pub name: UserName,
    /// What the person is.
    pub role: Role,
    /// The accounts of viewers and traders.
    pub grants: Grants,
    /// An Argon2id hash as a PHC string.
    pub password: String,
    /// True after a reset, until the person has chosen a password.
    pub must_change: bool,
    /// While it must be changed: from when on the one-time password is no longer good.
    pub password_ends: Option<Timestamp>,
    /// True when the person can't sign in.
    pub disabled: bool,
    /// Sessions of an earlier version are over.
    pub version: u64,
    /// The secret of the second factor in base32 when it is on.
    pub totp: Option<String>,
    /// A secret that waits for its first code.
    pub totp_pending: Option<String>,
    /// Since when the second factor is on.
    pub totp_since: Option<Timestamp>,
    /// The last step whose code was taken.
    pub totp_step: i64,
    /// When the person was added.
    pub created_at: Timestamp,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl User {
    /// The accounts that the person may see: an admin and an auditor see all.
    #[must_use]
    pub fn effective_grants(&self) -> Grants {
        if self.role.sees_all() { Grants::All } else { self.grants.clone() }
    }
}

/// A signed-in browser or program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// In the token.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The person's version when it began.
    pub version: u64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// From where it began.
    pub address: String,
    /// What the browser said of itself, cut short.
    pub agent: String,
}

/// A key of a program.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// In the key itself.
    pub id: KeyId,
    /// Stands in the journal: nobody's else, and no other owner's key ever had it.
    pub name: UserName,
    /// Who minted it; `None` on the machine itself.
    pub owner: Option<UserId>,
    /// SHA-256 of the whole key.
    pub hash: [u8; 32],
    /// What it is for.
    pub scopes: BTreeSet<Scope>,
    /// Its accounts.
    pub grants: Grants,
    /// From where it may be used; anywhere when empty.
    pub addresses: BTreeSet<IpAddr>,
    /// When it was minted.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// How often something went wrong, and when it may be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delay {
    /// What is counted.
    pub key: String,
    /// Attempts since the last right one, less what time has forgiven.
    pub failures: u32,
    /// Earlier attempts are refused; 0 when none is.
    pub until: Timestamp,
    /// Since when the number stands as it does.
    pub at: Timestamp,
}

/// A browser in which a person has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Who.
    pub user: UserId,
    /// SHA-256 of its token.
    pub hash: [u8; 32],
    /// The last sign-in.
    pub seen_at: Timestamp,
}

/// What somebody changed, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, by the wall clock.
    pub at: Timestamp,
    /// What, in one word.
    pub kind: &'static str,
    /// Who did it: a name, or `machine` for the command line beside the desk.
    pub by: String,
    /// To whom or what.
    pub subject: String,
    /// More, never a secret.
    pub detail: serde_json::Value,
}

/// The rows inside one transaction.
pub trait Rows {
    /// Every person.
    ///
    /// # Errors
    /// [`IdentityError::Store`] here and below when the database fails, and
    /// [`IdentityError::Damaged`] when a row can't be understood.
    fn users(&mut self) -> Result<Vec<User>, IdentityError>;
    /// Adds a person, or replaces the one of the same id with the recovery codes untouched.
    ///
    /// # Errors
    /// Also [`IdentityError::NameTaken`].
    fn put_user(&mut self, user: &User) -> Result<(), IdentityError>;
    /// Every session.
    ///
    /// # Errors
    /// As above.
    fn sessions(&mut self) -> Result<Vec<Session>, IdentityError>;
    /// Adds or replaces a session.
    ///
    /// # Errors
    /// As above.
    fn put_session(&mut self, session: &Session) -> Result<(), IdentityError>;
    /// Removes a session.
    ///
    /// # Errors
    /// As above.
    fn delete_session(&mut self, id: &SessionId) -> Result<(), IdentityError>;
    /// Every key, revoked ones too.
    ///
    /// # Errors
    /// As above.
    fn keys(&mut self) -> Result<Vec<ApiKey>, IdentityError>;
    /// Adds or replaces a key.
    ///
    /// # Errors
    /// As above.
    fn put_key(&mut self, key: &ApiKey) -> Result<(), IdentityError>;
    /// Replaces the recovery codes of a person.
    ///
    /// # Errors
    /// As above.
    fn set_recovery(&mut self, user: &UserId, hashes: &[[u8; 32]]) -> Result<(), IdentityError>;
    /// Removes one recovery code; false when the person has no such code.
    ///
    /// # Errors
    /// As above.
    fn take_recovery(&mut self, user: &UserId, hash: &[u8; 32]) -> Result<bool, IdentityError>;
    /// How many recovery codes a person has left.
    ///
    /// # Errors
    /// As above.
    fn recovery_left(&mut self, user: &UserId) -> Result<u64, IdentityError>;
    /// A count.
    ///
    /// # Errors
    /// As above.
    fn delay(&mut self, key: &str) -> Result<Option<Delay>, IdentityError>;
    /// Adds or replaces a count.
    ///
    /// # Errors
    /// As above.
    fn put_delay(&mut self, delay: &Delay) -> Result<(), IdentityError>;
    /// Removes a count.
    ///
    /// # Errors
    /// As above.
    fn delete_delay(&mut self, key: &str) -> Result<(), IdentityError>;
    /// Removes every count whose key is this text, or begins with it and a space.
    ///
    /// # Errors
    /// As above.
    fn delete_delays(&mut self, key: &str) -> Result<(), IdentityError>;
    /// Removes counts that stand since before a moment; dates those of the future, which a clock
    /// that was set back has left, as of now; and keeps the number of rows within a bound. Then
    /// those with the fewest attempts go, the oldest first, so that inventing names evicts no count
    /// of a name that is attacked.
    ///
    /// # Errors
    /// As above.
    fn prune_delays(&mut self, before: Timestamp, now: Timestamp) -> Result<(), IdentityError>;
    /// The browsers of a person.
    ///
    /// # Errors
    /// As above.
    fn devices(&mut self, user: &UserId) -> Result<Vec<Device>, IdentityError>;
    /// Adds or replaces a browser.
    ///
    /// # Errors
    /// As above.
    fn put_device(&mut self, device: &Device) -> Result<(), IdentityError>;
    /// Removes a browser.
    ///
    /// # Errors
    /// As above.
    fn delete_device(&mut self, device: &Device) -> Result<(), IdentityError>;
    /// A setting.
    ///
    /// # Errors
    /// As above.
    fn setting(&mut self, name: &str) -> Result<Option<String>, IdentityError>;
    /// Adds or replaces a setting.
    ///
    /// # Errors
    /// As above.
    fn put_setting(&mut self, name: &str, value: &str) -> Result<(), IdentityError>;
    /// Writes to the record.
    ///
    /// # Errors
    /// As above.
    fn record(&mut self, event: &Event) -> Result<(), IdentityError>;
}

/// Work inside one transaction.
pub type Work<'a> = dyn FnMut(&mut dyn Rows) -> Result<(), IdentityError> + 'a;

/// A database for people, sessions and keys.
pub trait IdentityStore: Send + Sync {
    /// Runs work once, in one transaction that only ends well when the work does. No two run at
    /// once on one database, whatever the number of programs.
    ///
    /// # Errors
    /// The work's own, or [`IdentityError::Store`].
    fn change(&self, work: &mut Work<'_>) -> Result<(), IdentityError>;

    /// True when other programs may change the rows too.
    fn is_shared(&self) -> bool;
}
