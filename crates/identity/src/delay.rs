//! Growing delays after wrong sign-ins: they stop guessing and lock nobody out.
//!
//! Each attempt is counted *before* its password is looked at, so many at once count as many; a
//! right one takes back what it counted. An attempt that comes too early is refused without being
//! counted. The counts are rows, so a restart forgets none, and they fall by one after some time.
//!
//! | count | free | then | at most | falls |
//! |---|---|---|---|---|
//! | a name from one address, or from one trusted browser | 5 | 1, 2, 4 … s | 15 min | each 15 min |
//! | everything from one address | 20 | 1, 2, 4 … s | 15 min | each 5 min |
//! | a name from all strangers together | 20 | one each 3 s, on average | 6 s | each minute |
//! | everything through this machine | 20 | one each second, on average | 2 s | each minute |
//! | wrong codes for a name after its password | 5 | 1, 2, 4 … s | 15 min | each 15 min |
//!
//! A browser in which the person has signed in before shows a device token of its own cookie and
//! is counted alone: nobody else can delay it. What all strangers share must not be a lock: whoever
//! knocks when it ends would renew it for ever. So it is a rate, and the moment at which the next
//! attempt is taken is drawn by lot and told to nobody: who asks gets in as often as others who
//! ask as often. Against `r` attempts a second an owner who tries each `t` seconds waits about
//! `3 s * (1 + 2 * r * t)` on average, which is long against many machines and never for ever.
//!
//! Everybody behind a tunnel or a proxy has the address of this machine, so there the address is no
//! more than a rate either. A name that nobody has is counted like any other, so that counting tells
//! nothing. A clock that is set back must not lock: what is dated later than now counts as of now.
//! This must not know passwords.

use std::net::IpAddr;

use domain::{Nanos, Timestamp};

use crate::{
    error::IdentityError,
    rows::{Delay, Rows},
};

/// Counts are forgotten after this long without an attempt: every one has fallen to zero by then.
const FORGOTTEN_AFTER: Nanos = Nanos::from_secs(24 * 3_600);
/// How far a count grows beyond what is free: as far as its delay does.
const OVER_MAX: u32 = 11;
/// The longest delay of a count that locks, in seconds.
const QUARTER: i64 = 900;
/// Not delayed.
const AT_ONCE: Timestamp = Timestamp(0);
/// Whoever comes from this machine, also through a tunnel or a proxy on it.
const HERE: &str = "here";

/// What happens when more was wrong than is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// 1, 2, 4 … seconds, up to a quarter of an hour.
    Wait,
    /// One attempt each so many seconds on average, at a moment that nobody knows.
    Rate(i64),
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counted {
    key: String,
    free: u32,
    then: Then,
    /// Seconds after which the count falls by one.
    falls: i64,
    /// True when others count here too, so that a right attempt takes back no more than its own.
    shared: bool,
}

/// Where an attempt came from, as it is counted: this machine as one place, IPv6 by its network,
/// since one customer has 2^64 addresses there.
fn place(address: &str) -> String {
    let Ok(address) = address.parse::<IpAddr>() else { return HERE.to_owned() };
    match address.to_canonical() {
        address if address.is_loopback() => HERE.to_owned(),
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

fn own(key: String) -> Counted {
    Counted { key, free: 5, then: Then::Wait, falls: QUARTER, shared: false }
}

/// The counts of one attempt to sign in.
pub(crate) fn counted(name: &str, address: &str, device: Option<&[u8; 32]>) -> Vec<Counted> {
    if let Some(device) = device {
        return vec![own(format!("device {name} {}", hex::encode(device)))];
    }
    let place = place(address);
    let rate = |key, seconds| Counted {
        key,
        free: 20,
        then: Then::Rate(seconds),
        falls: 60,
        shared: true,
    };
    let strangers = rate(format!("strangers {name}"), 3);
    let address = format!("address {place}");
    if place == HERE {
        return vec![rate(address, 1), strangers];
    }
    let address = Counted { key: address, free: 20, then: Then::Wait, falls: 300, shared: true };
    vec![own(format!("pair {name} {place}")), address, strangers]
}

/// The count of codes that are tried after the right password: a million codes need more than a
/// rate. Only who knows the password can delay by it.
pub(crate) fn counted_codes(name: &str, device: Option<&[u8; 32]>) -> Vec<Counted> {
    let device = device.map_or_else(|| "strangers".to_owned(), hex::encode);
    vec![own(format!("code {name} {device}"))]
}

/// The count of a person who proves who they are once more.
pub(crate) fn counted_again(name: &str, session: &str) -> Vec<Counted> {
    vec![own(format!("again {name} {session}"))]
}

/// Forgets every count of a name.
pub(crate) fn forget(rows: &mut dyn Rows, name: &str) -> Result<(), IdentityError> {
    for kind in ["device", "pair", "strangers", "code", "again"] {
        rows.delete_delays(&format!("{kind} {name}"))?;
    }
    Ok(())
}

impl Counted {
    /// Seconds to wait at the longest after so many wrong attempts.
    fn longest(&self, wrong: u32) -> i64 {
        let Some(over) = wrong.checked_sub(self.free).filter(|over| *over > 0) else { return 0 };
        match self.then {
            Then::Wait => 1_i64.checked_shl(over - 1).filter(|s| *s > 0).unwrap_or(i64::MAX),
            Then::Rate(seconds) => seconds.saturating_mul(2),
        }
        .min(QUARTER)
    }

    /// When the next attempt is taken after so many wrong ones.
    fn until(&self, wrong: u32, now: Timestamp, lot: u64) -> Timestamp {
        let longest = Nanos::from_secs(self.longest(wrong)).0;
        match self.then {
            _ if longest == 0 => AT_ONCE,
            Then::Wait => now.plus(Nanos(longest)),
            Then::Rate(_) => {
                let drawn = lot.checked_rem(longest.unsigned_abs()).unwrap_or_default();
                now.plus(Nanos(i64::try_from(drawn).unwrap_or(longest)))
            }
        }
    }

    /// A row as a clock that was not set back would have left it.
    fn dated(&self, row: &Delay, now: Timestamp) -> Delay {
        let latest = now.plus(Nanos::from_secs(self.longest(row.failures)));
        Delay { at: row.at.min(now), until: row.until.min(latest), ..row.clone() }
    }

    /// What is left of a count, and since when.
    fn fallen(&self, row: &Delay, now: Timestamp) -> (u32, Timestamp) {
        let step = Nanos::from_secs(self.falls).0;
        let steps = now.since(row.at).0.max(0) / step;
        let left = row.failures.saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX));
        // The rest of a step counts on, so that a busy address is forgiven too.
        let since = if left == 0 { now } else { row.at.plus(Nanos(steps.saturating_mul(step))) };
        (left, since)
    }

    /// Seconds that are told to whoever comes too early; nothing about the lot.
    fn told(&self, left: Nanos) -> u64 {
        match self.then {
            Then::Wait => u64::try_from(left.0).unwrap_or(0).div_ceil(1_000_000_000),
            Then::Rate(seconds) => seconds.unsigned_abs(),
        }
    }
}

/// Counts an attempt, or says how many seconds to wait. The caller's transaction must end well in
/// both cases: also a refusal may have put a date right.
pub(crate) fn admit(
    rows: &mut dyn Rows,
    all: &[Counted],
    now: Timestamp,
    lot: u64,
) -> Result<Option<u64>, IdentityError> {
    let mut wait = None;
    let mut found = Vec::with_capacity(all.len());
    for counted in all {
        let Some(row) = rows.delay(&counted.key)? else {
            found.push((0, now));
            continue;
        };
        let dated = counted.dated(&row, now);
        if dated != row {
            rows.put_delay(&dated)?;
        }
        let left = dated.until.since(now);
        if left.0 > 0 {
            wait = wait.max(Some(counted.told(left)));
        }
        found.push(counted.fallen(&dated, now));
    }
    if wait.is_some() {
        return Ok(wait);
    }
    for (counted, (before, at)) in all.iter().zip(found) {
        let failures = before.saturating_add(1).min(counted.free.saturating_add(OVER_MAX));
        let until = counted.until(failures, now, lot);
        rows.put_delay(&Delay { key: counted.key.clone(), failures, until, at })?;
    }
    rows.prune_delays(Timestamp(now.0.saturating_sub(FORGOTTEN_AFTER.0)), now)?;
    Ok(None)
}

/// Takes one attempt back that was not wrong and proved nothing yet.
pub(crate) fn take_back(rows: &mut dyn Rows, all: &[Counted]) -> Result<(), IdentityError> {
    for counted in all {
        match rows.delay(&counted.key)? {
            Some(row) if row.failures > 1 => {
                rows.put_delay(&Delay { failures: row.failures - 1, until: AT_ONCE, ..row })?;
            }
            Some(_) => rows.delete_delay(&counted.key)?,
            None => {}
        }
    }
    Ok(())
}

/// Forgets what led to a right attempt. What others counted too stays: an owner's sign-in must not
/// give a stranger on the same address new attempts.
pub(crate) fn clear(rows: &mut dyn Rows, all: &[Counted]) -> Result<(), IdentityError> {
    for counted in all {
        if counted.shared {
            take_back(rows, std::slice::from_ref(counted))?;
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
        let rule = own(String::new());
        let delays: Vec<i64> = (0..20).map(|n| rule.longest(n)).collect();
        assert_eq!(delays[..9], [0, 0, 0, 0, 0, 0, 1, 2, 4]);
        assert_eq!(delays[15], 512);
        assert_eq!(delays[19], 900);
        assert_eq!(rule.longest(u32::MAX), 900);
        assert_eq!(rule.longest(rule.free + OVER_MAX), 900, "the count grows as far as the delay");
    }

    #[test]
    fn this_machine_is_one_place_and_a_network_another() {
        for here in ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.2", "unknown"] {
            assert_eq!(place(here), HERE, "{here}");
        }
        assert_eq!(place("::ffff:10.0.0.1"), place("10.0.0.1"));
        assert_eq!(place("2001:db8:1:2:3::4"), place("2001:db8:1:2:ffff::1"));
        assert_ne!(place("2001:db8:1:2::1"), place("2001:db8:1:3::1"));
        assert_ne!(place("10.0.0.1"), place("10.0.0.2"));
    }

    #[test]
    fn a_count_falls_with_time_and_the_rest_of_a_step_counts_on() {
        let rule = Counted { falls: 300, ..own(String::new()) };
        let at = Timestamp::from_secs(1_700_000_000);
        let row = Delay { key: String::new(), failures: 7, until: AT_ONCE, at };
        let after = |seconds| rule.fallen(&row, at.plus(Nanos::from_secs(seconds)));
        assert_eq!(after(299), (7, at));
        assert_eq!(after(650), (5, at.plus(Nanos::from_secs(600))));
        assert_eq!(after(2_100), (0, at.plus(Nanos::from_secs(2_100))));
    }

    #[test]
    fn a_rate_draws_within_its_bound_and_tells_nothing() {
        let rule = counted("owner", "::1", None).remove(1);
        let now = Timestamp::from_secs(1_700_000_000);
        assert_eq!(rule.until(20, now, 7), AT_ONCE, "nothing is stored while nothing delays");
        for lot in [0, 1, u64::MAX / 3, u64::MAX] {
            let left = rule.until(21, now, lot).since(now);
            assert!((0..6_000_000_000).contains(&left.0), "{left:?}");
            assert_eq!(rule.told(left), 3);
        }
    }
}
