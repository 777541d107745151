//! What trades: something that is told when bars have closed and says what it wants.
//!
//! The same trader is run over history and live, so it must not know which of both runs it, and
//! this module must not know the driver.

mod held;
mod view;

use domain::{
    Activate, BookId, ClientOrderId, InstrumentId, Intent, IntentId, Origin, Percent, Protective,
};
pub use held::Held;
use path::core::{Input, ReplyId};
pub use view::{ClosedBar, View};

/// Decides when bars close.
pub trait Trader {
    /// The bars that close at this instant are complete, those of all symbols. What is pushed to
    /// `wishes` is told to the desk in that order, after this returns. A wish that should meet the
    /// next bar's open carries [`Activate::NextPrice`].
    fn on_close(&mut self, view: &View<'_>, wishes: &mut Vec<Wish>);
}

impl<T: Trader + ?Sized> Trader for &mut T {
    fn on_close(&mut self, view: &View<'_>, wishes: &mut Vec<Wish>) {
        (**self).on_close(view, wishes);
    }
}

/// One thing that a trader wants. The gate judges it like anybody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// An order.
    Submit(Box<Intent>),
    /// A close of what the book holds and, once that is done, this order of the other direction.
    Reverse(Box<Intent>),
    /// A close of a share of what a book holds, at the market.
    Close {
        /// The book.
        book: BookId,
        /// What is held.
        instrument: InstrumentId,
        /// How much of it.
        share: Percent,
        /// When.
        activate: Activate,
        /// The same key closes once.
        key: Option<String>,
    },
    /// Other protective levels for what a book holds. Levels that are left out are removed.
    SetPlan {
        /// The book.
        book: BookId,
        /// What is held.
        instrument: InstrumentId,
        /// The levels.
        protective: Protective,
    },
    /// The end of an order.
    Cancel(ClientOrderId),
    /// The end of a request that waits for an opening or a price.
    Disarm(IntentId),
}

impl Wish {
    /// The request as the desk's core takes it. `origin` asks for everything but orders, which name
    /// their own.
    #[must_use]
    pub fn into_input(self, origin: Origin, reply: Option<ReplyId>) -> Input {
        match self {
            Self::Submit(intent) => Input::Submit { intent, reply },
            Self::Reverse(intent) => Input::Reverse { intent, reply },
            Self::Close { book, instrument, share, activate, key } => {
                Input::Close { book, instrument, share, key, activate, origin, reply }
            }
            Self::SetPlan { book, instrument, protective } => {
                Input::SetPlan { book, instrument, protective, by: origin, reply }
            }
            Self::Cancel(order) => {
                Input::Cancel { order, origin, accept_unprotected: false, reply }
            }
            Self::Disarm(intent) => Input::Disarm { intent, by: origin, reply },
        }
    }
}
