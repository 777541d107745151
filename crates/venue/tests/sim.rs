//! The simulated venue keeps every promise.

mod common;

use common::{Fault, SimRig};
use venue::conformance;

#[tokio::test]
async fn the_simulated_venue_keeps_every_promise() {
    let report = conformance::run(|| SimRig::new(Fault::None)).await;
    assert!(report.broken().is_empty(), "{:#?}", report.broken());
    assert_eq!(report.kept(), report.0.len() - ABOUT_NO_IDS, "{report:#?}");
}

/// Checks that ask only a venue without client ids, and only one with them.
const ABOUT_NO_IDS: usize = 4;
const ABOUT_IDS: usize = 3;

/// A venue that can't replace is not asked to.
#[tokio::test]
async fn a_venue_without_replace_is_not_asked_for_it() {
    let config = venue_sim::SimConfig { replace: false, ..venue_sim::SimConfig::default() };
    let report = conformance::run(|| SimRig::with(Fault::None, config.clone())).await;
    assert!(report.broken().is_empty(), "{:#?}", report.broken());
    assert_eq!(report.kept(), report.0.len() - 4 - ABOUT_NO_IDS, "{report:#?}");
}

/// A venue that knows no client ids keeps the promises of such a venue.
#[tokio::test]
async fn a_venue_without_client_ids_keeps_every_promise() {
    let config = venue_sim::SimConfig { client_ids: false, ..venue_sim::SimConfig::default() };
    let report = conformance::run(|| SimRig::with(Fault::None, config.clone())).await;
    assert!(report.broken().is_empty(), "{:#?}", report.broken());
    assert_eq!(report.kept(), report.0.len() - ABOUT_IDS, "{report:#?}");
}
