//! What the gate would say to an order now, without asking for it.
//!
//! Nothing is recorded or reserved. It must not judge by itself.

use axum::Json;
use domain::Side;
use path::core::Preview;
use serde::Serialize;
use utoipa::ToSchema;

use super::request::{OrderRequest, OrderRequestSchema};
use crate::{
    extract::Body,
    guard::asked::Asked,
    problem::{ApiError, RefusalView},
    views::{
        decimal,
        plan::{TargetView, TimeStopView, TrailView},
    },
};

/// What would happen.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// cleared, held or refused.
    #[schema(example = "cleared")]
    verdict: &'static str,
    /// Every broken rule.
    refusals: Vec<RefusalView>,
    /// entry or exit.
    class: Option<&'static str>,
    /// The exact quantity, on the step.
    qty: Option<String>,
    /// The largest quantity that every rule would have let pass, when a rule tells one.
    max_allowed_qty: Option<String>,
    /// The limit price, on the tick.
    limit: Option<String>,
    /// The price that triggers, on the tick.
    trigger: Option<String>,
    /// The price that the order meets now.
    reference: Option<String>,
    /// Its value in the reporting currency.
    notional: Option<String>,
    /// The stop that would rest at the venue, the attached one included.
    stop: Option<String>,
    /// True when the desk attaches the stop because none was named.
    stop_attached: bool,
    /// The target that the desk would watch.
    target: Option<String>,
    /// How the stop would follow the price, with the activation on the tick.
    trail: Option<TrailView>,
    /// The partial targets that the desk would watch, on the tick.
    targets: Vec<TargetView>,
    /// When the position would be closed whatever its price.
    time_stop: Option<TimeStopView>,
    /// True when the request would wait for the market's next opening: the verdict is that of now,
    /// and it would be sized and judged anew then.
    waits_for_opening: bool,
    /// True when resting exits must first be taken away.
    needs_close: bool,
    /// The limit above which it waits for approval, when it does.
    approval_above: Option<String>,
}

/// What the view tells of the wish itself.
struct IntentFacts {
    /// It names a stop.
    named_stop: bool,
    /// It buys.
    buys: bool,
    /// It waits for an opening.
    waits: bool,
}

impl PreviewView {
    fn new(preview: &Preview, intent: &IntentFacts) -> Self {
        let resolved = preview.resolved.as_ref();
        let levels = resolved.map(|r| r.protective).unwrap_or_default();
        let price = resolved.and_then(|r| r.unit_price);
        let begins = |price| levels.trail.is_some_and(|t| t.is_active(price, intent.buys));
        let trails = price.is_some_and(begins);
        let verdict = match (preview.refusals.is_empty(), preview.held) {
            (false, _) => "refused",
            (true, Some(_)) => "held",
            (true, None) => "cleared",
        };
        Self {
            verdict,
            refusals: preview.refusals.iter().map(RefusalView::from).collect(),
            class: resolved.map(|r| r.class.name()),
            qty: resolved.map(|r| r.qty.to_string()),
            max_allowed_qty: preview
                .refusals
                .iter()
                .filter_map(|r| r.max_allowed_qty)
                .min()
                .map(|q| q.to_string()),
            limit: resolved.and_then(|r| r.kind.limit()).map(|p| p.to_string()),
            trigger: resolved.and_then(|r| r.kind.trigger()).map(|p| p.to_string()),
            reference: resolved.and_then(|r| r.reference).map(|p| p.to_string()),
            notional: resolved.and_then(|r| r.notional).map(decimal),
            stop: levels.stop.map(|p| p.to_string()),
            stop_attached: levels.stop.is_some() && !intent.named_stop && !trails,
            target: levels.target.map(|p| p.to_string()),
            trail: levels.trail.as_ref().map(TrailView::from),
            targets: levels.targets.iter().map(TargetView::planned).collect(),
            time_stop: levels.time_stop.as_ref().map(TimeStopView::planned),
            waits_for_opening: intent.waits,
            needs_close: resolved.is_some_and(|r| r.needs_close),
            approval_above: preview.held.map(|(_, limit)| decimal(limit)),
        }
    }
}

/// Asks what the gate would say.
#[utoipa::path(post, path = "/api/orders/preview", tag = "orders", request_body = OrderRequestSchema,
    responses((status = 200, description = "What would happen, refusals included", body = PreviewView)))]
pub(crate) async fn preview(
    state: Asked,
    Body(body): Body<OrderRequest>,
) -> Result<Json<PreviewView>, ApiError> {
    let account = state.account(&body.account)?;
    let intent = body.into_intent(None, &state)?;
    let levels = intent.protective;
    let facts = IntentFacts {
        named_stop: levels.stop.is_some(),
        buys: intent.side == Side::Buy,
        waits: intent.conditions.activate.waits(),
    };
    let preview = account.preview(intent).await?;
    Ok(Json(PreviewView::new(&preview, &facts)))
}
