//! The table of refusal codes.
//!
//! It is the gate's own enum; this module only prints it.

use path::{codes::RefusalCode, verbs::RiskClass};
use serde_json::{Value, json};

use super::{
    Outcome,
    failure::Failure,
    output::{Out, Table},
};

/// Prints the table.
pub(crate) fn run(out: &mut Out) -> Result<Outcome, Failure> {
    let rows: Vec<Value> = RefusalCode::ALL
        .iter()
        .map(|code| {
            let classes: Vec<&str> = code.classes().iter().map(|class| class.name()).collect();
            json!({ "code": code, "classes": classes, "meaning": code.meaning(),
                    "remedy": code.remedy() })
        })
        .collect();
    out.json(&rows)?;
    out.line(
        "A mark says that the rule can refuse entries, exits, protective orders or cancels.\n",
    );
    let mut table = Table::new(&["code", "entry", "exit", "prot", "cancel", "meaning"]);
    for code in RefusalCode::ALL {
        let mark = |class| {
            if code.classes().contains(&class) { "●".to_owned() } else { String::new() }
        };
        table.row([
            code.name().to_owned(),
            mark(RiskClass::Entry),
            mark(RiskClass::Exit),
            mark(RiskClass::Protective),
            mark(RiskClass::Cancel),
            code.meaning().to_owned(),
        ]);
        let empty = String::new;
        table.row([empty(), empty(), empty(), empty(), empty(), format!("→ {}", code.remedy())]);
    }
    out.table(&table, "");
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_both_forms() {
        let mut words = Out::new(false);
        run(&mut words).unwrap();
        let mut json = Out::new(true);
        run(&mut json).unwrap();
        let parsed: Vec<Value> = serde_json::from_str(json.text()).unwrap();
        assert_eq!(parsed.len(), RefusalCode::ALL.len());
        for code in RefusalCode::ALL {
            assert!(words.text().contains(code.name()) && words.text().contains(code.remedy()));
        }
    }
}
