//! One series and what has its prices.

use domain::{Instrument, Quote};
use venue_sim::SimTick;

use crate::way::Course;

/// One series and what has its prices.
#[derive(Debug)]
pub(super) struct Lane {
    /// The instrument of the series, then the contracts that follow it.
    pub(super) traded: Vec<Instrument>,
    /// Room for the prices of one instant.
    pub(super) ticks: Vec<SimTick>,
    /// Prices can change something of the account.
    pub(super) awake: bool,
    /// Where the price is inside its bar.
    pub(super) course: Course,
    /// The latest price, when the desk was not told it.
    pub(super) untold: Option<Quote>,
    /// The latest bar that has closed.
    pub(super) closed: Option<usize>,
}

impl Lane {
    pub(super) fn new(instrument: Instrument) -> Self {
        Self {
            traded: vec![instrument],
            ticks: Vec::new(),
            awake: true,
            course: Course::default(),
            untold: None,
            closed: None,
        }
    }
}
