//! The screening kernel: what a strategy would have earned, at the speed of memory.
//!
//! It exists so that a search can try thousands of parameter sets where the desk's own path tries
//! a few. For the strategies that it can express it gives exactly what that path gives, trade by
//! trade and to the last decimal; every other one is [`Unscreenable`] and says why. Signals come
//! from the evaluator of `formula`, so a rule means the same here. It must not know files, journals
//! or how a figure is judged, and it never approximates.
//!
//! `tape` holds bars as whole numbers, `money` the costs and sizes as whole numbers, `account` what
//! one fill does, `levels` where stops and targets are met, `machine` when something is wished,
//! `signals` what the rules say, `screening` puts them together, and `curve` reads equity out of stretches.

mod account;
mod curve;
mod error;
mod levels;
mod machine;
mod money;
mod screening;
mod signals;
mod tape;

pub use account::{Side, Trade};
pub use curve::{Curve, Tally};
pub use error::Unscreenable;
pub use machine::{Sink, Stretch};
pub use money::Terms;
pub use screening::Screen;
pub use tape::Tape;
