//! The journal: read it, check it.
//!
//! Reading blocks, so it happens on threads of its own. It must not write.

use std::sync::Arc;

use axum::Json;
use identity::Verb;
use path::journal::{Head, JournalReader, ReadError, StreamId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    extract::{At, Params, page},
    guard::asked::Asked,
    ports::AuditReport,
    problem::{ApiError, Problem},
    views::journal::{HeadView, RecordPage, RecordView, StreamCheck},
};

/// The largest page.
const PAGE_MAX: usize = 500;
/// The page when none is asked for.
const PAGE: usize = 100;
/// Records that a check holds at once.
const CHUNK: usize = 1_000;

type Reader = Arc<dyn JournalReader + Send + Sync>;

/// Reads on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    reader: Reader,
    read: impl FnOnce(&dyn JournalReader) -> Result<T, ReadError> + Send + 'static,
) -> Result<T, ApiError> {
    let read = tokio::task::spawn_blocking(move || read(reader.as_ref()));
    let failed = |detail: String| ApiError::internal("journal_unreadable", detail);
    read.await.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))
}

fn stream(state: &Asked, text: &str) -> Result<StreamId, ApiError> {
    let unknown = || {
        let name: String = text.chars().take(80).collect();
        let remedy = "Use `desk` or `account/<id>`, url-encoded; GET /api/journal lists them.";
        ApiError::not_found("stream_unknown", format!("There is no stream `{name}`."), remedy)
    };
    let stream = StreamId::parse(text).ok_or_else(unknown)?;
    let granted = visible(state);
    let known = granted.contains(&stream);
    if known { Ok(stream) } else { Err(unknown()) }
}

/// The streams that the caller may read.
fn visible(asked: &Asked) -> Vec<StreamId> {
    let desk = asked.caller().may(Verb::ReadJournal, None).then(StreamId::desk);
    let accounts = asked.desk().accounts();
    let granted = accounts.iter().filter(|a| asked.grants().has(a.id()));
    desk.into_iter().chain(granted.map(|a| StreamId::account(a.id()))).collect()
}

/// A stream and its last record.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StreamView {
    /// The stream.
    #[schema(example = "account/main")]
    stream: String,
    /// Its last record.
    head: HeadView,
}

/// Streams.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StreamList {
    /// The desk's own first, then those of the accounts.
    streams: Vec<StreamView>,
}

/// The streams of the journal.
#[utoipa::path(get, path = "/api/journal", tag = "journal",
    responses((status = 200, description = "The streams", body = StreamList)))]
pub(crate) async fn streams(state: Asked) -> Result<Json<StreamList>, ApiError> {
    let all = visible(&state);
    let streams = blocking(state.desk().reader(), move |reader| {
        let view = |stream: StreamId| {
            let head = HeadView::from(reader.head(&stream)?);
            Ok(StreamView { stream: stream.to_string(), head })
        };
        all.into_iter().map(view).collect()
    });
    Ok(Json(StreamList { streams: streams.await? }))
}

/// Which records.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RecordQuery {
    /// Only records after this number; 0 when absent.
    after: Option<u64>,
    /// Records on a page, 1 to 500; 100 when absent.
    limit: Option<usize>,
}

/// A page of records, the oldest first.
#[utoipa::path(get, path = "/api/journal/{stream}", tag = "journal",
    params(("stream" = String, Path, description = "`desk` or `account/<id>`, url-encoded",
        example = "account%2Fmain"), RecordQuery),
    responses((status = 200, description = "The page", body = RecordPage),
        (status = 404, description = "No such stream", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn read(
    state: Asked,
    At(name): At<String>,
    Params(query): Params<RecordQuery>,
) -> Result<Json<RecordPage>, ApiError> {
    let stream = stream(&state, &name)?;
    let limit = page(query.limit, PAGE, PAGE_MAX)?;
    let after = query.after.unwrap_or(0);
    let wanted = stream.clone();
    let (head, records) = blocking(state.desk().reader(), move |reader| {
        Ok((reader.head(&wanted)?, reader.read(&wanted, after, limit)?))
    })
    .await?;
    let last = records.last().map(|r| r.seq);
    Ok(Json(RecordPage {
        stream: stream.to_string(),
        next: last.filter(|seq| *seq < head.seq),
        head: head.into(),
        records: records.iter().map(RecordView::from).collect(),
    }))
}

fn one_at_a_time(state: &Asked) -> Result<tokio::sync::SemaphorePermit<'_>, ApiError> {
    state.audits().try_acquire().map_err(|_| {
        let detail = "Another check of the journal is under way.";
        ApiError::unavailable("check_under_way", detail, "Wait until it has ended.").retry_after(5)
    })
}

/// Checks the chain of one stream.
#[utoipa::path(get, path = "/api/journal/{stream}/verify", tag = "journal",
    params(("stream" = String, Path, description = "`desk` or `account/<id>`, url-encoded",
        example = "account%2Fmain")),
    responses((status = 200, description = "What was found", body = StreamCheck),
        (status = 404, description = "No such stream", body = Problem,
            content_type = "application/problem+json")))]
pub(crate) async fn verify(
    state: Asked,
    At(name): At<String>,
) -> Result<Json<StreamCheck>, ApiError> {
    let stream = stream(&state, &name)?;
    let _permit = one_at_a_time(&state)?;
    let wanted = stream.clone();
    let (head, broken) =
        blocking(state.desk().reader(), move |reader| check(reader, &wanted)).await?;
    let verdict = match &broken {
        Some(_) => "broken",
        None => "consistent; truncation not excluded (no off-host checkpoint)",
    };
    Ok(Json(StreamCheck {
        stream: stream.to_string(),
        sound: broken.is_none(),
        records: head.seq,
        head: head.into(),
        broken,
        verdict: verdict.to_owned(),
    }))
}

fn check(
    reader: &dyn JournalReader,
    stream: &StreamId,
) -> Result<(Head, Option<String>), ReadError> {
    let target = reader.head(stream)?;
    let mut head = Head::default();
    while head.seq < target.seq {
        let records = reader.read(stream, head.seq, CHUNK)?;
        if records.is_empty() {
            let text =
                format!("records after {} are missing; the head names {}", head.seq, target.seq);
            return Ok((head, Some(text)));
        }
        for record in records.iter().take_while(|r| r.seq <= target.seq) {
            head = match record.verify(stream, &head) {
                Ok(head) => head,
                Err(error) => return Ok((head, Some(error.to_string()))),
            };
        }
    }
    let same = head == target;
    Ok((head, (!same).then(|| format!("record {} is not the one that the head names", head.seq))))
}

/// Checks every record of every stream, and the heads, as the database holds them.
#[utoipa::path(get, path = "/api/audit/verify", tag = "journal",
    responses((status = 200, description = "What was found", body = AuditReport)))]
pub(crate) async fn audit(state: Asked) -> Result<Json<AuditReport>, ApiError> {
    let _permit = one_at_a_time(&state)?;
    Ok(Json(state.audit().verify().await?))
}
