//! Showing orders: pages of them, and one.
//!
//! Orders that settled long ago have left the account's memory and are in the journal. It must not
//! change anything.

use axum::Json;
use domain::{AccountId, BookId, ClientOrderId, InstrumentId, Timestamp};
use path::{core::Core, state::Order};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    extract::{At, Params, page, parse, parse_opt},
    guard::asked::Asked,
    problem::{ApiError, FieldError, Problem},
    views::{
        self,
        order::{OrderPage, OrderView},
    },
};

/// The largest page.
const PAGE_MAX: usize = 200;
/// The page when none is asked for.
const PAGE: usize = 50;

/// Which orders.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrderQuery {
    /// Only this account's.
    account: Option<String>,
    /// `live` (when absent) or `all`.
    state: Option<String>,
    /// Only this book's.
    book: Option<String>,
    /// Only this instrument's.
    symbol: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Orders on a page, 1 to 200; 50 when absent.
    limit: Option<usize>,
}

/// The place of an order in the list, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    at: Timestamp,
    account: AccountId,
    id: ClientOrderId,
}

impl Place {
    fn of(account: &AccountId, order: &Order) -> Self {
        Self { at: order.recorded_at, account: account.clone(), id: order.client_order_id.clone() }
    }

    fn write(&self) -> String {
        format!("{}.{}.{}", self.at.0, self.account, self.id)
    }

    fn read(text: &str) -> Result<Self, ApiError> {
        let mut parts = text.splitn(3, '.');
        let place = (|| {
            let at = Timestamp(parts.next()?.parse().ok()?);
            let account = parts.next()?.parse().ok()?;
            Some(Self { at, account, id: parts.next()?.parse().ok()? })
        })();
        place.ok_or_else(|| {
            ApiError::fields(vec![FieldError {
                field: "cursor".to_owned(),
                value: Some(text.chars().take(80).collect()),
                rule: "use `next` of the page before".to_owned(),
            }])
        })
    }
}

#[derive(Debug, Clone)]
struct Filter {
    all: bool,
    book: Option<BookId>,
    symbol: Option<InstrumentId>,
    before: Option<Place>,
    limit: usize,
}

impl Filter {
    /// The account's newest orders that pass, one more than a page.
    fn pick(&self, core: &Core) -> Vec<(Place, OrderView)> {
        let state = core.state();
        let account = &state.spec.id;
        let mut found: Vec<&Order> = if self.all {
            state.orders.values().filter(|o| self.passes(o)).collect()
        } else {
            state.live_orders().filter(|o| self.passes(o)).collect()
        };
        found.sort_unstable_by_key(|o| std::cmp::Reverse((o.recorded_at, &o.client_order_id)));
        let places = found.into_iter().map(|o| (Place::of(account, o), o));
        places
            .filter(|(place, _)| self.before.as_ref().is_none_or(|before| place < before))
            .take(self.limit + 1)
            .map(|(place, order)| (place, OrderView::new(core, order)))
            .collect()
    }

    fn passes(&self, order: &Order) -> bool {
        self.book.as_ref().is_none_or(|b| b == &order.book)
            && self.symbol.as_ref().is_none_or(|s| s == &order.instrument)
    }
}

/// A page of orders, the newest first.
#[utoipa::path(get, path = "/api/orders", tag = "orders", params(OrderQuery),
    responses((status = 200, description = "The page", body = OrderPage)))]
pub(crate) async fn list(
    state: Asked,
    Params(query): Params<OrderQuery>,
) -> Result<Json<OrderPage>, ApiError> {
    let account = parse_opt::<AccountId>("account", query.account.as_ref())?;
    let all = match query.state.as_deref() {
        None | Some("live") => false,
        Some("all") => true,
        Some(other) => {
            return Err(ApiError::fields(vec![FieldError {
                field: "state".to_owned(),
                value: Some(other.chars().take(80).collect()),
                rule: "live or all".to_owned(),
            }]));
        }
    };
    let filter = Filter {
        all,
        book: parse_opt("book", query.book.as_ref())?,
        symbol: parse_opt("symbol", query.symbol.as_ref())?,
        before: query.cursor.as_deref().map(Place::read).transpose()?,
        limit: page(query.limit, PAGE, PAGE_MAX)?,
    };
    let limit = filter.limit;
    let pick = move |core: &Core, _| filter.pick(core);
    let gathered = views::gather(&state, account.as_ref(), pick).await?;
    let mut found: Vec<_> = gathered.found.into_iter().flat_map(|(_, orders)| orders).collect();
    found.sort_unstable_by(|(a, _), (b, _)| b.cmp(a));
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(place, _)| place.write());
    let orders = found.into_iter().map(|(_, order)| order).collect();
    Ok(Json(OrderPage { orders, next, unavailable: gathered.unavailable }))
}

/// One order.
#[utoipa::path(get, path = "/api/orders/{account}/{client_order_id}", tag = "orders",
    params(("account" = String, Path, description = "The account", example = "main"),
        ("client_order_id" = String, Path, description = "The order", example = "cfa1b2c3-1-a")),
    responses((status = 200, description = "The order", body = OrderView),
        (status = 404, description = "No such order", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn show(
    state: Asked,
    At((account, order)): At<(String, String)>,
) -> Result<Json<OrderView>, ApiError> {
    let account: AccountId = parse("account", &account)?;
    let order: ClientOrderId = parse("client_order_id", &order)?;
    let handle = state.account(&account)?;
    let wanted = order.clone();
    let view = views::look(&handle, move |core, _| {
        let state = core.state();
        state.orders.get(&wanted).map(|o| OrderView::new(core, o))
    })
    .await?;
    view.map(Json).ok_or_else(|| {
        let detail = format!("Account `{account}` has no order `{order}` in memory.");
        let remedy = "List the orders; one that settled long ago is in the account's journal.";
        ApiError::not_found("order_unknown", detail, remedy)
    })
}
