//! Keeps the page of refusal codes the same as the enum that the gate uses. With `UPDATE_DOCS=1`
//! the page is written anew.

#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::{env, fs, path::Path};

use path::{codes, codes::RefusalCode, verbs::RiskClass};

#[test]
fn the_page_of_refusal_codes_is_up_to_date() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/refusal-codes.md");
    let page = codes::documentation();
    if env::var_os("UPDATE_DOCS").is_some_and(|v| v == "1") {
        fs::create_dir_all(file.parent().expect("it is in a folder")).unwrap();
        fs::write(&file, &page).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(written, page, "run the tests of this crate once with UPDATE_DOCS=1");
}

#[test]
fn every_code_is_named_explained_and_marked() {
    let mut names = std::collections::BTreeSet::new();
    for code in RefusalCode::ALL {
        let name = code.name();
        assert!(names.insert(name), "{name} is there twice");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
        assert!(code.meaning().ends_with('.') && code.remedy().ends_with('.'), "{name}");
        assert!(!code.classes().is_empty(), "{name} refuses nothing");
        let json = serde_json::to_string(code).unwrap();
        assert_eq!(json, format!("\"{name}\""), "the API writes the same name");
        assert_eq!(serde_json::from_str::<RefusalCode>(&json).unwrap(), *code);
    }
}

/// The rules of risk, data and the switch are for entries alone.
#[test]
fn what_reduces_is_refused_by_authorisation_and_shape_only() {
    let allowed = [
        RefusalCode::InstrumentUnknown,
        RefusalCode::BookUnknown,
        RefusalCode::OriginNotAllowed,
        RefusalCode::OrderShape,
        RefusalCode::PriceInvalid,
        RefusalCode::StopWrongSide,
        RefusalCode::PlanInvalid,
        RefusalCode::ReplaceUnsupported,
        RefusalCode::ReplacePending,
        RefusalCode::AmountOverflow,
        RefusalCode::IdempotencyConflict,
        RefusalCode::NothingToReduce,
        RefusalCode::ReservedByExits,
        RefusalCode::OrderUnknown,
        RefusalCode::CancelUnprotects,
        // These answer an operator who puts something in order, not somebody who wants out.
        RefusalCode::OrderNotLost,
        RefusalCode::NotDust,
    ];
    for code in RefusalCode::ALL {
        let reduces = code.classes().iter().any(|c| *c != RiskClass::Entry);
        assert!(!reduces || allowed.contains(code), "{code} stops an exit");
    }
}
