//! The kill switch as an account's journal has it, for those who can't wait for its task.
//!
//! An account that doesn't answer must not keep a pull from the others. This module must not know
//! tasks.

use std::sync::{Mutex, PoisonError};

use path::{event::Event, policy::KillLevel, state::AccountState, wire::Wire};

/// What is recorded of the kill switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Recorded {
    /// The level that stands.
    pub(crate) level: Option<KillLevel>,
    /// The epoch of the last pull.
    pub(crate) epoch: u64,
}

/// What is recorded of one account's kill switch, kept by its task.
#[derive(Debug, Default)]
pub(crate) struct Standing(Mutex<Recorded>);

impl Standing {
    fn set(&self, change: impl FnOnce(&mut Recorded)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What is recorded.
    pub(crate) fn get(&self) -> Recorded {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what a durable state says.
    pub(crate) fn load(&self, state: &AccountState) {
        let (level, epoch) = (state.kill.as_ref().map(|k| k.level), state.kill_epoch);
        self.set(|recorded| *recorded = Recorded { level, epoch });
    }

    /// Takes over what a durable event says. The wire never stays behind the journal's epoch:
    /// what is judged in it could not be sent.
    pub(crate) fn note(&self, event: &Event, wire: &Wire) {
        match event {
            Event::KillPulled(pulled) => {
                wire.raise_epoch(pulled.epoch);
                self.set(|recorded| {
                    recorded.level = recorded.level.max(Some(pulled.level));
                    recorded.epoch = recorded.epoch.max(pulled.epoch);
                });
            }
            Event::KillReleased(_) => self.set(|recorded| recorded.level = None),
            _ => {}
        }
    }
}
