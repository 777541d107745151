//! Typed names, so that a book can never be passed where an account is meant.
//!
//! Every id is a short validated text that is cheap to clone. This module must not know how ids
//! are generated: doors and cores mint them, here they are only told apart and checked.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// The longest id that is accepted, in bytes.
pub const ID_LEN_MAX: usize = 64;
/// The longest client order id that every supported venue accepts, in bytes.
pub const CLIENT_ORDER_ID_LEN_MAX: usize = 36;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    /// Empty or too long.
    #[error("{what} `{value}` must have 1 to {max} characters")]
    Length {
        /// The noun that was parsed.
        what: &'static str,
        /// The offending text, cut to the maximum.
        value: String,
        /// The longest accepted length in bytes.
        max: usize,
    },
    /// A character outside the allowed set.
    #[error("{what} `{value}` contains `{found}`; allowed are A-Z a-z 0-9 and {allowed}")]
    Character {
        /// The noun that was parsed.
        what: &'static str,
        /// The offending text.
        value: String,
        /// The first character that is not allowed.
        found: char,
        /// Allowed punctuation.
        allowed: &'static str,
    },
    /// An instrument id without its venue part.
    #[error("symbol `{0}` must be written as venue:SYMBOL, for example sim:IBM")]
    NoVenue(String),
}

fn check(
    what: &'static str,
    value: &str,
    max: usize,
    allowed: &'static str,
) -> Result<(), IdError> {
    if value.is_empty() || value.len() > max {
        let value = value.chars().take(max).collect();
        return Err(IdError::Length { what, value, max });
    }
    let bad = value.chars().find(|c| !c.is_ascii_alphanumeric() && !allowed.contains(*c));
    match bad {
        Some(found) => Err(IdError::Character { what, value: value.to_owned(), found, allowed }),
        None => Ok(()),
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:expr, $allowed:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text and makes the id.
            ///
            /// # Errors
            /// [`IdError`] names the character or the length that is not allowed.
            pub fn new(value: impl AsRef<str>) -> Result<Self, IdError> {
                let value = value.as_ref();
                check($what, value, $max, $allowed)?;
                Ok(Self(Arc::from(value)))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(s: &str) -> Result<Self, IdError> {
                Self::new(s)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                Self::new(&*text).map_err(serde::de::Error::custom)
            }
        }
    };
}

text_id!(
    /// One trading account at one venue.
    AccountId, "account", 32, "-_"
);
text_id!(
    /// A named sub-account inside an account. The manual book is `manual`, what the desk
    /// doesn't manage is in `unmanaged`.
    BookId, "book", 32, "-_"
);
text_id!(
    /// A venue: `sim`, later the names of brokers.
    VenueId, "venue", 16, "-_"
);
text_id!(
    /// One request to trade, named by the door that took it in.
    IntentId, "intent", ID_LEN_MAX, "-_:."
);
text_id!(
    /// The id that the desk gives an order before it leaves, at most 36 characters.
    ClientOrderId, "client order id", CLIENT_ORDER_ID_LEN_MAX, "-_"
);
text_id!(
    /// The id that the venue gives an order.
    VenueOrderId, "venue order id", ID_LEN_MAX, "-_:./"
);
text_id!(
    /// A group of orders of which only one may fill, named by whoever asks.
    GroupId, "group", 32, "-_"
);
text_id!(
    /// The id that the venue gives a movement of cash or a corporate action; the key by which it is
    /// booked once.
    MovementId, "movement id", ID_LEN_MAX, "-_:./"
);
text_id!(
    /// The id that the venue gives an execution; the key by which a fill is counted once.
    TradeId, "trade id", ID_LEN_MAX, "-_:./"
);
text_id!(
    /// Who asks: a user, a key, a strategy, by name.
    Principal, "principal", ID_LEN_MAX, "-_:.@"
);
text_id!(
    /// Six characters that tell this installation's orders from another's.
    InstallationId, "installation id", 6, ""
);

impl Principal {
    /// The desk itself.
    #[must_use]
    pub fn desk() -> Self {
        Self(Arc::from("desk"))
    }
}

impl BookId {
    /// The book of manual trading, which every account has.
    #[must_use]
    pub fn manual() -> Self {
        Self(Arc::from("manual"))
    }

    /// The book of everything that the desk did not send and nobody claimed.
    #[must_use]
    pub fn unmanaged() -> Self {
        Self(Arc::from("unmanaged"))
    }

    /// True for the book that the desk never trades.
    #[must_use]
    pub fn is_unmanaged(&self) -> bool {
        &*self.0 == "unmanaged"
    }
}

/// The leading characters of every client order id made by a Cofferdam.
pub const CLIENT_ORDER_PREFIX: &str = "cf";

impl ClientOrderId {
    /// Composes the id of the `number`-th order of an installation's incarnation.
    ///
    /// The form is `cf<installation>-<incarnation>-<number>`, numbers in base 36, so that the
    /// longest possible id has 2 + 6 + 1 + 7 + 1 + 13 = 30 characters.
    #[must_use]
    pub fn compose(installation: &InstallationId, incarnation: u32, number: u64) -> Self {
        let text = format!(
            "{CLIENT_ORDER_PREFIX}{installation}-{}-{}",
            base36(u64::from(incarnation)),
            base36(number)
        );
        Self(Arc::from(text))
    }

    /// The number in an id that a Cofferdam made.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.installation()?;
        let (_, number) = self.0.rsplit_once('-')?;
        u64::from_str_radix(number, 36).ok()
    }

    /// The installation that made this id, when a Cofferdam made it.
    #[must_use]
    pub fn installation(&self) -> Option<&str> {
        let rest = self.0.strip_prefix(CLIENT_ORDER_PREFIX)?;
        let (installation, numbers) = rest.split_once('-')?;
        (installation.len() == 6 && numbers.contains('-')).then_some(installation)
    }
}

fn base36(mut n: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut out = Vec::with_capacity(13);
    loop {
        out.push(DIGITS[(n % 36) as usize]);
        n /= 36;
        if n == 0 {
            break;
        }
    }
    out.iter().rev().map(|b| char::from(*b)).collect()
}

/// A venue and the venue's own symbol, written `venue:SYMBOL`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentId(Arc<str>);

impl InstrumentId {
    /// Joins a venue and its symbol.
    ///
    /// # Errors
    /// [`IdError`] when the symbol has a character other than letters, digits, `.`, `-`, `_`, `/`.
    pub fn new(venue: &VenueId, symbol: &str) -> Result<Self, IdError> {
        check("symbol", symbol, 32, "._-/")?;
        Ok(Self(Arc::from(format!("{venue}:{symbol}"))))
    }

    /// The venue part.
    #[must_use]
    pub fn venue(&self) -> &str {
        self.0.split_once(':').map_or("", |(venue, _)| venue)
    }

    /// The venue's symbol.
    #[must_use]
    pub fn symbol(&self) -> &str {
        self.0.split_once(':').map_or(&*self.0, |(_, symbol)| symbol)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstrumentId {
    type Err = IdError;
    fn from_str(s: &str) -> Result<Self, IdError> {
        let (venue, symbol) = s.split_once(':').ok_or_else(|| IdError::NoVenue(s.to_owned()))?;
        Self::new(&VenueId::new(venue)?, symbol)
    }
}
impl fmt::Display for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstrumentId({})", self.0)
    }
}
impl Serialize for InstrumentId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for InstrumentId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_name_what_is_wrong_with_them() {
        let error = AccountId::new("my account").unwrap_err().to_string();
        assert_eq!(error, "account `my account` contains ` `; allowed are A-Z a-z 0-9 and -_");
        assert!(matches!(BookId::new(""), Err(IdError::Length { .. })));
        assert_eq!("IBM".parse::<InstrumentId>(), Err(IdError::NoVenue("IBM".into())));
    }

    #[test]
    fn client_order_ids_fit_every_venue_and_tell_their_installation() {
        let installation = InstallationId::new("a1b2c3").unwrap();
        let id = ClientOrderId::compose(&installation, u32::MAX, u64::MAX);
        assert!(id.as_str().len() <= CLIENT_ORDER_ID_LEN_MAX, "{id}");
        assert_eq!(id.installation(), Some("a1b2c3"));
        assert_eq!(id.number(), Some(u64::MAX));
        let id = ClientOrderId::compose(&installation, 7, 37);
        assert_eq!((id.as_str(), id.number()), ("cfa1b2c3-7-11", Some(37)));
        let foreign = ClientOrderId::new("web-123").unwrap();
        assert_eq!((foreign.installation(), foreign.number()), (None, None));
    }
}
