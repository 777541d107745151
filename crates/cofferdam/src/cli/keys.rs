//! Keys of programs from the shell: create, list, revoke.
//!
//! As with people it works on the database beside the desk. A key that is made here is nobody's: it
//! lives until it ends or is revoked. It must not know how keys are kept.

use std::{net::IpAddr, str::FromStr};

use clap::Subcommand;
use domain::AccountId;
use identity::{ApiKey, Identity, IdentityError, NewKey, Scope};
use serde_json::{Value, json};

use super::{
    Outcome,
    context::Context,
    failure::Failure,
    output::{Out, Table, instant},
    people::{beside, grants, words},
};

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Mint a key, which is shown once
    #[command(after_help = "\
Example:
  cofferdam key create --scope read --scope trade --account main --name bot --days 90")]
    Create {
        /// read, trade or metrics; may be given several times
        #[arg(long, required = true, value_parser = Scope::from_str)]
        scope: Vec<Scope>,
        /// Only this account; may be given several times. All without it
        #[arg(long)]
        account: Vec<AccountId>,
        /// The name that stands in the journal
        #[arg(long, default_value = "key")]
        name: String,
        /// After how many days it ends; never without it
        #[arg(long)]
        days: Option<u32>,
        /// Only from this address; may be given several times
        #[arg(long)]
        address: Vec<IpAddr>,
    },
    /// Every key that lives
    List,
    /// Revoke a key at once
    Revoke {
        /// Its name or id
        key: String,
    },
}

/// Runs a command.
pub(crate) fn run(command: KeyCommand, ctx: &Context, out: &mut Out) -> Result<Outcome, Failure> {
    let (identity, _) = beside(ctx)?;
    match command {
        KeyCommand::Create { scope, account, name, days, address } => {
            let new = NewKey {
                name: name.parse()?,
                scopes: scope.into_iter().collect(),
                grants: grants(account),
                days,
                addresses: address.into_iter().collect(),
            };
            let minted = identity.mint_key(new, None)?;
            out.json(&json!({"id": minted.key.id, "key": minted.text}))?;
            out.line(format!("key `{}`, shown once: {}", minted.key.name, minted.text));
        }
        KeyCommand::List => list(&identity, out)?,
        KeyCommand::Revoke { key } => {
            let found = identity
                .keys(None)
                .into_iter()
                .find(|known| known.name.as_str() == key || known.id.as_str() == key);
            let known = found.ok_or(IdentityError::KeyUnknown)?;
            identity.revoke_key(&known.id, None)?;
            out.json(&json!({"revoked": known.id}))?;
            out.line(format!("key `{}` is revoked", known.name));
        }
    }
    Ok(Outcome::Done)
}

fn scopes(key: &ApiKey) -> Vec<&'static str> {
    key.scopes.iter().map(|scope| scope.name()).collect()
}

fn view(key: &ApiKey) -> Value {
    json!({
        "id": key.id, "name": key.name, "scopes": scopes(key), "accounts": key.grants.list(),
        "addresses": key.addresses, "created_at": key.created_at.to_string(),
        "expires_at": key.expires_at.map(|at| at.to_string()),
        "last_used_at": key.used_at.map(|at| at.to_string()),
    })
}

fn list(identity: &Identity, out: &mut Out) -> Result<(), Failure> {
    let keys = identity.keys(None);
    out.json(&json!({"keys": keys.iter().map(view).collect::<Vec<_>>()}))?;
    let mut table = Table::new(&["name", "id", "scopes", "accounts", "ends", "last used"]);
    for key in keys {
        table.row([
            key.name.to_string(),
            key.id.to_string(),
            scopes(&key).join(", "),
            words(&key.grants),
            key.expires_at.map_or_else(|| "never".to_owned(), instant),
            key.used_at.map_or_else(String::new, instant),
        ]);
    }
    out.table(&table, "no key yet: cofferdam key create --scope read");
    Ok(())
}
