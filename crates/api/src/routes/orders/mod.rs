//! Orders: ask for one, ask what would happen, list, show, change, cancel.
//!
//! Whether an order may be sent is the gate's to say.

pub(crate) mod cancel;
pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod outcome;
pub(crate) mod preview;
pub(crate) mod request;
pub(crate) mod wait;
pub(crate) mod write_off;
