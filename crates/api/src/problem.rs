//! Errors as RFC 9457 problem documents.
//!
//! One type carries every answer that is not a success, so that each has a stable code, a sentence
//! with the values at fault, and what to do about it. It must not know routes.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use desk::DeskError;
use formula::Diagnostic;
use path::codes::{Refusal, RefusalCode};
use serde::Serialize;
use strategy::{Fault, Faults};
use utoipa::ToSchema;

/// The media type of problem documents.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field, with dots between levels.
    pub field: String,
    /// The value at fault, cut to 80 characters; absent when the field is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The rule that it breaks.
    pub rule: String,
}

/// One broken rule of the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusalView {
    /// The rule's stable code; `GET /api/codes` lists them all.
    #[schema(example = "order_notional")]
    pub code: String,
    /// What is wrong, in one sentence with the numbers.
    pub message: String,
    /// The limit in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// The value that was judged against it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The largest quantity that this rule would have let pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "12.5")]
    pub max_allowed_qty: Option<String>,
    /// Who set the limit: desk, account, book, origin, instrument, venue or rule.
    pub set_by: String,
    /// True when an operator of the desk can change the limit.
    pub can_change: bool,
    /// What to do.
    pub remedy: String,
}

impl From<&Refusal> for RefusalView {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code.name().to_owned(),
            message: refusal.message.clone(),
            limit: refusal.limit.clone(),
            value: refusal.value.clone(),
            max_allowed_qty: refusal.max_allowed_qty.map(|q| q.to_string()),
            set_by: refusal.set_by.to_string(),
            can_change: refusal.can_change,
            remedy: refusal.remedy.clone(),
        }
    }
}

/// One fault of a strategy's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FaultView {
    /// The stable code.
    #[schema(example = "unknown_name")]
    pub code: String,
    /// The key in the file; empty for the file as a whole.
    #[schema(example = "entry.long")]
    pub key: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// How many characters it is about, at least 1.
    pub length: usize,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl From<&Fault> for FaultView {
    fn from(fault: &Fault) -> Self {
        Self {
            code: fault.code.to_owned(),
            key: fault.key.clone(),
            line: fault.line,
            column: fault.column,
            length: fault.length,
            message: fault.message.clone(),
            help: fault.help.clone(),
        }
    }
}

impl FaultView {
    /// A fault of a rule whose place in the text is not known.
    pub(crate) fn whole_rule(key: &str, error: &Diagnostic) -> Self {
        Self {
            code: error.code.name().to_owned(),
            key: key.to_owned(),
            line: 1,
            column: 1,
            length: 1,
            message: error.message.clone(),
            help: error.help.clone(),
        }
    }
}

/// The body of every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Identifies the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:cofferdam:problem:refused")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    #[schema(example = "refused")]
    pub code: String,
    /// What is wrong with this request.
    pub detail: String,
    /// What to do.
    pub remedy: String,
    /// Every field at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Every broken rule of the gate.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<RefusalView>,
    /// With `strategy_faults`: every fault of the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultView>,
    /// With `step_up_required`: what the proof is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "POST /api/kill/release")]
    pub action: Option<String>,
    /// With `step_up_required`: the hash of this very request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument_hash: Option<String>,
    /// With `step_up_required`: what has to be shown, `password` and `code`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<String>,
    /// With `sign_in_delayed`: seconds until the next attempt is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

/// An answer that is not a success.
#[derive(Debug, Clone)]
pub struct ApiError(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    problem: Problem,
    retry_after: Option<u64>,
}

impl ApiError {
    /// A problem with a status, a stable code, what is wrong, and what to do.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: &str,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let problem = Problem {
            kind: format!("urn:cofferdam:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            remedy: remedy.into(),
            errors: Vec::new(),
            refusals: Vec::new(),
            faults: Vec::new(),
            action: None,
            argument_hash: None,
            factors: Vec::new(),
            retry_after_seconds: None,
        };
        Self(Box::new(Inner { status, problem, retry_after: None }))
    }

    /// 400: the request can't be understood.
    #[must_use]
    pub fn invalid(code: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail, remedy)
    }

    /// 404: what is asked for does not exist.
    #[must_use]
    pub fn not_found(code: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail, remedy)
    }

    /// 409: it contradicts what exists.
    #[must_use]
    pub fn conflict(code: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail, remedy)
    }

    /// 422: it is understood and can't be done.
    #[must_use]
    pub fn unprocessable(code: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail, remedy)
    }

    /// 429: as much as may be is under way.
    #[must_use]
    pub fn too_many(code: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail, remedy)
    }

    /// 503: it can't be done now.
    #[must_use]
    pub fn unavailable(code: &str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail, remedy)
    }

    /// 500: the desk is at fault.
    #[must_use]
    pub fn internal(code: &str, detail: impl Into<String>) -> Self {
        let remedy = "See the desk's log; if it repeats, report it with the code.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, code, detail, remedy)
    }

    /// 400: fields of the body or the query break their rules.
    #[must_use]
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let names: Vec<&str> = errors.iter().map(|e| e.field.as_str()).collect();
        let detail = format!("Wrong or missing: {}.", names.join(", "));
        let mut error =
            Self::invalid("invalid_fields", detail, "Change the fields as `errors` says.");
        error.0.problem.errors = errors;
        error
    }

    /// 422: a strategy's text has faults.
    #[must_use]
    pub fn faults(faults: &Faults) -> Self {
        let first = faults.0.first().map_or("", |fault| fault.message.as_str());
        let detail = match faults.0.len() {
            1 => format!("The strategy has a fault: {first}"),
            count => format!("The strategy has {count} faults, the first of them: {first}"),
        };
        let remedy = "Change the text where `faults` points.";
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let mut error = Self::new(status, "strategy_faults", detail, remedy);
        error.0.problem.faults = faults.0.iter().map(FaultView::from).collect();
        error
    }

    /// The gate's refusals: 409 for a key's conflict, 404 for what doesn't exist, 403 for a source
    /// without the right, else 422.
    #[must_use]
    pub fn refused(refusals: &[Refusal]) -> Self {
        let has = |code| refusals.iter().any(|r| r.code == code);
        let alone = |code: RefusalCode| has(code).then(|| code.name());
        let (status, code) = if let Some(code) = alone(RefusalCode::IdempotencyConflict) {
            (StatusCode::CONFLICT, code)
        } else if let Some(code) =
            alone(RefusalCode::OrderUnknown).or(alone(RefusalCode::ApprovalUnknown))
        {
            (StatusCode::NOT_FOUND, code)
        } else if let Some(code) =
            alone(RefusalCode::OriginNotAllowed).or(alone(RefusalCode::ApproverIsOrigin))
        {
            (StatusCode::FORBIDDEN, code)
        } else {
            (StatusCode::UNPROCESSABLE_ENTITY, "refused")
        };
        let messages: Vec<&str> = refusals.iter().map(|r| r.message.as_str()).collect();
        let remedy = refusals.first().map_or("", |r| r.remedy.as_str());
        let mut error = Self::new(status, code, messages.join(" "), remedy);
        error.0.problem.refusals = refusals.iter().map(RefusalView::from).collect();
        error
    }

    /// Adds after how many seconds it may be tried again.
    #[must_use]
    pub fn retry_after(mut self, secs: u64) -> Self {
        self.0.retry_after = Some(secs);
        self
    }

    /// Adds what has to be proven.
    #[must_use]
    pub fn step_up(mut self, action: String, argument_hash: String, factors: Vec<&str>) -> Self {
        self.0.problem.action = Some(action);
        self.0.problem.argument_hash = Some(argument_hash);
        self.0.problem.factors = factors.into_iter().map(str::to_owned).collect();
        self
    }

    /// As [`ApiError::retry_after`], also in the body.
    #[must_use]
    pub fn delayed(mut self, secs: u64) -> Self {
        self.0.problem.retry_after_seconds = Some(secs);
        self.retry_after(secs)
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The document.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }
}

impl From<DeskError> for ApiError {
    fn from(error: DeskError) -> Self {
        let (code, detail) = (error.code(), error.to_string());
        match error {
            DeskError::AccountUnknown(_) => {
                Self::not_found(code, detail, "List the accounts with GET /api/accounts.")
            }
            DeskError::AccountExists(_) => {
                Self::conflict(code, detail, "Use the account that exists, or another id.")
            }
            DeskError::AccountElsewhere { .. } => {
                Self::conflict(code, detail, "Send the request to the desk that holds the account.")
            }
            DeskError::AccountStopped(_) => {
                Self::unavailable(code, detail, "See the log, then restart the desk.")
            }
            DeskError::Busy(_) => {
                Self::unavailable(code, detail, "Try again in a moment.").retry_after(1)
            }
            DeskError::Journal(_) => Self::unavailable(
                code,
                detail,
                "Free space or repair the journal's disk; exits, cancels and the kill switch \
                 still work.",
            ),
            _ => Self::internal(code, detail),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Inner { status, problem, retry_after } = *self.0;
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(secs) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"cofferdam\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
