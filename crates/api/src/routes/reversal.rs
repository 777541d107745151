//! Turning a position around: close it, then open the other direction.
//!
//! It is two requests: the second is judged when the first is done. It must not know how a close
//! is carried out.

use axum::http::HeaderMap;
use domain::{Conditions, Intent, OrderKind, Protective, Qty, Side, Size, TimeInForce};
use path::codes::{Refusal, RefusalCode};
use utoipa::ToSchema;

use super::{
    orders::{
        create::finish,
        outcome::Outcome,
        request::fresh_id,
        wait::{Wait, WaitQuery},
    },
    plan::{self, TargetSchema},
};
use crate::{
    body::{Fields, FromFields},
    extract::{At, Body, Params, parse},
    guard::asked::Asked,
    guard::memo::key_of,
    problem::{ApiError, Problem},
    views::{self, position::PositionId},
};

/// The other direction. Without a stop it follows the account's policy, like every entry.
#[derive(ToSchema)]
#[schema(as = ReverseRequest, examples(
    json!({"stop": "105"}),
    json!({"quantity": "5", "trail_percent": "2.5", "targets": [{"price": "90", "percent": "50"}]})))]
#[allow(dead_code, reason = "the description's form of the request")]
pub(crate) struct ReverseSchema {
    /// How much to open, in units of the instrument; as much as was held when absent.
    #[schema(example = "5")]
    quantity: Option<String>,
    /// The stop of the new position, a price; rests at the venue.
    stop: Option<String>,
    /// The price at which all that is left of the new position is closed; watched by the desk.
    target: Option<String>,
    /// The stop follows the best price at this distance, in the quote currency; watched by the
    /// desk, the stop itself rests at the venue. Without `stop` it also makes the first stop.
    trail_amount: Option<String>,
    /// As `trail_amount`, as a percentage of the best price; above 0 and below 100.
    trail_percent: Option<String>,
    /// The price that must be reached before the stop begins to follow; at once when absent.
    trail_activation: Option<String>,
    /// Up to four prices at which shares of the new position are closed; watched by the desk.
    #[schema(max_items = 4)]
    targets: Option<Vec<TargetSchema>>,
    /// The new position is closed at this time, RFC 3339, or when its market next opens; watched
    /// by the desk.
    #[schema(example = "2026-01-30T20:00:00Z")]
    time_stop: Option<String>,
    /// As `time_stop`, so many seconds after the first fill.
    #[schema(example = 7200, minimum = 1)]
    time_stop_secs: Option<u32>,
}

/// The other direction, read and checked for its form.
#[derive(Debug)]
pub(crate) struct ReverseRequest {
    quantity: Option<Qty>,
    protective: Protective,
}

impl FromFields for ReverseRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let quantity = f.decimal::<Qty>("quantity");
        let protective = plan::levels(f);
        let (quantity, protective) = (quantity?, protective?);
        if quantity.is_some_and(Qty::is_zero) {
            f.refuse_value("quantity", 0, "above 0; closing alone is POST .../close");
            return None;
        }
        Some(Self { quantity, protective })
    }
}

/// Closes a position and then opens the other direction, both at the market. When the second half
/// is refused, the position is closed and nothing more; the refusal is in the journal.
#[utoipa::path(post, path = "/api/positions/{id}/reverse", tag = "positions",
    request_body = ReverseSchema,
    params(("id" = String, Path, description = "`<account>.<book>.<venue:symbol>`, url-encoded",
            example = "main.manual.sim:IBM"),
        WaitQuery),
    responses((status = 200, description = "The close ended while it was waited for; the other \
            direction was asked for", body = Outcome),
        (status = 202, description = "The close has begun", body = Outcome),
        (status = 409, description = "The key stands for another request", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Nothing to turn around", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn reverse(
    state: Asked,
    At(id): At<String>,
    Params(wait): Params<WaitQuery>,
    headers: HeaderMap,
    Body(body): Body<ReverseRequest>,
) -> Result<Outcome, ApiError> {
    let (span, key) = (wait.span()?, key_of(&headers)?);
    let id: PositionId = parse("id", &id)?;
    let account = state.account(&id.account)?;
    let events = state.desk().subscribe();
    let wanted = id.clone();
    let held = views::look(&account, move |core, _| {
        core.state().position(&wanted.book, &wanted.instrument)
    })
    .await?;
    let Some(side) = Side::reducing(held) else {
        let text = format!("Book {} holds nothing of {}.", id.book, id.instrument);
        return Err(ApiError::refused(&[Refusal::rule(RefusalCode::NothingToReduce, text)]));
    };
    let intent = Intent {
        id: fresh_id()?,
        account: id.account,
        book: id.book,
        instrument: id.instrument,
        side,
        size: Size::Quantity(body.quantity.unwrap_or_else(|| held.abs())),
        kind: OrderKind::Market,
        tif: TimeInForce::default(),
        post_only: false,
        reduce_only: false,
        protective: body.protective,
        conditions: Conditions::default(),
        origin: state.origin(),
        idempotency_key: key,
    };
    let reply = account.reverse(intent).await?;
    let wait = span.map(|span| Wait { account: account.clone(), events, span });
    finish(account.id(), reply, wait).await
}
