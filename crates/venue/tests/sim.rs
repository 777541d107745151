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
