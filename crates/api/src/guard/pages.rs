//! Keeps two files the same as the program: the table of routes in `docs/routes.md`, and the
//! description from which the dashboard's client is made. With `UPDATE_DOCS=1` both are written.

use std::{collections::BTreeSet, env, fmt::Write, fs, path::Path};

use identity::{Grants, Rights, Role, Scope, Verb, may};

use super::access::{Need, RULES, Rule, StepUp};

const HEAD: &str = "\
# Routes

Every route, who may use it, and whether a person proves once more who they are. The door asks this very table before a
route runs; a route that is not in it is served to nobody. A test walks all of it as nobody, as each role, with each kind
of key, and across accounts. What is about an account also takes the grant of that account; *every* means that it takes
the grant of every account. Made by `UPDATE_DOCS=1 cargo nextest run -p cofferdam-api`; don't edit.

| route | viewer | trader | admin | auditor | key `read` | key `trade` | key `metrics` | proof |
|---|---|---|---|---|---|---|---|---|
";

fn holders() -> Vec<Rights> {
    let roles = Role::ALL.map(Rights::Person);
    let keys = Scope::ALL.map(|scope| Rights::Key(BTreeSet::from([scope]), None));
    roles.into_iter().chain(keys).collect()
}

fn mark(rights: &Rights, verb: Verb) -> &'static str {
    let all = matches!(rights, Rights::Person(role) if role.sees_all());
    let none = may(rights, &Grants::None, verb, None);
    match may(rights, &Grants::All, verb, None) {
        true if all || none => "●",
        true => "every",
        false => "",
    }
}

fn row(rule: &Rule, holders: &[Rights]) -> String {
    let cells: Vec<&str> = match rule.need {
        Need::Nothing => vec!["open"; holders.len()],
        Need::Right(verb) => holders.iter().map(|rights| mark(rights, verb)).collect(),
    };
    let proof = match rule.step_up {
        StepUp::Never => "",
        StepUp::Always => "yes",
        StepUp::WhenRaised => "to raise",
    };
    format!("| `{}` | {} | {proof} |\n", rule.action(), cells.join(" | "))
}

fn same(file: &str, now: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    if env::var_os("UPDATE_DOCS").is_some_and(|v| v == "1") {
        fs::write(&file, now).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == now, "{}: run this test once with UPDATE_DOCS=1", file.display());
}

#[test]
fn the_page_of_routes_is_up_to_date() {
    let holders = holders();
    let mut page = HEAD.to_owned();
    for rule in RULES {
        page.write_str(&row(rule, &holders)).unwrap();
    }
    same("docs/routes.md", &page);
}

#[test]
fn the_dashboards_description_is_up_to_date() {
    let description = serde_json::to_string_pretty(&crate::openapi()).unwrap();
    same("web/openapi.json", &(description + "\n"));
}
