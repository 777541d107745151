//! Rows in memory, for tests, simulations and paper trading that may be forgotten.
//!
//! This module must not know what the rows mean.

use std::collections::BTreeMap;

use crate::{
    rows::{JsonRows, RowBatch, RowStorage},
    storage::SimStorageError,
};

/// Rows in memory. They survive nothing but the venue itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryRows {
    tables: BTreeMap<&'static str, BTreeMap<String, String>>,
}

/// A storage in memory.
pub type MemoryStorage = RowStorage<MemoryRows>;

impl JsonRows for MemoryRows {
    fn apply(&mut self, batch: &RowBatch) -> Result<(), SimStorageError> {
        for row in &batch.puts {
            let table = self.tables.entry(row.table).or_default();
            table.insert(row.key.clone(), row.json.clone());
        }
        for row in &batch.deletes {
            if let Some(table) = self.tables.get_mut(row.table) {
                table.remove(&row.key);
            }
        }
        Ok(())
    }

    fn get(&mut self, table: &'static str, key: &str) -> Result<Option<String>, SimStorageError> {
        Ok(self.tables.get(table).and_then(|table| table.get(key)).cloned())
    }

    fn range(
        &mut self,
        table: &'static str,
        from: &str,
        until: &str,
    ) -> Result<Vec<(String, String)>, SimStorageError> {
        let Some(table) = self.tables.get(table) else { return Ok(Vec::new()) };
        let rows = table.range(from.to_owned()..);
        let rows = rows.take_while(|(key, _)| until.is_empty() || key.as_str() < until);
        Ok(rows.map(|(key, json)| (key.clone(), json.clone())).collect())
    }
}
