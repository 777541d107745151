//! Which account and which instrument are meant when less than everything is typed.
//!
//! What is ambiguous is asked back, never guessed. This module must not send anything that
//! changes something.

use domain::{AccountId, InstrumentId, VenueId};
use serde_json::Value;

use super::{
    client::{Api, segment},
    failure::Failure,
    output::{field, items},
};

/// An account as far as commands need to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) venue: VenueId,
}

/// The named account, or the only one.
pub(crate) fn account(api: &Api, named: Option<&AccountId>) -> Result<Account, Failure> {
    if let Some(id) = named {
        return read(&api.get(&format!("/api/accounts/{}", segment(id.as_str())))?);
    }
    let list = api.get("/api/accounts")?;
    match items(&list) {
        [] => Err(Failure::new(
            "no_account",
            "there is no account yet; add one: cofferdam account add NAME",
        )),
        [one] => read(one),
        many => {
            let ids: Vec<String> = many.iter().map(|account| field(account, "id")).collect();
            let message = format!("name one of the accounts with --account: {}", ids.join(", "));
            Err(Failure::usage(message))
        }
    }
}

fn read(value: &Value) -> Result<Account, Failure> {
    let unexpected = || Failure::new("bad_answer", "the desk's answer names no account and venue");
    let id = AccountId::new(field(value, "id")).map_err(|_| unexpected())?;
    let venue = VenueId::new(field(value, "venue")).map_err(|_| unexpected())?;
    Ok(Account { id, venue })
}

/// `IBM` or `sim:IBM` as the instrument of an account, which trades at one venue.
pub(crate) fn instrument(account: &Account, symbol: &str) -> Result<InstrumentId, Failure> {
    at_venue(&account.venue, symbol)
}

/// `IBM` or `sim:IBM` as an instrument; without a venue the one given.
pub(crate) fn at_venue(venue: &VenueId, symbol: &str) -> Result<InstrumentId, Failure> {
    let parsed =
        if symbol.contains(':') { symbol.parse() } else { InstrumentId::new(venue, symbol) };
    parsed.map_err(|error| Failure::usage(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::testing::{Answer, Desk};

    #[test]
    fn the_only_account_needs_no_name_and_several_are_asked_back() {
        let one = json!([{"id": "main", "venue": "sim"}]);
        let two =
            json!({"accounts": [{"id": "main", "venue": "sim"}, {"id": "b", "venue": "sim"}]});
        let desk = Desk::answering([one, two, json!([])].map(|list| Answer::json(200, &list)));
        let api = desk.api();
        let found = account(&api, None).unwrap();
        assert_eq!(found.id.as_str(), "main");
        assert_eq!(instrument(&found, "IBM").unwrap().as_str(), "sim:IBM");
        assert_eq!(instrument(&found, "x:IBM").unwrap().as_str(), "x:IBM");
        assert!(instrument(&found, "I M").unwrap_err().is_usage());
        let failure = account(&api, None).unwrap_err();
        assert!(failure.is_usage() && failure.to_string().ends_with("--account: main, b"));
        assert_eq!(account(&api, None).unwrap_err().code(), "no_account");
    }
}
