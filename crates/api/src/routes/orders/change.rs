//! Changing an order that works: another order takes its place in one step.
//!
//! The change is judged like a new order. It must not know how the venue replaces.

use domain::{AccountId, ClientOrderId, Price, Qty};
use path::core::Changes;
use utoipa::ToSchema;

use super::{
    create::finish,
    outcome::Outcome,
    request::fresh_id,
    wait::{Wait, WaitQuery},
};
use crate::{
    body::{Fields, FromFields},
    extract::{At, Body, Params, parse},
    guard::asked::Asked,
    problem::{ApiError, Problem},
};

/// What is to be different about an order; at least one field. What is absent stays.
#[derive(Debug, ToSchema)]
#[schema(examples(json!({"limit": "99.5"}), json!({"quantity": "7", "limit": "99.5"})))]
pub(crate) struct ChangeRequest {
    /// The whole quantity, with what is filled already: an order of 10 that filled 4 and is changed
    /// to 7 may still fill 3.
    #[schema(value_type = Option<String>, example = "7")]
    quantity: Option<Qty>,
    /// The limit price of a limit or stop_limit order.
    #[schema(value_type = Option<String>, example = "99.5")]
    limit: Option<Price>,
    /// The price that triggers a stop or stop_limit order.
    #[schema(value_type = Option<String>, example = "105")]
    trigger: Option<Price>,
}

impl FromFields for ChangeRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let quantity = f.decimal::<Qty>("quantity");
        let limit = f.decimal::<Price>("limit");
        let trigger = f.decimal::<Price>("trigger");
        let (quantity, limit, trigger) = (quantity?, limit?, trigger?);
        if quantity.is_some_and(Qty::is_zero) {
            f.refuse_value("quantity", 0, "above 0; DELETE cancels the order");
            return None;
        }
        if quantity.is_none() && limit.is_none() && trigger.is_none() {
            f.refuse("quantity", "give at least one of quantity, limit and trigger");
            return None;
        }
        Some(Self { quantity, limit, trigger })
    }
}

/// Puts a changed order in a working one's place. The new order has an id of its own.
#[utoipa::path(patch, path = "/api/orders/{account}/{client_order_id}", tag = "orders",
    request_body = ChangeRequest,
    params(("account" = String, Path, description = "The account", example = "main"),
        ("client_order_id" = String, Path, description = "The order", example = "cfa1b2c3-1-9"),
        WaitQuery),
    responses(
        (status = 201, description = "The new order is on disk and on its way; until the venue has \
            told the end of one, both count", body = Outcome,
            example = json!({"outcome": "recorded", "account": "main", "order": "cfa1b2c3-1-a",
                "replaces": "cfa1b2c3-1-9", "class": "entry", "qty": "3", "replayed": false})),
        (status = 404, description = "No such order, or it has ended", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "Refused, with every reason; the order is as it was",
            body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn change(
    state: Asked,
    At((account, order)): At<(String, String)>,
    Params(wait): Params<WaitQuery>,
    Body(body): Body<ChangeRequest>,
) -> Result<Outcome, ApiError> {
    let span = wait.span()?;
    let account: AccountId = parse("account", &account)?;
    let order: ClientOrderId = parse("client_order_id", &order)?;
    let account = state.account(&account)?;
    let events = state.desk().subscribe();
    let changes = Changes { qty: body.quantity, limit: body.limit, trigger: body.trigger };
    let reply = account.replace(order.clone(), changes, fresh_id()?, state.origin()).await?;
    let wait = span.map(|span| Wait { account: account.clone(), events, span });
    let outcome = finish(account.id(), reply, wait).await?;
    Ok(Outcome { replaces: Some(order.to_string()), ..outcome })
}
