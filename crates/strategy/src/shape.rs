//! What a TOML reader says of a file, in the words of strategy files.
//!
//! It exists because the reader speaks of sequences, maps and the program's own types. This module
//! must not know what a value means.

/// A constant as it is declared.
const PARAM: &str = "fast = { default = 10, min = 5, max = 50 }";

/// The reader's types, longest first, and what people call them.
const WORDS: [(&str, &str); 10] = [
    ("struct Param", "a table such as { default = 10, min = 5, max = 50 }"),
    ("struct Entry", "a table"),
    ("struct Exit", "a table"),
    ("struct Sizing", "a table"),
    ("struct Pyramid", "a table"),
    ("struct Portfolio", "a table"),
    ("a sequence", "a list"),
    ("a map", "a table"),
    ("i64", "a whole number"),
    ("f64", "a number"),
];

/// What is wrong, in one sentence.
pub(crate) fn message(told: &str) -> String {
    let line = told.lines().next().unwrap_or("The file is no TOML.");
    let line = WORDS.iter().fold(line.to_owned(), |line, (from, to)| line.replace(from, to));
    let mut chars = line.chars();
    let first = chars.next().map_or_else(String::new, |c| c.to_uppercase().to_string());
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

/// What to do about it.
pub(crate) fn help(told: &str) -> String {
    let has = |words: &str| told.contains(words);
    if ["default", "min", "max"].iter().any(|key| has(&format!("missing field `{key}`"))) {
        format!("A parameter has default, min and max, for example {PARAM}.")
    } else if has("missing field `entries`") {
        "Write for example entries = 3 under [pyramid].".to_owned()
    } else if has("missing field") {
        "A strategy needs name, symbols, timeframe, [entry] and [size].".to_owned()
    } else if has("unknown field") {
        "Delete it, or write it as one of the keys that are named.".to_owned()
    } else if has("expected a sequence") {
        "Write a list, also of one: symbols = [\"IBM\"].".to_owned()
    } else if has("expected struct Param") {
        format!("Write for example {PARAM}.")
    } else if has("expected a string") {
        "Write it in quotes.".to_owned()
    } else if has("invalid type: string") && (has("expected f64") || has("expected i64")) {
        "Write a number without quotes.".to_owned()
    } else {
        "See docs/strategies.md for an example of each table.".to_owned()
    }
}
