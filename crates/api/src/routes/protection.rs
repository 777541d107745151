//! What protects a position and takes its profit: replaced as a whole.
//!
//! It must not know how a stop is moved at the venue.

use axum::Json;
use domain::{Price, Protective, Timestamp};
use path::{core::Core, market::Now};
use utoipa::ToSchema;

use super::{
    Done, done,
    plan::{self, TargetSchema},
};
use crate::{
    body::{Fields, FromFields},
    extract::{At, Body, parse},
    guard::asked::Asked,
    problem::{ApiError, FieldError, Problem},
    views::{self, position::PositionId},
};

/// New levels of a position. They replace all old ones: what is absent is removed. A partial target
/// or time stop that is given again as it was goes on as it was.
#[derive(ToSchema)]
#[schema(as = ProtectionRequest, examples(
    json!({"stop": "95", "target": "120"}),
    json!({"stop": "95", "trail_amount": "5", "trail_activation": "105",
        "targets": [{"price": "110", "percent": "50"}], "time_stop": "2026-01-30T20:00:00Z"})))]
#[allow(dead_code, reason = "the description's form of the request")]
pub(crate) struct ProtectionSchema {
    /// Close at a loss from this price on; rests at the venue.
    #[schema(example = "95")]
    stop: Option<String>,
    /// Close all that is left at a profit from this price on; watched by the desk.
    target: Option<String>,
    /// The stop follows the best price at this distance, in the quote currency; watched by the
    /// desk, the stop itself rests at the venue. Without `stop` it begins at the price of now.
    #[schema(example = "5")]
    trail_amount: Option<String>,
    /// As `trail_amount`, as a percentage of the best price; above 0 and below 100.
    trail_percent: Option<String>,
    /// The price that must be reached before the stop begins to follow; at once when absent.
    trail_activation: Option<String>,
    /// Up to four prices at which shares of the position are closed; watched by the desk.
    #[schema(max_items = 4)]
    targets: Option<Vec<TargetSchema>>,
    /// The position is closed at this time, RFC 3339, or when its market next opens; watched by the
    /// desk.
    #[schema(example = "2026-01-30T20:00:00Z")]
    time_stop: Option<String>,
    /// As `time_stop`, in so many seconds.
    #[schema(example = 7200, minimum = 1)]
    time_stop_secs: Option<u32>,
    /// True to let the position stand without a stop; needed when no stop and no trail is given.
    accept_unprotected: Option<bool>,
}

/// New levels of a position, read and checked for their form.
#[derive(Debug)]
pub(crate) struct ProtectionRequest {
    levels: Protective,
    accept_unprotected: bool,
}

impl FromFields for ProtectionRequest {
    fn from_fields(f: &mut Fields) -> Option<Self> {
        let levels = plan::levels(f);
        let accept = f.flag("accept_unprotected");
        let (levels, accept_unprotected) = (levels?, accept?);
        if levels.stop.is_none() && levels.trail.is_none() && !accept_unprotected {
            f.refuse("stop", "required, or a trail, or `accept_unprotected` must be true");
            return None;
        }
        Some(Self { levels, accept_unprotected })
    }
}

/// Replaces a position's protective levels.
#[utoipa::path(put, path = "/api/positions/{id}/protection", tag = "positions",
    request_body = ProtectionSchema,
    params(("id" = String, Path, description = "`<account>.<book>.<venue:symbol>`, url-encoded",
            example = "main.manual.sim:IBM")),
    responses((status = 200, description = "Replaced; the venue's stop follows", body = Done),
        (status = 422, description = "Nothing is held, or the levels contradict each other",
            body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn protect(
    state: Asked,
    At(id): At<String>,
    Body(body): Body<ProtectionRequest>,
) -> Result<Json<Done>, ApiError> {
    let id: PositionId = parse("id", &id)?;
    let account = state.account(&id.account)?;
    let (wanted, levels, accept) = (id.clone(), body.levels, body.accept_unprotected);
    let errors = views::look(&account, move |core, now| {
        // Where nothing is held there is no side to judge by, and the desk says so.
        if core.state().position(&wanted.book, &wanted.instrument).is_zero() {
            return Vec::new();
        }
        let mut check = Check::new(core, &wanted);
        check.levels(core, &wanted, &levels);
        check.times(&levels, now);
        check.begins(core, &wanted, &levels, accept);
        check.errors
    })
    .await?;
    if !errors.is_empty() {
        return Err(ApiError::fields(errors));
    }
    done(account.set_plan(id.book, id.instrument, levels, state.operator()).await?)
}

/// Finds what the venue would refuse and what would act at once.
struct Check {
    long: bool,
    mark: Option<Price>,
    errors: Vec<FieldError>,
}

impl Check {
    fn new(core: &Core, id: &PositionId) -> Self {
        let long = core.state().position(&id.book, &id.instrument).is_long();
        Self { long, mark: core.market().mark(&id.instrument), errors: Vec::new() }
    }

    fn error(&mut self, field: &str, value: impl ToString, rule: String) {
        let value = Some(value.to_string());
        self.errors.push(FieldError { field: field.to_owned(), value, rule });
    }

    /// Levels off the tick or beyond the last price.
    fn levels(&mut self, core: &Core, id: &PositionId, levels: &Protective) {
        let Some(tick) = core.state().instruments.get(&id.instrument).map(|i| i.tick) else {
            return;
        };
        let (stop, target) =
            (("stop".to_owned(), levels.stop), ("target".to_owned(), levels.target));
        let partial = levels.targets.iter().enumerate();
        let partial = partial.map(|(n, t)| (format!("targets[{n}].price"), Some(t.price)));
        for (field, level) in [stop, target].into_iter().chain(partial) {
            let Some(level) = level else { continue };
            if !level.is_on_tick(tick) {
                self.error(&field, level, format!("a multiple of the tick {tick}"));
            }
            let below = (field == "stop") == self.long;
            let beyond = |mark: &Price| if below { level >= *mark } else { level <= *mark };
            if let Some(mark) = self.mark.filter(beyond) {
                let side = if below { "below" } else { "above" };
                let rule = format!("{side} the last price {mark}, or it would fire at once");
                self.error(&field, level, rule);
            }
        }
        let activation = levels.trail.and_then(|trail| trail.activation);
        if let Some(activation) = activation.filter(|a| !a.is_on_tick(tick)) {
            self.error("trail_activation", activation, format!("a multiple of the tick {tick}"));
        }
    }

    /// A time that has passed.
    fn times(&mut self, levels: &Protective, now: Now) {
        let past = |at: &Timestamp| *at <= now.at;
        if let Some(domain::TimeStop::At(at)) = levels.time_stop
            && past(&at)
        {
            self.error("time_stop", at, format!("after the desk's clock, {}", now.at));
        }
    }

    /// A trail that has not begun protects nothing.
    fn begins(&mut self, core: &Core, id: &PositionId, levels: &Protective, accepted: bool) {
        let Some(trail) = levels.trail.filter(|_| levels.stop.is_none() && !accepted) else {
            return;
        };
        let quote = core.market().quote(&id.instrument);
        let price = quote.map(|q| if self.long { q.bid } else { q.ask });
        if !price.is_some_and(|price| trail.is_active(price, self.long)) {
            let (field, rule) = (
                "stop".to_owned(),
                "required while the trail has not begun, or `accept_unprotected` must be true",
            );
            self.errors.push(FieldError { field, value: None, rule: rule.to_owned() });
        }
    }
}
