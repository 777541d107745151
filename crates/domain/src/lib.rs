//! The nouns of a trading desk and the rules that follow from the nouns alone.
//!
//! This crate exists so that every other crate speaks about money, orders and positions in the
//! same exact words. It must not know about IO, clocks, databases, networks or async runtimes:
//! time arrives as a value, and everything here is a pure function.

pub mod bar;
pub mod contract;
pub mod edge;
mod exact;
pub mod ids;
pub mod instrument;
pub mod intent;
pub mod limits;
pub mod money;
pub mod movement;
pub mod num;
pub mod order;
pub mod plan;
pub mod position;
pub mod time;
pub mod window;

pub use bar::{Bar, Quote, Timeframe};
pub use contract::{Contract, ContractError, MarginTier};
pub use edge::{Edge, EdgeError};
pub use ids::{
    AccountId, BookId, ClientOrderId, GroupId, IdError, InstallationId, InstrumentId, IntentId,
    MovementId, Principal, TradeId, VenueId, VenueOrderId,
};
pub use instrument::{AssetClass, CalendarKind, Instrument, InstrumentError, TickSource};
pub use intent::{Activate, Asker, Conditions, Distances, Intent, Origin, OriginKind, Size};
pub use limits::{Cap, Limits, Scope};
pub use money::{Cash, Currency, Money, MoneyError};
pub use movement::{CashMovement, CorporateAction, MovementKind};
pub use num::{Multiple, NumError, Percent, Price, Qty, SignedQty};
pub use order::{Fill, Liquidity, OrderKind, OrderStatus, Side, TimeInForce, TriggerBy};
pub use plan::{Protective, TARGETS_MAX, Target, Targets, TimeStop, Trail, TrailBy};
pub use position::Position;
pub use time::{Nanos, Timestamp};
pub use window::{Window, WindowError};
