//! Quotes, bars, and the table of refusal codes.
//!
//! Bars that the desk's clock has not reached are never shown, so a replay can't be looked ahead
//! of. It must not know where prices come from.

use std::collections::BTreeMap;

use axum::Json;
use domain::{InstrumentId, Timeframe};
use path::{codes::RefusalCode, verbs::RiskClass};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    extract::{Params, page, parse},
    guard::asked::Asked,
    ports::BarSeries,
    problem::{ApiError, Problem},
    views::{
        self,
        market::{BarList, BarView, QuoteList, QuoteView},
    },
};

/// The most bars in one answer.
const BARS_MAX: usize = 5_000;
/// The bars when no number is asked for.
const BARS: usize = 500;

/// The latest prices.
#[utoipa::path(get, path = "/api/quotes", tag = "market",
    responses((status = 200, description = "The quotes", body = QuoteList)))]
pub(crate) async fn quotes(state: Asked) -> Result<Json<QuoteList>, ApiError> {
    let all = views::gather(&state, None, |core, now| {
        let instruments = core.state().instruments.keys();
        let quote = |id: &InstrumentId| {
            let quote = core.market().quote(id)?;
            Some((quote.at, QuoteView::new(id, quote, now)))
        };
        instruments.filter_map(quote).collect::<Vec<_>>()
    })
    .await?;
    let mut newest = BTreeMap::new();
    for (at, view) in all.found.into_iter().flat_map(|(_, quotes)| quotes) {
        let known = newest.entry(view.symbol.clone()).or_insert_with(|| (at, view.clone()));
        if known.0 < at {
            *known = (at, view);
        }
    }
    Ok(Json(QuoteList {
        at: state.desk().clock().now().at.to_string(),
        quotes: newest.into_values().map(|(_, view)| view).collect(),
        unavailable: all.unavailable,
    }))
}

/// Stored series.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SeriesList {
    /// The series in order of symbol and timeframe.
    series: Vec<BarSeries>,
}

/// Every stored series of bars.
#[utoipa::path(get, path = "/api/bars", tag = "market",
    responses((status = 200, description = "The series", body = SeriesList)))]
pub(crate) async fn series(state: Asked) -> Result<Json<SeriesList>, ApiError> {
    Ok(Json(SeriesList { series: state.bars().list().await? }))
}

/// Which bars.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BarQuery {
    /// What is traded, as venue:SYMBOL.
    symbol: String,
    /// The span of one bar: 1m, 15m, 1h, 1d and so on.
    timeframe: String,
    /// Bars, 1 to 5000; 500 when absent.
    limit: Option<usize>,
}

/// The latest bars of a series, the oldest first.
#[utoipa::path(get, path = "/api/ohlcv", tag = "market", params(BarQuery),
    responses((status = 200, description = "The bars", body = BarList),
        (status = 404, description = "No such series", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn bars(
    state: Asked,
    Params(query): Params<BarQuery>,
) -> Result<Json<BarList>, ApiError> {
    let symbol: InstrumentId = parse("symbol", &query.symbol)?;
    let timeframe: Timeframe = parse("timeframe", &query.timeframe)?;
    let limit = page(query.limit, BARS, BARS_MAX)?;
    let until = state.desk().clock().now().at;
    let page =
        state.bars().read(symbol.clone(), timeframe, until, limit).await?.ok_or_else(|| {
            let detail = format!("No bars of {symbol} in {timeframe} are stored.");
            let remedy = "GET /api/bars lists what is stored.";
            ApiError::not_found("series_unknown", detail, remedy)
        })?;
    let known = page.bars.iter().filter(|b| b.close_at <= until);
    let bars: Vec<BarView> = known.map(BarView::from).collect();
    Ok(Json(BarList {
        symbol: symbol.to_string(),
        timeframe: timeframe.to_string(),
        provenance: page.provenance,
        until: until.to_string(),
        bars,
    }))
}

/// A reason for which the gate refuses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CodeView {
    /// The stable name.
    #[schema(example = "stop_required")]
    code: &'static str,
    /// What the refusal means.
    meaning: &'static str,
    /// What to do about it.
    remedy: &'static str,
    /// The classes of request that the rule can refuse: entry, exit, protective, cancel.
    classes: Vec<&'static str>,
}

/// Refusal codes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CodeList {
    /// The codes.
    codes: Vec<CodeView>,
}

/// Every reason for which the gate refuses.
#[utoipa::path(get, path = "/api/codes", tag = "market",
    responses((status = 200, description = "The codes", body = CodeList)))]
pub(crate) async fn codes() -> Json<CodeList> {
    let view = |code: &RefusalCode| CodeView {
        code: code.name(),
        meaning: code.meaning(),
        remedy: code.remedy(),
        classes: code.classes().iter().copied().map(RiskClass::name).collect(),
    };
    Json(CodeList { codes: RefusalCode::ALL.iter().map(view).collect() })
}
