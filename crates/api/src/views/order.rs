//! An order as people and programs see it.
//!
//! It must not know how an order is asked for.

use path::{core::Core, event::RejectReason, state::Order};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    OriginView, name_of,
    plan::{TargetView, TimeStopView, TrailView},
};

/// An order of the desk.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OrderView {
    /// The account.
    #[schema(example = "main")]
    pub(crate) account: String,
    /// The id under which it was sent.
    #[schema(example = "cfa1b2c3-1-a")]
    pub(crate) client_order_id: String,
    /// The venue's id, once known.
    pub(crate) venue_order_id: Option<String>,
    /// The request that it serves.
    pub(crate) intent: String,
    /// The book.
    #[schema(example = "manual")]
    pub(crate) book: String,
    /// What is traded.
    #[schema(example = "sim:IBM")]
    pub(crate) symbol: String,
    /// buy or sell.
    #[schema(example = "buy")]
    pub(crate) side: String,
    /// market, limit, stop or stop_limit.
    #[serde(rename = "type")]
    #[schema(example = "limit")]
    pub(crate) kind: String,
    /// The limit price.
    pub(crate) limit: Option<String>,
    /// The price that triggers.
    pub(crate) trigger: Option<String>,
    /// How long it lives: day, gtc, ioc, fok, opg or cls.
    #[schema(example = "gtc")]
    pub(crate) tif: String,
    /// The whole quantity.
    #[schema(example = "10")]
    pub(crate) qty: String,
    /// How much of it is in the books.
    pub(crate) filled: String,
    /// What may still fill in the worst case.
    pub(crate) open_qty: String,
    /// The average execution price.
    pub(crate) average_price: Option<String>,
    /// recorded, sent, unknown, working, partly_filled, pending_cancel, filled, cancelled,
    /// rejected or expired.
    #[schema(example = "working")]
    pub(crate) status: String,
    /// True when nothing more is expected from it.
    pub(crate) settled: bool,
    /// Which rules applied: entry, exit or protective.
    pub(crate) class: String,
    /// Refuse rather than take liquidity.
    pub(crate) post_only: bool,
    /// Marked at the venue as only reducing.
    pub(crate) reduce_only: bool,
    /// The protective stop of the position that it makes.
    pub(crate) stop: Option<String>,
    /// The target of the position that it makes.
    pub(crate) target: Option<String>,
    /// How the stop of the position that it makes follows the price.
    pub(crate) trail: Option<TrailView>,
    /// The partial targets of the position that it makes.
    pub(crate) targets: Vec<TargetView>,
    /// When the position that it makes is closed whatever its price.
    pub(crate) time_stop: Option<TimeStopView>,
    /// last, quote or mark: which price sets it off; null for the venue's own choice.
    pub(crate) trigger_by: Option<String>,
    /// May fill before the opening and after the close.
    pub(crate) extended_hours: bool,
    /// The group of which one order may fill.
    pub(crate) group: Option<String>,
    /// The order whose place it takes.
    pub(crate) replaces: Option<String>,
    /// The order that takes its place. Both count until the venue has told the end of one.
    pub(crate) replaced_by: Option<String>,
    /// Who asked.
    pub(crate) origin: OriginView,
    /// The compound close that it belongs to.
    pub(crate) close: Option<u64>,
    /// The price against which it was judged.
    pub(crate) reference: Option<String>,
    /// When it was recorded, by the desk's clock.
    pub(crate) recorded_at: String,
    /// Why it never lived: `venue:<reason>`, `not_sent` or `never_placed`.
    pub(crate) reject_reason: Option<String>,
    /// The last words of the venue or the desk about it.
    pub(crate) text: Option<String>,
    /// It filled after its end, or beyond what the venue had counted.
    pub(crate) fill_after_final: bool,
    /// The venue took it and, asked twice since, doesn't know it: it can be written off.
    pub(crate) lost: bool,
    /// An operator wrote it off.
    pub(crate) written_off: bool,
}

impl OrderView {
    /// The view of an order.
    pub(crate) fn new(core: &Core, order: &Order) -> Self {
        Self {
            account: core.state().spec.id.to_string(),
            client_order_id: order.client_order_id.to_string(),
            venue_order_id: order.venue_order_id.as_ref().map(ToString::to_string),
            intent: order.intent.to_string(),
            book: order.book.to_string(),
            symbol: order.instrument.to_string(),
            side: order.side.to_string(),
            kind: order.kind.name().to_owned(),
            limit: order.kind.limit().map(|p| p.to_string()),
            trigger: order.kind.trigger().map(|p| p.to_string()),
            tif: name_of(&order.tif),
            qty: order.qty.to_string(),
            filled: order.filled.to_string(),
            open_qty: order.open_qty().to_string(),
            average_price: order.average_price().map(|p| p.to_string()),
            status: name_of(&order.status()),
            settled: order.is_settled(),
            class: order.class.name().to_owned(),
            post_only: order.post_only,
            reduce_only: order.reduce_only,
            stop: order.protective.stop.map(|p| p.to_string()),
            target: order.protective.target.map(|p| p.to_string()),
            trail: order.protective.trail.as_ref().map(TrailView::from),
            targets: order.protective.targets.iter().map(TargetView::planned).collect(),
            time_stop: order.protective.time_stop.as_ref().map(TimeStopView::planned),
            trigger_by: order.conditions.trigger_by.as_ref().map(name_of),
            extended_hours: order.conditions.extended_hours,
            group: order.conditions.group.as_ref().map(ToString::to_string),
            replaces: order.replaces.as_ref().map(ToString::to_string),
            replaced_by: order.replaced_by.as_ref().map(ToString::to_string),
            origin: OriginView::from(&order.origin),
            close: order.close,
            reference: order.reference.map(|p| p.to_string()),
            recorded_at: order.recorded_at.to_string(),
            reject_reason: order.rejected.map(reason),
            text: order.text.clone(),
            fill_after_final: order.fill_after_final,
            lost: core.is_lost(&order.client_order_id),
            written_off: order.written_off,
        }
    }
}

fn reason(reason: RejectReason) -> String {
    match reason {
        RejectReason::Venue(code) => format!("venue:{}", name_of(&code)),
        RejectReason::NotSent | RejectReason::NeverPlaced => name_of(&reason),
    }
}

/// A page of orders, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OrderPage {
    /// The orders.
    pub(crate) orders: Vec<OrderView>,
    /// Give it as `cursor` for the next page; absent on the last.
    pub(crate) next: Option<String>,
    /// Accounts that could not be asked.
    pub(crate) unavailable: Vec<super::Unavailable>,
}
