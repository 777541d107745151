//! The simulated venue keeps every promise.

mod common;

use common::{Fault, SimRig};
use venue::conformance;

#[tokio::test]
async fn the_simulated_venue_keeps_every_promise() {
    let report = conformance::run(|| SimRig::new(Fault::None)).await;
    assert!(report.broken().is_empty(), "{:#?}", report.broken());
    assert_eq!(report.kept(), report.0.len(), "{report:#?}");
}

/// A venue that can't replace is not asked to.
#[tokio::test]
async fn a_venue_without_replace_is_not_asked_for_it() {
    let config = venue_sim::SimConfig { replace: false, ..venue_sim::SimConfig::default() };
    let report = conformance::run(|| SimRig::with(Fault::None, config.clone())).await;
    assert!(report.broken().is_empty(), "{:#?}", report.broken());
    assert_eq!(report.kept(), report.0.len() - 4, "{report:#?}");
}
