//! Who may use which route: one table, a line for each route and method.
//!
//! The guard asks this table before a route runs, so no route can forget to ask. A route that is
//! not in it is served to nobody, and a test compares the table with the description. A line says
//! what is done, where the account stands that it is done to, and whether a person must prove once
//! more who they are. It must not know people.

use identity::Verb;

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: it says nothing about the desk, or checks what it is given by itself.
    Nothing,
    /// The right to do this.
    Right(Verb),
}

/// Where a request names the account that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere: it is about the desk, or about a list that is cut to what is granted.
    None,
    /// In this part of the path.
    Path(&'static str),
    /// In this part of the path, before the book and the symbol.
    Position(&'static str),
    /// In this part of the path, after `account/`; the desk's own stream is for who may read it.
    Stream(&'static str),
    /// In the body: the route asks [`super::asked::Asked::account`], as every route does.
    Body,
}

/// Whether a person proves once more who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepUp {
    /// Never.
    Never,
    /// For each request.
    Always,
    /// When the route finds that it raises something.
    WhenRaised,
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) need: Need,
    pub(crate) place: Place,
    pub(crate) step_up: StepUp,
}

impl Rule {
    const fn with(self, step_up: StepUp) -> Self {
        Self { step_up, ..self }
    }

    const fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// What a proof is for: the method and the path with the names of its parts.
    pub(crate) fn action(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// True for routes whose answers hold secrets or cookies: they are never remembered.
    pub(crate) fn is_secret(&self) -> bool {
        let parts =
            ["/api/setup", "/api/session", "/api/me", "/api/step-up", "/api/users", "/api/keys"];
        parts.iter().any(|part| self.path.starts_with(part))
    }

    /// True for what a person may do before choosing a password of their own.
    pub(crate) fn is_before_password(&self) -> bool {
        matches!(self.path, "/api/session" | "/api/me/password")
    }
}

const fn line(method: &'static str, path: &'static str, need: Need) -> Rule {
    Rule { method, path, need, place: Place::None, step_up: StepUp::Never }
}

const fn open(method: &'static str, path: &'static str) -> Rule {
    line(method, path, Need::Nothing)
}

const fn right(method: &'static str, path: &'static str, verb: Verb) -> Rule {
    line(method, path, Need::Right(verb))
}

const fn id(method: &'static str, path: &'static str, verb: Verb) -> Rule {
    right(method, path, verb).at(Place::Path("id"))
}

const fn account(method: &'static str, path: &'static str, verb: Verb) -> Rule {
    right(method, path, verb).at(Place::Path("account"))
}

const fn position(method: &'static str, path: &'static str) -> Rule {
    right(method, path, Verb::Trade).at(Place::Position("id"))
}

/// Every route that there is.
pub(crate) const RULES: &[Rule] = &[
    open("GET", "/api/health"),
    open("GET", "/api/health/ready"),
    open("GET", "/api/openapi.json"),
    open("GET", "/api/setup"),
    open("POST", "/api/setup"),
    open("POST", "/api/sessions"),
    right("GET", "/api/session", Verb::Own),
    right("DELETE", "/api/session", Verb::Own),
    right("GET", "/api/sessions", Verb::Own),
    right("DELETE", "/api/sessions", Verb::Own),
    right("DELETE", "/api/sessions/{id}", Verb::Own),
    right("PUT", "/api/me/password", Verb::Own),
    right("POST", "/api/me/totp", Verb::Own),
    right("PUT", "/api/me/totp", Verb::Own),
    right("DELETE", "/api/me/totp", Verb::Own).with(StepUp::Always),
    right("POST", "/api/me/recovery-codes", Verb::Own).with(StepUp::Always),
    right("POST", "/api/step-up", Verb::Own),
    right("GET", "/api/users", Verb::ManageUsers),
    right("POST", "/api/users", Verb::ManageUsers).with(StepUp::Always),
    right("PATCH", "/api/users/{id}", Verb::ManageUsers).with(StepUp::Always),
    right("POST", "/api/users/{id}/reset", Verb::ManageUsers).with(StepUp::Always),
    right("GET", "/api/keys", Verb::ManageKeys),
    right("POST", "/api/keys", Verb::ManageKeys).with(StepUp::Always),
    right("DELETE", "/api/keys/{id}", Verb::ManageKeys),
    right("GET", "/api/desk", Verb::ReadAccount),
    right("PUT", "/api/desk/limits", Verb::Configure).with(StepUp::WhenRaised),
    right("GET", "/api/accounts", Verb::ReadAccount),
    right("POST", "/api/accounts", Verb::Configure),
    id("GET", "/api/accounts/{id}", Verb::ReadAccount),
    id("GET", "/api/accounts/{id}/books", Verb::ReadAccount),
    id("POST", "/api/accounts/{id}/books", Verb::Trade),
    id("GET", "/api/accounts/{id}/trips", Verb::ReadAccount),
    id("GET", "/api/accounts/{id}/lots", Verb::ReadAccount),
    id("GET", "/api/accounts/{id}/days", Verb::ReadAccount),
    id("GET", "/api/accounts/{id}/equity", Verb::ReadAccount),
    id("GET", "/api/accounts/{id}/statement.csv", Verb::ReadAccount),
    id("GET", "/api/accounts/{id}/movements", Verb::ReadAccount),
    id("GET", "/api/accounts/{id}/totals", Verb::ReadAccount),
    id("GET", "/api/accounts/{id}/positions", Verb::ReadAccount),
    id("POST", "/api/accounts/{id}/close", Verb::Trade),
    id("GET", "/api/accounts/{id}/limits", Verb::ReadAccount),
    id("PUT", "/api/accounts/{id}/limits", Verb::Tighten).with(StepUp::WhenRaised),
    id("POST", "/api/accounts/{id}/limits/preset", Verb::Tighten).with(StepUp::WhenRaised),
    id("PUT", "/api/accounts/{id}/policy", Verb::Loosen).with(StepUp::Always),
    id("POST", "/api/accounts/{id}/latches/{latch}/release", Verb::Release).with(StepUp::Always),
    right("GET", "/api/positions", Verb::ReadAccount),
    position("POST", "/api/positions/{id}/close"),
    position("POST", "/api/positions/{id}/reverse"),
    position("PUT", "/api/positions/{id}/protection"),
    position("POST", "/api/positions/{id}/adopt"),
    position("POST", "/api/positions/{id}/leave"),
    right("GET", "/api/orders", Verb::ReadAccount),
    right("POST", "/api/orders", Verb::Trade).at(Place::Body),
    right("POST", "/api/orders/preview", Verb::Trade).at(Place::Body),
    account("GET", "/api/orders/{account}/{client_order_id}", Verb::ReadAccount),
    account("PATCH", "/api/orders/{account}/{client_order_id}", Verb::Trade),
    account("DELETE", "/api/orders/{account}/{client_order_id}", Verb::Trade),
    account("POST", "/api/orders/{account}/{client_order_id}/write-off", Verb::Release)
        .with(StepUp::Always),
    right("GET", "/api/armed", Verb::ReadAccount),
    account("DELETE", "/api/armed/{account}/{intent}", Verb::Trade),
    right("GET", "/api/strategy-runs", Verb::ReadAccount),
    right("POST", "/api/strategy-runs", Verb::Trade).at(Place::Body),
    right("GET", "/api/strategy-runs/{id}", Verb::ReadAccount),
    right("POST", "/api/strategy-runs/{id}/pause", Verb::Trade).at(Place::Body),
    right("POST", "/api/strategy-runs/{id}/resume", Verb::Trade).at(Place::Body),
    right("POST", "/api/strategy-runs/{id}/stop", Verb::Trade).at(Place::Body),
    right("GET", "/api/approvals", Verb::ReadAccount),
    account("POST", "/api/approvals/{account}/{id}", Verb::Approve),
    right("GET", "/api/presets", Verb::ReadDesk),
    right("POST", "/api/kill", Verb::Kill),
    right("POST", "/api/kill/release", Verb::Release).with(StepUp::Always),
    right("GET", "/api/journal", Verb::ReadAccount),
    right("GET", "/api/journal/{stream}", Verb::ReadAccount).at(Place::Stream("stream")),
    right("GET", "/api/journal/{stream}/verify", Verb::ReadAccount).at(Place::Stream("stream")),
    right("GET", "/api/audit/verify", Verb::ReadJournal),
    right("GET", "/api/instruments", Verb::ReadDesk),
    right("POST", "/api/instruments", Verb::Configure).with(StepUp::Always),
    right("GET", "/api/quotes", Verb::ReadDesk),
    right("GET", "/api/bars", Verb::ReadDesk),
    right("GET", "/api/ohlcv", Verb::ReadDesk),
    right("GET", "/api/codes", Verb::ReadDesk),
    right("GET", "/api/strategies", Verb::ReadDesk),
    right("POST", "/api/strategies", Verb::Trade),
    right("GET", "/api/strategies/examples", Verb::ReadDesk),
    right("POST", "/api/strategies/check", Verb::ReadDesk),
    right("GET", "/api/strategies/{id}", Verb::ReadDesk),
    right("PUT", "/api/strategies/{id}", Verb::Trade),
    right("DELETE", "/api/strategies/{id}", Verb::Trade),
    right("GET", "/api/formulas/functions", Verb::ReadDesk),
    right("GET", "/api/backtests", Verb::ReadDesk),
    right("POST", "/api/backtests", Verb::Trade),
    right("GET", "/api/backtests/{id}", Verb::ReadDesk),
    right("DELETE", "/api/backtests/{id}", Verb::Trade),
    right("GET", "/api/backtests/{id}/result", Verb::ReadDesk),
    right("GET", "/api/backtests/{id}/report.html", Verb::ReadDesk),
    right("POST", "/api/backtests/{id}/cancel", Verb::Trade),
    right("GET", "/metrics", Verb::ReadMetrics),
    right("GET", "/ws", Verb::ReadAccount),
];

/// The line of a route; a head is asked for like its body.
pub(crate) fn rule(method: &str, path: &str) -> Option<&'static Rule> {
    let method = if method == "HEAD" { "GET" } else { method };
    RULES.iter().find(|rule| rule.method == method && rule.path == path)
}

/// True when a path is in the table, with whatever method.
pub(crate) fn is_known(path: &str) -> bool {
    RULES.iter().any(|rule| rule.path == path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A route that is added without a line here fails this, and is served to nobody.
    #[test]
    fn the_table_and_the_description_have_the_same_routes() {
        let api = serde_json::to_value(crate::openapi()).unwrap();
        let described: BTreeSet<String> = api["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().unwrap().keys();
                methods.map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect();
        let listed: BTreeSet<String> = RULES.iter().map(Rule::action).collect();
        assert_eq!(listed, described);
        assert_eq!(listed.len(), RULES.len(), "each route has one line");
    }

    #[test]
    fn every_part_of_a_path_that_names_an_account_is_asked() {
        for rule in RULES {
            let (path, place) = (rule.path, rule.place);
            let asked = match place {
                Place::None | Place::Body => None,
                Place::Path(part) | Place::Position(part) | Place::Stream(part) => Some(part),
            };
            if let Some(part) = asked {
                assert!(path.contains(&format!("{{{part}}}")), "{path}");
            }
            if path.starts_with("/api/accounts/{id}") || path.starts_with("/api/positions/{id}") {
                assert!(asked == Some("id"), "{path}");
            }
            if path.contains("{account}") {
                assert!(asked == Some("account"), "{path}");
            }
            if path.contains("{stream}") {
                assert!(asked == Some("stream"), "{path}");
            }
        }
    }

    #[test]
    fn what_changes_something_is_never_open_and_what_is_open_is_listed_here() {
        let found: Vec<String> =
            RULES.iter().filter(|r| r.need == Need::Nothing).map(Rule::action).collect();
        let expected = [
            "GET /api/health",
            "GET /api/health/ready",
            "GET /api/openapi.json",
            "GET /api/setup",
            "POST /api/setup",
            "POST /api/sessions",
        ];
        assert_eq!(found, expected);
    }
}
