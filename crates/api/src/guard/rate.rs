//! A token bucket: so many requests per second, so many at once.
//!
//! What lowers risk is exempt: cancels, closes and the kill switch never wait. It must not know
//! what callers may do.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use tokio::time::Instant;

use super::asked::Asker;
use crate::{problem::ApiError, state::ApiState};

/// How many requests are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In the long run.
    pub per_second: u32,
    /// At once.
    pub burst: u32,
}

/// Counts requests against a rate.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    /// Thousandths of a token, and when they were counted.
    level: Mutex<(u64, Instant)>,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(rate: Rate) -> Self {
        let full = u64::from(rate.burst) * 1_000;
        Self { rate, level: Mutex::new((full, Instant::now())) }
    }

    /// Takes a token, or tells after how many seconds there is one.
    pub(crate) fn take(&self) -> Result<(), u64> {
        self.take_at(Instant::now())
    }

    fn take_at(&self, now: Instant) -> Result<(), u64> {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = now.saturating_duration_since(level.1).as_millis();
        let per_second = u64::from(self.rate.per_second);
        let fresh = u64::try_from(elapsed).unwrap_or(u64::MAX).saturating_mul(per_second);
        let full = u64::from(self.rate.burst) * 1_000;
        let tokens = level.0.saturating_add(fresh).min(full);
        // A span too short for a thousandth stays on the clock.
        let since = if fresh == 0 { level.1 } else { now };
        if tokens < 1_000 {
            *level = (tokens, since);
            return Err((1_000 - tokens).div_ceil(per_second.max(1) * 1_000).max(1));
        }
        *level = (tokens - 1_000, since);
        Ok(())
    }
}

/// Callers whose requests are counted apart.
const CALLERS_MAX: usize = 1_024;

/// A bucket for each caller, so that none takes another's share.
#[derive(Debug)]
pub(crate) struct Buckets {
    rate: Rate,
    by_caller: Mutex<HashMap<String, Bucket>>,
}

impl Buckets {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, by_caller: Mutex::default() }
    }

    /// Takes a token of a caller.
    fn take(&self, caller: &str) -> Result<(), u64> {
        let mut all = self.by_caller.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= CALLERS_MAX && !all.contains_key(caller) {
            // There are fewer keys and people than this; whoever is forgotten starts full.
            all.clear();
        }
        let bucket = all.entry(caller.to_owned()).or_insert_with(|| Bucket::new(self.rate));
        bucket.take()
    }
}

/// Lets requests pass while there are tokens.
pub(crate) async fn check(
    State(state): State<ApiState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let path = request.uri().path();
    let health = super::HEALTH.contains(&path);
    let asker = request.extensions().get::<Asker>();
    // Reading what is open must not keep anybody from signing in.
    let signs_in = request.method() == Method::POST && path == "/api/sessions";
    let stranger = if signs_in { "somebody who signs in" } else { "nobody" };
    let caller = asker.map_or_else(|| stranger.to_owned(), |asker| asker.caller.tag());
    if !health
        && !lowers_risk(request.method(), path)
        && let Err(wait) = state.buckets().take(&caller)
    {
        return Err(ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests of this caller.",
            "Slow down; cancels, closes and the kill switch are not limited.",
        )
        .retry_after(wait));
    }
    Ok(next.run(request).await)
}

/// True for what must never wait.
fn lowers_risk(method: &Method, path: &str) -> bool {
    let held = path.starts_with("/api/positions/") || path.starts_with("/api/accounts/");
    let close = held && path.ends_with("/close");
    match *method {
        Method::POST => path == "/api/kill" || close,
        Method::DELETE => path.starts_with("/api/orders/") || path.starts_with("/api/armed/"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_served_and_then_the_rate() {
        let bucket = Bucket::new(Rate { per_second: 2, burst: 3 });
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(bucket.take_at(start), Ok(()));
        }
        assert_eq!(bucket.take_at(start), Err(1));
        assert_eq!(bucket.take_at(start + Duration::from_millis(500)), Ok(()));
        assert_eq!(bucket.take_at(start + Duration::from_millis(600)), Err(1));
        let later = start + Duration::from_secs(60);
        for _ in 0..3 {
            assert_eq!(bucket.take_at(later), Ok(()));
        }
        assert!(bucket.take_at(later).is_err(), "no more than the burst is saved");
    }

    #[test]
    fn what_lowers_risk_is_exempt() {
        assert!(lowers_risk(&Method::POST, "/api/kill"));
        assert!(lowers_risk(&Method::DELETE, "/api/orders/main/x"));
        assert!(lowers_risk(&Method::POST, "/api/positions/main.manual.sim:X/close"));
        assert!(lowers_risk(&Method::POST, "/api/accounts/main/close"));
        assert!(lowers_risk(&Method::DELETE, "/api/armed/main/api-1"));
        assert!(!lowers_risk(&Method::POST, "/api/positions/main.manual.sim:X/reverse"));
        assert!(!lowers_risk(&Method::PATCH, "/api/orders/main/x"));
        assert!(!lowers_risk(&Method::POST, "/api/kill/release"));
        assert!(!lowers_risk(&Method::POST, "/api/orders"));
    }
}
