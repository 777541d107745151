//! Proves that a position is covered by resting stops from its first fill to its end, and what
//! happens when the venue does not play along.

mod common;

use common::*;

#[test]
fn smoke() {
    let mut desk = Desk::new();
    assert!(desk.core.fitness().reconciled);
    assert_eq!(desk.equity(), "100000");
    desk.order(buy("10").stop("95"));
    assert_eq!(desk.manual(), signed("10"));
    assert_eq!(desk.stops(IBM), [("10".to_owned(), "95".to_owned())]);
    desk.assert_folds();
    desk.pass(domain::Nanos::from_secs(5));
    desk.assert_agrees_with_venue();
}
