//! A request that became no order yet, as people and programs see it.
//!
//! It must not know for what the request waits.

use domain::{AccountId, Intent, Size};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    OriginView, name_of,
    plan::{TargetView, TimeStopView, TrailView},
};

/// What was asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WishView {
    /// The request's id.
    #[schema(example = "api-0123456789abcdef01234567")]
    pub(crate) id: String,
    /// The account.
    #[schema(example = "main")]
    pub(crate) account: String,
    /// The book.
    #[schema(example = "manual")]
    pub(crate) book: String,
    /// What is to be traded.
    #[schema(example = "sim:IBM")]
    pub(crate) symbol: String,
    /// buy or sell.
    #[schema(example = "buy")]
    pub(crate) side: String,
    /// quantity, notional, percent_equity or risk_percent.
    #[schema(example = "quantity")]
    pub(crate) size_by: String,
    /// The size as it was asked.
    #[schema(example = "10")]
    pub(crate) size: String,
    /// market, limit, stop or stop_limit.
    #[serde(rename = "type")]
    #[schema(example = "market")]
    pub(crate) kind: String,
    /// The limit price.
    pub(crate) limit: Option<String>,
    /// The price that triggers.
    pub(crate) trigger: Option<String>,
    /// How long the order would live.
    #[schema(example = "gtc")]
    pub(crate) tif: String,
    /// The stop of the position that it would make.
    pub(crate) stop: Option<String>,
    /// The target of the position that it would make.
    pub(crate) target: Option<String>,
    /// How the stop would follow the price.
    pub(crate) trail: Option<TrailView>,
    /// The partial targets of the position that it would make.
    pub(crate) targets: Vec<TargetView>,
    /// When the position would be closed whatever its price.
    pub(crate) time_stop: Option<TimeStopView>,
    /// last, quote or mark: which price sets it off; null for the venue's own choice.
    pub(crate) trigger_by: Option<String>,
    /// May fill before the opening and after the close.
    pub(crate) extended_hours: bool,
    /// The group of which one order may fill.
    pub(crate) group: Option<String>,
    /// Who asked.
    pub(crate) origin: OriginView,
}

impl WishView {
    /// The view of a wish.
    pub(crate) fn new(account: &AccountId, intent: &Intent) -> Self {
        let (size_by, size) = match intent.size {
            Size::Quantity(qty) => ("quantity", qty.to_string()),
            Size::Notional(value) => ("notional", value.to_string()),
            Size::PercentEquity(percent) => ("percent_equity", percent.to_string()),
            Size::RiskPercent(percent) => ("risk_percent", percent.to_string()),
        };
        let levels = &intent.protective;
        Self {
            id: intent.id.to_string(),
            account: account.to_string(),
            book: intent.book.to_string(),
            symbol: intent.instrument.to_string(),
            side: intent.side.to_string(),
            size_by: size_by.to_owned(),
            size,
            kind: intent.kind.name().to_owned(),
            limit: intent.kind.limit().map(|p| p.to_string()),
            trigger: intent.kind.trigger().map(|p| p.to_string()),
            tif: name_of(&intent.tif),
            stop: levels.stop.map(|p| p.to_string()),
            target: levels.target.map(|p| p.to_string()),
            trail: levels.trail.as_ref().map(TrailView::from),
            targets: levels.targets.iter().map(TargetView::planned).collect(),
            time_stop: levels.time_stop.as_ref().map(TimeStopView::planned),
            trigger_by: intent.conditions.trigger_by.as_ref().map(name_of),
            extended_hours: intent.conditions.extended_hours,
            group: intent.conditions.group.as_ref().map(ToString::to_string),
            origin: OriginView::from(&intent.origin),
        }
    }
}
