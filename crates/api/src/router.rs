//! All routes, the checks in front of them, and the description made from both.
//!
//! Every route is added with its description, so none can be missing from it. It must not know
//! what a route does.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::Response,
    routing::any,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    describe,
    guard::{auth, headers, host, memo, origin, rate, stepup, time},
    problem::ApiError,
    routes::{
        accounts, approvals, armed, backtests, books, desk, docs, formulas, health, instruments,
        journal, keys, kill, limits, market, me, metrics, movements, orders, positions, protection,
        reversal, runs, sessions, statement, strategies, users,
    },
    state::ApiState,
    ws,
};

/// The largest body of a request.
const BODY_MAX: usize = 64 * 1_024;
/// The largest body of a request with a strategy's text, of which JSON makes more bytes.
const STRATEGY_MAX: usize = 160 * 1_024;
/// Where strategies' texts go.
const WITH_STRATEGIES: [&str; 3] = ["/api/strategies", "/api/backtests", "/api/strategy-runs"];

/// The most bytes of a request's body.
pub(crate) fn body_max(path: &str) -> usize {
    let long = WITH_STRATEGIES.iter().any(|start| path.starts_with(start));
    if long { STRATEGY_MAX } else { BODY_MAX }
}

fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(describe::base())
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(desk::show))
        .routes(routes!(desk::set_limits))
        .routes(routes!(accounts::list, accounts::create))
        .routes(routes!(accounts::show))
        .routes(routes!(books::list, books::create))
        .routes(routes!(runs::list, runs::start))
        .routes(routes!(runs::show))
        .routes(routes!(runs::pause))
        .routes(routes!(runs::resume))
        .routes(routes!(runs::stop))
        .routes(routes!(statement::trips))
        .routes(routes!(statement::lots))
        .routes(routes!(statement::days))
        .routes(routes!(statement::equity))
        .routes(routes!(statement::table))
        .routes(routes!(movements::list))
        .routes(routes!(movements::totals))
        .routes(routes!(positions::list))
        .routes(routes!(positions::list_of_account))
        .routes(routes!(positions::close))
        .routes(routes!(positions::close_all))
        .routes(routes!(reversal::reverse))
        .routes(routes!(protection::protect))
        .routes(routes!(positions::adopt))
        .routes(routes!(positions::leave))
        .routes(routes!(orders::list::list, orders::create::create))
        .routes(routes!(orders::preview::preview))
        .routes(routes!(orders::write_off::write_off))
        .routes(routes!(orders::list::show, orders::change::change, orders::cancel::cancel))
        .routes(routes!(armed::list))
        .routes(routes!(armed::disarm))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::decide))
        .routes(routes!(limits::show, limits::set))
        .routes(routes!(limits::presets))
        .routes(routes!(limits::apply))
        .routes(routes!(limits::set_policy))
        .routes(routes!(kill::pull))
        .routes(routes!(kill::release))
        .routes(routes!(kill::release_latch))
        .routes(routes!(journal::streams))
        .routes(routes!(journal::read))
        .routes(routes!(journal::verify))
        .routes(routes!(journal::audit))
        .routes(routes!(instruments::list, instruments::create))
        .routes(routes!(market::quotes))
        .routes(routes!(market::series))
        .routes(routes!(market::bars))
        .routes(routes!(market::codes))
        .merge(research())
        .routes(routes!(docs::openapi))
        .routes(routes!(metrics::metrics))
        .routes(routes!(ws::socket))
        .routes(routes!(sessions::needed, sessions::set_up))
        .routes(routes!(sessions::show, sessions::sign_out))
        .routes(routes!(sessions::list, sessions::sign_in, sessions::sign_out_everywhere))
        .routes(routes!(sessions::end))
        .routes(routes!(me::change_password))
        .routes(routes!(me::begin_totp, me::activate_totp, me::remove_totp))
        .routes(routes!(me::renew_recovery))
        .routes(routes!(me::step_up))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::change))
        .routes(routes!(users::reset))
        .routes(routes!(keys::list, keys::create))
        .routes(routes!(keys::revoke))
}

/// Strategies, and what is tried with them.
fn research() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(strategies::list, strategies::create))
        .routes(routes!(strategies::examples))
        .routes(routes!(strategies::check))
        .routes(routes!(strategies::show, strategies::change, strategies::remove))
        .routes(routes!(formulas::functions))
        .routes(routes!(backtests::list, backtests::start))
        .routes(routes!(backtests::show, backtests::remove))
        .routes(routes!(backtests::result))
        .routes(routes!(backtests::report))
        .routes(routes!(backtests::cancel))
}

/// The description of everything, OpenAPI 3.1.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    describe::complete(routes().into_openapi())
}

/// The routes behind their checks, without state.
fn api(state: &ApiState) -> Router<ApiState> {
    let (router, _) = routes().split_for_parts();
    let with = || state.clone();
    router
        .route("/api", any(not_found))
        .route("/api/{*rest}", any(not_found))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(STRATEGY_MAX))
        .layer(middleware::from_fn_with_state(with(), memo::check))
        .layer(middleware::from_fn_with_state(with(), stepup::check))
        .layer(middleware::from_fn_with_state(with(), time::limit))
        .layer(middleware::from_fn_with_state(with(), rate::check))
        .layer(middleware::from_fn_with_state(with(), auth::check))
}

/// The checks that everything passes, pages included.
fn outer(router: Router<ApiState>, state: ApiState) -> Router {
    router
        .layer(middleware::from_fn_with_state(state.clone(), origin::check))
        .layer(middleware::from_fn_with_state(state.clone(), host::check))
        .layer(middleware::from_fn(headers::add))
        .layer(middleware::from_fn_with_state(state.clone(), count))
        .with_state(state)
}

/// Everything that the door serves.
pub fn router(state: ApiState) -> Router {
    outer(api(&state), state)
}

/// As [`router`]; what is no route of the API, such as a dashboard's pages, is served by `pages`
/// without a key, behind the same checks of host and origin.
pub fn router_with_pages(state: ApiState, pages: Router) -> Router {
    outer(api(&state).fallback_service(pages), state)
}

async fn count(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    state.counters().answered(response.status().as_u16());
    response
}

async fn not_found(request: Request) -> ApiError {
    let path: String = request.uri().path().chars().take(120).collect();
    let detail = format!("There is nothing at `{path}`.");
    ApiError::not_found("route_unknown", detail, "GET /api/openapi.json lists every route.")
}

async fn wrong_method(request: Request) -> ApiError {
    let path: String = request.uri().path().chars().take(120).collect();
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("`{path}` does not take {}.", request.method()),
        "GET /api/openapi.json lists what each route takes.",
    )
}
