//! Runs in memory, and daily bars of everything.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use desk::Desk;
use domain::{Bar, InstrumentId, Origin, Timeframe, Timestamp};
use formula::Decimals;
use runner::{Change, Feeds, Kept, RunId, RunRecord, Runs, Store};

#[derive(Default)]
struct Rows(Mutex<BTreeMap<RunId, RunRecord>>);

impl Store for Rows {
    fn change(&self, _: Change, run: &RunRecord, _: &Origin) -> Result<(), String> {
        self.save(run)
    }

    fn save(&self, run: &RunRecord) -> Result<(), String> {
        self.0.lock().unwrap().insert(run.id.clone(), run.clone());
        Ok(())
    }

    fn drop_run(&self, run: &RunId) -> Result<(), String> {
        self.0.lock().unwrap().remove(run);
        Ok(())
    }

    fn all(&self) -> Result<Kept, String> {
        let runs = self.0.lock().unwrap().values().cloned().collect();
        Ok(Kept { runs, damaged: Vec::new() })
    }
}

impl Feeds for Rows {
    fn tells(&self, _: &InstrumentId, timeframe: Timeframe) -> Result<(), String> {
        if timeframe == Timeframe::Day { Ok(()) } else { Err("those of 1d".to_owned()) }
    }

    fn decimals(&self, _: &InstrumentId, _: Timeframe) -> Option<Decimals> {
        None
    }

    fn past(&self, _: &InstrumentId, _: Timeframe, _: Timestamp) -> Vec<Bar> {
        Vec::new()
    }
}

pub fn runs(desk: &Desk) -> Arc<Runs> {
    let rows = Arc::new(Rows::default());
    Arc::new(Runs::new(desk.clone(), rows.clone(), rows))
}
