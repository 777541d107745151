//! The same write twice: an `Idempotency-Key` gives the first answer again.
//!
//! Orders are left alone: their keys are in the journal, so a repetition is known after a restart
//! too. A pull of the kill switch is never a repetition: the level may have been released since.
//! Other writes are remembered here, in memory, within bounds; whoever has most there makes room
//! first, so that nobody who writes much makes the desk forget others' answers. It must not know
//! what a write does.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::Response,
};
use identity::Owner;
use path::journal::Hash;
use tokio::time::Instant;

use super::{asked::Asker, is_pull, is_safe};
use crate::{
    extract::buffer,
    problem::{ApiError, FieldError},
    state::ApiState,
};

/// Answers that are remembered.
const ANSWERS_MAX: usize = 4_096;
/// Bytes of all answers that are remembered.
const BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// How long.
const KEPT_FOR: Duration = Duration::from_secs(24 * 3_600);
/// The longest answer that is remembered.
const ANSWER_MAX: usize = 256 * 1_024;

/// The header's name.
pub(crate) const KEY: &str = "idempotency-key";

#[derive(Debug, Clone)]
struct Answer {
    status: StatusCode,
    kind: Option<HeaderValue>,
    body: Bytes,
}

#[derive(Debug)]
struct Entry {
    content: Hash,
    owner: Owner,
    since: Instant,
    /// Absent while the first request is under way.
    answer: Option<Answer>,
}

/// Answers by key.
#[derive(Debug, Default)]
pub(crate) struct Memo(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    by_key: BTreeMap<String, Entry>,
    order: VecDeque<String>,
    /// Of all answers.
    bytes: usize,
}

impl Entries {
    /// Forgets answers that are too old, then the oldest of whoever has most until there is room.
    /// What is under way stays: forgotten, it could be done twice.
    fn make_room(&mut self, now: Instant, room_for: usize) {
        let Self { by_key, order, bytes } = self;
        order.retain(|key| {
            let found = by_key.get(key);
            let Some(Entry { answer: Some(answer), since, .. }) = found else {
                return found.is_some();
            };
            if now - *since <= KEPT_FOR {
                return true;
            }
            *bytes -= answer.body.len();
            by_key.remove(key);
            false
        });
        while self.order.len() + room_for > ANSWERS_MAX || self.bytes > BYTES_MAX {
            let Some(place) = self.oldest_of_most() else { return };
            self.forget(place);
        }
    }

    fn forget(&mut self, place: usize) {
        let entry = self.order.remove(place).and_then(|key| self.by_key.remove(&key));
        self.bytes -= entry.and_then(|entry| entry.answer).map_or(0, |answer| answer.body.len());
    }

    /// The place of the oldest answer of the owner with most bytes, or with most answers where
    /// bytes are not what is short.
    fn oldest_of_most(&self) -> Option<usize> {
        let by_bytes = self.bytes > BYTES_MAX;
        let mut shares: BTreeMap<&Owner, (usize, Reverse<usize>)> = BTreeMap::new();
        for (place, key) in self.order.iter().enumerate() {
            let Some(Entry { owner, answer: Some(answer), .. }) = self.by_key.get(key) else {
                continue;
            };
            let share = shares.entry(owner).or_insert((0, Reverse(place)));
            share.0 += if by_bytes { answer.body.len() } else { 1 };
        }
        shares.into_values().max().map(|(_, Reverse(place))| place)
    }
}

enum Known {
    New,
    Answer(Answer),
    UnderWay,
    Conflict,
    /// Too many are under way.
    Full,
}

impl Memo {
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, key: &str, owner: &Owner, content: Hash) -> Known {
        let mut entries = self.lock();
        let now = Instant::now();
        entries.make_room(now, 0);
        if let Some(entry) = entries.by_key.get(key) {
            return match &entry.answer {
                _ if entry.content != content => Known::Conflict,
                Some(answer) => Known::Answer(answer.clone()),
                None => Known::UnderWay,
            };
        }
        entries.make_room(now, 1);
        if entries.order.len() >= ANSWERS_MAX {
            return Known::Full;
        }
        entries.order.push_back(key.to_owned());
        let owner = owner.clone();
        entries.by_key.insert(key.to_owned(), Entry { content, owner, since: now, answer: None });
        Known::New
    }

    fn end(&self, key: &str, answer: Option<Answer>) {
        let mut entries = self.lock();
        if answer.is_none() {
            entries.by_key.remove(key);
            entries.order.retain(|k| k != key);
        } else if let Some(entry) = entries.by_key.get_mut(key) {
            let bytes = answer.as_ref().map_or(0, |a| a.body.len());
            entry.answer = answer;
            entries.bytes += bytes;
            entries.make_room(Instant::now(), 0);
        }
    }
}

/// Frees a key whose request ended without an answer to remember.
struct Underway<'a> {
    memo: &'a Memo,
    key: &'a str,
    answer: Option<Answer>,
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.memo.end(self.key, self.answer.take());
    }
}

/// The caller's key, when there is one.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let text = value.to_str().unwrap_or("");
    let plain = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if plain {
        return Ok(Some(text.to_owned()));
    }
    Err(ApiError::fields(vec![FieldError {
        field: "Idempotency-Key".to_owned(),
        value: Some(text.chars().take(80).collect()),
        rule: "1 to 128 visible ASCII characters".to_owned(),
    }]))
}

/// Answers a repeated write with what it was answered first.
pub(crate) async fn check(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let orders = request.method() == Method::POST && request.uri().path() == "/api/orders";
    let asker = request.extensions().get::<Asker>().cloned();
    // Answers with secrets or cookies are not kept, and nobody is given another's answer.
    let Some(asker) = asker.filter(|asker| !asker.rule.is_secret()) else {
        return Ok(next.run(request).await);
    };
    if orders || is_pull(&request) || is_safe(request.method()) {
        return Ok(next.run(request).await);
    }
    let Some(key) = key_of(request.headers())? else { return Ok(next.run(request).await) };
    let (parts, body) = request.into_parts();
    let body = buffer(parts.uri.path(), body).await?;
    let target = parts.uri.path_and_query().map_or("", |p| p.as_str());
    // Caller and path are part of the name: a key stands for one thing per caller and route.
    let caller = asker.caller.tag();
    let name = format!("{caller} {} {} {key}", parts.method, parts.uri.path());
    let mut content = format!("{target}\n").into_bytes();
    content.extend_from_slice(&body);
    let owner = asker.caller.reach().owner;
    match state.memo().begin(&name, &owner, Hash::of(&content)) {
        Known::New => {}
        Known::Answer(answer) => return Ok(replay(answer)),
        Known::UnderWay => {
            let detail = format!("A request with the key `{key}` is under way.");
            let remedy = "Wait for its answer, then ask again.";
            return Err(ApiError::conflict("idempotency_under_way", detail, remedy).retry_after(1));
        }
        Known::Full => {
            let detail = "Too many requests with an Idempotency-Key are under way.";
            let remedy = "Wait for their answers, then ask again.";
            return Err(ApiError::unavailable("busy", detail, remedy).retry_after(1));
        }
        Known::Conflict => {
            let detail = format!("The key `{key}` stands for another request.");
            let remedy = "Use a new key for a new request.";
            return Err(ApiError::conflict("idempotency_conflict", detail, remedy));
        }
    }
    let mut underway = Underway { memo: state.memo(), key: &name, answer: None };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if !response.status().is_success() {
        // Nothing came of it, so it may be asked again.
        return Ok(response);
    }
    let (head, body) = response.into_parts();
    let body = to_bytes(body, ANSWER_MAX).await.map_err(|_| {
        ApiError::internal("answer_too_large", "The answer is too large to be remembered.")
    })?;
    let kind = head.headers.get(CONTENT_TYPE).cloned();
    underway.answer = Some(Answer { status: head.status, kind, body: body.clone() });
    drop(underway);
    Ok(Response::from_parts(head, Body::from(body)))
}

fn replay(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    if let Some(kind) = answer.kind {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    mark_replayed(response.headers_mut());
    response
}

/// Says that the answer is a repetition.
pub(crate) fn mark_replayed(headers: &mut HeaderMap) {
    let name = HeaderName::from_static("idempotency-replayed");
    headers.insert(name, HeaderValue::from_static("true"));
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Owner = Owner::Operator;

    fn answer(bytes: usize) -> Option<Answer> {
        Some(Answer { status: StatusCode::OK, kind: None, body: vec![b'x'; bytes].into() })
    }

    #[test]
    fn what_is_under_way_is_never_forgotten() {
        let (memo, content) = (Memo::default(), Hash::of(b"x"));
        assert!(matches!(memo.begin("first", &ME, content), Known::New));
        for number in 1..=ANSWERS_MAX {
            let key = number.to_string();
            assert!(matches!(memo.begin(&key, &ME, content), Known::New), "{number}");
            memo.end(&key, answer(1));
        }
        assert!(matches!(memo.begin("first", &ME, content), Known::UnderWay));
        assert!(matches!(memo.begin("1", &ME, content), Known::New), "the oldest answer went");
    }

    #[test]
    fn too_many_under_way_are_refused() {
        let (memo, content) = (Memo::default(), Hash::of(b"x"));
        for number in 0..ANSWERS_MAX {
            assert!(matches!(memo.begin(&number.to_string(), &ME, content), Known::New));
        }
        assert!(matches!(memo.begin("more", &ME, content), Known::Full));
        memo.end("7", None);
        assert!(matches!(memo.begin("more", &ME, content), Known::New));
    }

    #[test]
    fn answers_are_bound_by_their_bytes() {
        let (memo, content) = (Memo::default(), Hash::of(b"x"));
        let whole = BYTES_MAX / ANSWER_MAX;
        for number in 0..=whole {
            let key = number.to_string();
            assert!(matches!(memo.begin(&key, &ME, content), Known::New));
            memo.end(&key, answer(ANSWER_MAX));
        }
        assert!(memo.lock().bytes <= BYTES_MAX);
        assert!(matches!(memo.begin(&whole.to_string(), &ME, content), Known::Answer(_)));
        assert!(matches!(memo.begin("0", &ME, content), Known::New), "the oldest answer went");
    }

    #[test]
    fn who_writes_much_makes_nobody_elses_answers_forgotten() {
        let (memo, content) = (Memo::default(), Hash::of(b"x"));
        let other: Owner = "key/agent".parse().unwrap();
        let write = |key: &str, owner: &Owner, bytes: usize| {
            assert!(matches!(memo.begin(key, owner, content), Known::New), "{key}");
            memo.end(key, answer(bytes));
        };
        write("mine", &ME, 10);
        for number in 0..=ANSWERS_MAX {
            write(&number.to_string(), &other, 1);
        }
        for number in 0..100 {
            write(&format!("large {number}"), &other, ANSWER_MAX);
        }
        assert!(memo.lock().bytes <= BYTES_MAX && memo.lock().order.len() <= ANSWERS_MAX);
        assert!(matches!(memo.begin("mine", &ME, content), Known::Answer(_)));
        assert!(matches!(memo.begin("large 99", &other, content), Known::Answer(_)));
        assert!(matches!(memo.begin("0", &other, content), Known::New), "its own oldest went");
    }

    #[test]
    fn answers_have_an_end() {
        let (memo, content) = (Memo::default(), Hash::of(b"x"));
        assert!(matches!(memo.begin("under way", &ME, content), Known::New));
        assert!(matches!(memo.begin("old", &ME, content), Known::New));
        memo.end("old", answer(7));
        let began = memo.lock().by_key["old"].since;
        memo.lock().make_room(began + KEPT_FOR, 0);
        assert!(matches!(memo.begin("old", &ME, content), Known::Answer(_)));
        memo.lock().make_room(began + KEPT_FOR + Duration::from_secs(1), 0);
        assert_eq!(memo.lock().bytes, 0);
        assert!(matches!(memo.begin("under way", &ME, content), Known::UnderWay));
        assert!(matches!(memo.begin("old", &ME, content), Known::New));
    }
}
