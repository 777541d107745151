//! The statements about people, sessions and keys.
//!
//! Absent texts are empty, absent times 0: both mean the same in either dialect.

pub(crate) const USERS: &str = "SELECT id, name, role, accounts, password, must_change, disabled, \
     version, totp, totp_pending, totp_since, totp_step, created_at FROM users ORDER BY id";

pub(crate) const USER_NAMED: &str = "SELECT id FROM users WHERE name = $1";

pub(crate) const PUT_USER: &str = "INSERT INTO users (id, name, role, accounts, password, \
     must_change, disabled, version, totp, totp_pending, totp_since, totp_step, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, \
     accounts = excluded.accounts, password = excluded.password, \
     must_change = excluded.must_change, disabled = excluded.disabled, \
     version = excluded.version, totp = excluded.totp, totp_pending = excluded.totp_pending, \
     totp_since = excluded.totp_since, totp_step = excluded.totp_step";

pub(crate) const SESSIONS: &str = "SELECT id, user_id, version, created_at, seen_at, address, \
     agent FROM user_sessions ORDER BY id";

pub(crate) const PUT_SESSION: &str = "INSERT INTO user_sessions \
     (id, user_id, version, created_at, seen_at, address, agent) \
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET \
     version = excluded.version, seen_at = excluded.seen_at";

pub(crate) const DELETE_SESSION: &str = "DELETE FROM user_sessions WHERE id = $1";

pub(crate) const KEYS: &str = "SELECT id, name, owner, hash, scopes, accounts, addresses, \
     created_at, expires_at, used_at, revoked_at FROM api_keys ORDER BY id";

pub(crate) const PUT_KEY: &str = "INSERT INTO api_keys (id, name, owner, hash, scopes, accounts, \
     addresses, created_at, expires_at, used_at, revoked_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO UPDATE SET \
     used_at = excluded.used_at, revoked_at = excluded.revoked_at";

pub(crate) const CLEAR_RECOVERY: &str = "DELETE FROM recovery_codes WHERE user_id = $1";

pub(crate) const PUT_RECOVERY: &str = "INSERT INTO recovery_codes (user_id, hash) VALUES ($1, $2)";

pub(crate) const TAKE_RECOVERY: &str =
    "DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2";

pub(crate) const COUNT_RECOVERY: &str = "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1";

pub(crate) const DELAY: &str =
    "SELECT failures, until_wall, at_wall FROM sign_in_delays WHERE key = $1";

pub(crate) const PUT_DELAY: &str = "INSERT INTO sign_in_delays \
     (key, failures, until_wall, at_wall) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO UPDATE SET \
     failures = excluded.failures, until_wall = excluded.until_wall, at_wall = excluded.at_wall";

pub(crate) const DELETE_DELAY: &str = "DELETE FROM sign_in_delays WHERE key = $1";

/// One count, and those whose keys are from `$2` on and before `$3`.
pub(crate) const DELETE_DELAYS: &str =
    "DELETE FROM sign_in_delays WHERE key = $1 OR (key >= $2 AND key < $3)";

/// A clock that was set back has left these: they age from now on.
pub(crate) const DATE_DELAYS: &str = "UPDATE sign_in_delays SET at_wall = $1 WHERE at_wall > $1";

pub(crate) const PRUNE_DELAYS: &str = "DELETE FROM sign_in_delays WHERE at_wall < $1";

/// Keeps the `$2` with the most attempts: whoever invents names must not fill the disk, nor evict
/// the count of a name that is attacked. What is younger than `$1` stays too, since every count
/// begins with one.
pub(crate) const TRIM_DELAYS: &str = "DELETE FROM sign_in_delays WHERE at_wall < $1 \
     AND key NOT IN \
     (SELECT key FROM sign_in_delays ORDER BY failures DESC, at_wall DESC, key LIMIT $2)";

pub(crate) const COUNT_DELAYS: &str = "SELECT COUNT(*) FROM sign_in_delays";

pub(crate) const DEVICES: &str =
    "SELECT hash, seen_at FROM user_devices WHERE user_id = $1 ORDER BY hash";

pub(crate) const PUT_DEVICE: &str = "INSERT INTO user_devices (user_id, hash, seen_at) \
     VALUES ($1, $2, $3) ON CONFLICT (user_id, hash) DO UPDATE SET seen_at = excluded.seen_at";

pub(crate) const DELETE_DEVICE: &str = "DELETE FROM user_devices WHERE user_id = $1 AND hash = $2";

pub(crate) const SETTING: &str = "SELECT value FROM identity_settings WHERE name = $1";

pub(crate) const PUT_SETTING: &str = "INSERT INTO identity_settings (name, value) VALUES ($1, $2) \
     ON CONFLICT (name) DO UPDATE SET value = excluded.value";

pub(crate) const LAST_EVENT: &str =
    "SELECT seq, hash FROM identity_events ORDER BY seq DESC LIMIT 1";

pub(crate) const PUT_EVENT: &str = "INSERT INTO identity_events (seq, at, kind, body, prev, hash) \
     VALUES ($1, $2, $3, $4, $5, $6)";

pub(crate) const EVENTS: &str = "SELECT seq, at, kind, body, prev, hash FROM identity_events \
     WHERE seq > $1 ORDER BY seq LIMIT $2";

/// Every statement here, for the tests of `sql`.
#[cfg(test)]
pub(crate) const ALL: &[&str] = &[
    USERS,
    USER_NAMED,
    PUT_USER,
    SESSIONS,
    PUT_SESSION,
    DELETE_SESSION,
    KEYS,
    PUT_KEY,
    CLEAR_RECOVERY,
    PUT_RECOVERY,
    TAKE_RECOVERY,
    COUNT_RECOVERY,
    DELAY,
    PUT_DELAY,
    DELETE_DELAY,
    DELETE_DELAYS,
    DATE_DELAYS,
    PRUNE_DELAYS,
    TRIM_DELAYS,
    COUNT_DELAYS,
    DEVICES,
    PUT_DEVICE,
    DELETE_DEVICE,
    SETTING,
    PUT_SETTING,
    LAST_EVENT,
    PUT_EVENT,
    EVENTS,
];
