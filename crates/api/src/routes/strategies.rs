//! Strategies: list, add, read, change, remove, check; and the examples that come along.
//!
//! A text with a fault is never kept: every fault is told at once, with its place. It must not know
//! how strategies are kept or run.

use axum::{Json, http::StatusCode};
use utoipa::ToSchema;

use crate::{
    body::{Fields, FromFields},
    extract::{At, Body},
    guard::asked::Asked,
    ports::StrategyText,
    problem::{ApiError, Problem},
    views::strategy::{
        Checked, ExampleList, ExampleView, StrategyDetail, StrategyList, StrategyView,
    },
};

/// The examples by file.
const EXAMPLES: [(&str, &str); 8] = [
    ("golden-cross.toml", include_str!("../../../../strategies/golden-cross.toml")),
    ("ma-crossover.toml", include_str!("../../../../strategies/ma-crossover.toml")),
    ("mean-reversion.toml", include_str!("../../../../strategies/mean-reversion.toml")),
    ("momentum.toml", include_str!("../../../../strategies/momentum.toml")),
    ("multi-timeframe.toml", include_str!("../../../../strategies/multi-timeframe.toml")),
    ("quick-test.toml", include_str!("../../../../strategies/quick-test.toml")),
    ("rsi-reversion.toml", include_str!("../../../../strategies/rsi-reversion.toml")),
    ("volatility-breakout.toml", include_str!("../../../../strategies/volatility-breakout.toml")),
];

/// The text of a strategy.
#[derive(ToSchema)]
pub(crate) struct StrategySource {
    /// TOML, at most 64 KiB.
    source: String,
}

impl FromFields for StrategySource {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        Some(Self { source: f.need("source")? })
    }
}

/// Another text for a strategy.
#[derive(ToSchema)]
pub(crate) struct StrategyChange {
    /// TOML, at most 64 KiB.
    source: String,
    /// The revision that was read, so that nobody overwrites what somebody else has written.
    #[schema(minimum = 1)]
    revision: u32,
}

impl FromFields for StrategyChange {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let (source, revision) = (f.need("source"), f.count("revision", 1..=u32::MAX));
        let revision = revision?;
        if revision.is_none() {
            f.refuse("revision", "required: the revision that you have read");
        }
        Some(Self { source: source?, revision: revision? })
    }
}

fn read(source: String) -> Result<StrategyText, ApiError> {
    StrategyText::read(source).map_err(|faults| ApiError::faults(&faults))
}

/// Who asked, as it is recorded.
pub(super) fn by(state: &Asked) -> String {
    state.origin().principal.to_string()
}

/// The caller's strategies, the last changed first; everybody's for who has every account.
#[utoipa::path(get, path = "/api/strategies", tag = "strategies",
    responses((status = 200, description = "The strategies", body = StrategyList)))]
pub(crate) async fn list(state: Asked) -> Result<Json<StrategyList>, ApiError> {
    let items = state.strategies().list(state.reach()).await?;
    let items = items.into_iter().map(StrategyView::from).collect();
    Ok(Json(StrategyList { items, next: None }))
}

/// Keeps a strategy.
#[utoipa::path(post, path = "/api/strategies", tag = "strategies", request_body = StrategySource,
    responses((status = 201, description = "Kept", body = StrategyDetail),
        (status = 409, description = "There are as many as may be, or as one may have", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "The text has faults", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn create(
    state: Asked,
    Body(body): Body<StrategySource>,
) -> Result<(StatusCode, Json<StrategyDetail>), ApiError> {
    let text = read(body.source)?;
    let source = text.source.clone();
    let kept = state.strategies().add(text, by(&state), state.reach()).await?;
    Ok((StatusCode::CREATED, Json(StrategyDetail::new(kept, source))))
}

/// A strategy with its text.
#[utoipa::path(get, path = "/api/strategies/{id}", tag = "strategies",
    params(("id" = String, Path, description = "The strategy")),
    responses((status = 200, description = "The strategy", body = StrategyDetail),
        (status = 404, description = "No such strategy", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn show(
    state: Asked,
    At(id): At<String>,
) -> Result<Json<StrategyDetail>, ApiError> {
    let (stored, source) = state.strategies().get(id, state.reach()).await?;
    Ok(Json(StrategyDetail::new(stored, source)))
}

/// Gives a strategy another text.
#[utoipa::path(put, path = "/api/strategies/{id}", tag = "strategies",
    params(("id" = String, Path, description = "The strategy")), request_body = StrategyChange,
    responses((status = 200, description = "Changed", body = StrategyDetail),
        (status = 404, description = "No such strategy", body = Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "Somebody changed it meanwhile", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "The text has faults", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn change(
    state: Asked,
    At(id): At<String>,
    Body(body): Body<StrategyChange>,
) -> Result<Json<StrategyDetail>, ApiError> {
    let text = read(body.source)?;
    let source = text.source.clone();
    let (revision, reach) = (u64::from(body.revision), state.reach());
    let kept = state.strategies().change(id, revision, text, by(&state), reach).await?;
    Ok(Json(StrategyDetail::new(kept, source)))
}

/// Removes a strategy. Runs that tried it keep their results.
#[utoipa::path(delete, path = "/api/strategies/{id}", tag = "strategies",
    params(("id" = String, Path, description = "The strategy")),
    responses((status = 204, description = "Removed"),
        (status = 404, description = "No such strategy", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn remove(state: Asked, At(id): At<String>) -> Result<StatusCode, ApiError> {
    state.strategies().remove(id, by(&state), state.reach()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The strategies that come with the program.
#[utoipa::path(get, path = "/api/strategies/examples", tag = "strategies",
    responses((status = 200, description = "The examples", body = ExampleList)))]
pub(crate) async fn examples() -> Json<ExampleList> {
    // Each of them is read without a fault; a test reads them all.
    let view = |(file, source): (&'static str, &'static str)| {
        let read = strategy::read(source).ok()?;
        Some(ExampleView { file, name: read.name, description: read.description, source })
    };
    Json(ExampleList { items: EXAMPLES.into_iter().filter_map(view).collect() })
}

/// Reads a text and keeps nothing: every fault with its place, or what was read.
#[utoipa::path(post, path = "/api/strategies/check", tag = "strategies",
    request_body = StrategySource,
    responses((status = 200, description = "What is wrong, or what was read", body = Checked)))]
pub(crate) async fn check(Body(body): Body<StrategySource>) -> Json<Checked> {
    Json(Checked::of(&body.source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_strategy_is_an_example_without_a_fault() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../strategies");
        let shipped = std::fs::read_dir(folder).unwrap();
        let mut shipped: Vec<String> =
            shipped.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        shipped.sort();
        assert_eq!(EXAMPLES.map(|(file, _)| file.to_owned()).to_vec(), shipped);
        for (file, source) in EXAMPLES {
            assert!(strategy::read(source).is_ok(), "{file}");
        }
    }
}
