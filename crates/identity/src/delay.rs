//! Growing delays after wrong sign-ins: they stop guessing and lock nobody out.
//!
//! Each attempt is counted *before* its password is looked at, so many at once count as many; a
//! right one clears what it counted. An attempt that comes too early is refused without being
//! counted, so nobody prolongs a delay by knocking. The counts are rows, so a restart forgets none.
//! Three are kept:
//!
//! | count | free | then | at most |
//! |---|---|---|---|
//! | a name from one address, or from one trusted browser | 5 | 1, 2, 4 … s | 15 min |
//! | everything from one address | 20 | 1, 2, 4 … s | 15 min |
//! | a name from all strangers together | 20 | 1, 2, 4 … s | 1 min |
//!
//! A browser in which the person has signed in before shows a device token of its own cookie and
//! is counted alone: a stranger on the same address, or a thousand on others, can't delay it. From a
//! new browser the owner waits at most a minute behind strangers, and a sign-in on the machine
//! itself is not needed to get in: `cofferdam user reset` works beside it. A name that nobody has is
//! counted like any other, so that counting tells nothing. It must not know passwords.

use domain::{Nanos, Timestamp};

use crate::{
    error::IdentityError,
    names::UserName,
    rows::{Delay, Rows},
};

/// Counts are forgotten after this long without an attempt.
const FORGOTTEN_AFTER: Nanos = Nanos::from_secs(24 * 3_600);

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    key: String,
    free: u32,
    longest: i64,
}

/// The counts of one attempt.
pub(crate) fn counted(name: &UserName, address: &str, device: Option<&[u8; 32]>) -> Vec<Counted> {
    const QUARTER: i64 = 900;
    match device {
        Some(device) => {
            let key = format!("device {name} {}", hex::encode(device));
            vec![Counted { key, free: 5, longest: QUARTER }]
        }
        None => vec![
            Counted { key: format!("pair {name} {address}"), free: 5, longest: QUARTER },
            Counted { key: format!("address {address}"), free: 20, longest: QUARTER },
            Counted { key: format!("strangers {name}"), free: 20, longest: 60 },
        ],
    }
}

/// The count of a person who proves who they are once more.
pub(crate) fn counted_again(name: &UserName, session: &str) -> Vec<Counted> {
    vec![Counted { key: format!("again {name} {session}"), free: 5, longest: 900 }]
}

impl Counted {
    /// Seconds to wait after so many wrong attempts.
    fn delay(&self, wrong: u32) -> i64 {
        match wrong.checked_sub(self.free) {
            None | Some(0) => 0,
            Some(over) => {
                1_i64.checked_shl(over - 1).filter(|s| *s > 0).unwrap_or(i64::MAX).min(self.longest)
            }
        }
    }
}

/// Counts an attempt, or says how long to wait.
pub(crate) fn admit(
    rows: &mut dyn Rows,
    all: &[Counted],
    now: Timestamp,
) -> Result<(), IdentityError> {
    let mut wait = 0_i64;
    let mut found = Vec::with_capacity(all.len());
    for counted in all {
        let row = rows.delay(&counted.key)?.filter(|row| now.since(row.at) < FORGOTTEN_AFTER);
        if let Some(row) = &row {
            // A clock that was set back must not make anybody wait for years.
            let left = row.until.since(now).0.min(counted.longest.saturating_mul(1_000_000_000));
            wait = wait.max(left);
        }
        found.push(row.map_or(0, |row| row.failures));
    }
    if wait > 0 {
        let seconds = u64::try_from(wait).unwrap_or(0).div_ceil(1_000_000_000);
        return Err(IdentityError::SignInDelayed { seconds });
    }
    for (counted, before) in all.iter().zip(found) {
        let failures = before.saturating_add(1);
        let until = now.plus(Nanos::from_secs(counted.delay(failures)));
        rows.put_delay(&Delay { key: counted.key.clone(), failures, until, at: now })?;
    }
    rows.prune_delays(Timestamp(now.0.saturating_sub(FORGOTTEN_AFTER.0)))
}

/// Forgets what a right attempt counted. What the address counted stays, less one: an owner's
/// sign-in must not give a stranger on the same address new attempts.
pub(crate) fn clear(rows: &mut dyn Rows, all: &[Counted]) -> Result<(), IdentityError> {
    for counted in all {
        if counted.key.starts_with("address ") || counted.key.starts_with("strangers ") {
            if let Some(row) = rows.delay(&counted.key)? {
                let failures = row.failures.saturating_sub(1);
                rows.put_delay(&Delay { failures, until: row.at, ..row })?;
            }
        } else {
            rows.delete_delay(&counted.key)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_their_bound() {
        let rule = Counted { key: String::new(), free: 5, longest: 900 };
        let delays: Vec<i64> = (0..20).map(|n| rule.delay(n)).collect();
        assert_eq!(delays[..9], [0, 0, 0, 0, 0, 0, 1, 2, 4]);
        assert_eq!(delays[15], 512);
        assert_eq!(delays[19], 900);
        assert_eq!(rule.delay(u32::MAX), 900);
    }
}
