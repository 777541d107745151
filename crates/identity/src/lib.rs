//! Who may do what: people, their roles and second factors, sessions, keys, and the first set-up.
//!
//! It exists so that every door asks the same question of the same code: who is this, and may they
//! do that? It must not know SQL, HTTP or an async runtime: rows come through [`IdentityStore`],
//! which this crate owns and the store implements, and the time and randomness through [`Clock`]
//! and [`Entropy`], so that everything here can be tested to the second.
//!
//! What people send is never kept: passwords are Argon2id hashes, keys, recovery codes, proofs and
//! device tokens are SHA-256 of at least 80 random bits. No type that holds a secret shows it when
//! it is printed for debugging.

mod delay;
mod directory;
mod error;
mod flows;
mod grants;
mod ids;
mod key;
#[cfg(feature = "memory")]
pub mod memory;
mod names;
mod owner;
mod password;
mod qr;
mod recovery;
mod rights;
mod rows;
mod service;
mod setup;
mod stepup;
mod tally;
mod token;
mod totp;
mod usage;

pub use error::{IdentityError, Weakness};
pub use flows::{
    keys::{MintedKey, NewKey},
    people::{NewUser, UserChange},
    second::{Enrolment, SecondFactor},
    sessions::{SignIn, SignedIn},
};
pub use grants::Grants;
pub use ids::{KeyId, SessionId, UserId};
pub use key::{KEY_PREFIX, hash_of_key};
pub use names::UserName;
pub use owner::{Owner, OwnerInvalid, Reach};
pub use password::{Hashing, PASSWORD_LEN_MIN, check_strength};
pub use rights::{Caller, Rights, Role, Scope, Verb, Who, may};
pub use rows::{ApiKey, Delay, Device, Event, IdentityStore, Rows, Session, User, Work};
pub use service::{Clock, Entropy, Identity, Settings};
pub use setup::SETUP_SECONDS;
pub use stepup::{FACTOR_SECONDS, PROOF_SECONDS, argument_hash, factor_holds};
