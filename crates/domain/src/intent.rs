//! What somebody wants, and who it is.
//!
//! An intent is only a wish: this module must not know limits, verdicts or venues.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, BookId, GroupId, InstrumentId, IntentId, Principal},
    num::{Percent, Price, Qty},
    order::{OrderKind, Side, TimeInForce, TriggerBy},
    plan::Protective,
};

/// The kind of door through which a wish comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    /// An interactive, signed-in session.
    Human,
    /// A program or shell with a key.
    ApiKey,
    /// A strategy of the desk.
    Strategy,
    /// A DCA campaign.
    Campaign,
    /// A copied signal.
    Copy,
    /// A webhook.
    Webhook,
    /// An LLM agent.
    Agent,
    /// The desk itself: protection and kill.
    System,
    /// Somebody traded at the broker.
    External,
}

impl OriginKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Human,
        Self::ApiKey,
        Self::Strategy,
        Self::Campaign,
        Self::Copy,
        Self::Webhook,
        Self::Agent,
        Self::System,
        Self::External,
    ];

    /// True when no person decides on each order: such origins reduce only what their own book
    /// holds.
    #[must_use]
    pub const fn is_automated(self) -> bool {
        !matches!(self, Self::Human | Self::ApiKey | Self::System)
    }

    /// The name as the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::ApiKey => "api_key",
            Self::Strategy => "strategy",
            Self::Campaign => "campaign",
            Self::Copy => "copy",
            Self::Webhook => "webhook",
            Self::Agent => "agent",
            Self::System => "system",
            Self::External => "external",
        }
    }
}

/// Who asks, through which door.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The kind of door.
    pub kind: OriginKind,
    /// Who, by name.
    pub principal: Principal,
    /// Who stood at the door and spoke for the principal; nobody when the principal stood there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<Asker>,
}

/// A person or key that asks for somebody else: for a strategy, say, or an agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Asker {
    /// The kind of door.
    pub kind: OriginKind,
    /// Who, by name.
    pub principal: Principal,
}

impl Origin {
    /// One that asks for itself.
    #[must_use]
    pub const fn new(kind: OriginKind, principal: Principal) -> Self {
        Self { kind, principal, asked_by: None }
    }

    /// The same, asked for by somebody else.
    #[must_use]
    pub fn asked_by(self, asker: Self) -> Self {
        let asker = Asker { kind: asker.kind, principal: asker.principal };
        Self { asked_by: Some(asker), ..self }
    }

    /// Everybody who is behind it: who it is for, then who asked.
    pub fn names(&self) -> impl Iterator<Item = (OriginKind, &Principal)> + Clone {
        let asker = self.asked_by.iter().map(|a| (a.kind, &a.principal));
        std::iter::once((self.kind, &self.principal)).chain(asker)
    }
}

/// How much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// Units of the instrument.
    Quantity(Qty),
    /// Value in the instrument's quote currency.
    Notional(Qty),
    /// Value as a percentage of the account's equity.
    PercentEquity(Percent),
    /// What would be lost between entry and stop, as a percentage of equity. Needs a stop.
    RiskPercent(Percent),
}

/// When a wish is judged and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activate {
    /// At once.
    #[default]
    Now,
    /// When the instrument's market next opens: it is sized and judged then, at that price.
    NextOpen,
    /// With the first price that comes after it was asked, while the instrument's market is open:
    /// the next tick of a market that is open, else the next session's first. It is sized and
    /// judged then, at that price.
    NextPrice,
}

impl Activate {
    /// True for what waits in the desk before it is judged.
    #[must_use]
    pub const fn waits(self) -> bool {
        !matches!(self, Self::Now)
    }
}

/// What else holds for an order. The default is an order like any other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    /// Which price sets a stop off; absent for the venue's own choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger_by: Option<TriggerBy>,
    /// May fill before the opening and after the close, where the venue has such sessions.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub extended_hours: bool,
    /// When it is judged and sent.
    #[serde(skip_serializing_if = "is_default")]
    pub activate: Activate,
    /// As soon as one order of the group fills, the book's others are cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// Protective levels that are not named as prices, by their distance from the entry's price.
    #[serde(skip_serializing_if = "is_default")]
    pub distances: Distances,
}

/// How far protective levels lie from the price of an entry, in units of price. They become levels
/// when the entry is judged, from the price that it is judged at; a level that is named as a price
/// goes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Distances {
    /// Of the stop, on the side of a loss. Rounded up to the tick.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Price>,
    /// Of the target, on the side of a profit. Rounded up to the tick.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Price>,
}

impl Conditions {
    /// True for an order like any other.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One wish to trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The intent's own id, minted by the door.
    pub id: IntentId,
    /// Where to trade.
    pub account: AccountId,
    /// On whose behalf within the account.
    pub book: BookId,
    /// What to trade.
    pub instrument: InstrumentId,
    /// In which direction.
    pub side: Side,
    /// How much.
    pub size: Size,
    /// With which type of order.
    pub kind: OrderKind,
    /// For how long.
    #[serde(default)]
    pub tif: TimeInForce,
    /// Refuse rather than take liquidity.
    #[serde(default)]
    pub post_only: bool,
    /// Refuse rather than open or enlarge a position.
    #[serde(default)]
    pub reduce_only: bool,
    /// Levels that protect the resulting position.
    #[serde(default)]
    pub protective: Protective,
    /// What else holds for the order.
    #[serde(default, skip_serializing_if = "Conditions::is_plain")]
    pub conditions: Conditions,
    /// Who asks.
    pub origin: Origin,
    /// The caller's key: the same key and content is the same intent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}
