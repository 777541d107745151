//! The way to an account: what doors call.
//!
//! Every call goes through the account's task and its core; there is no other way to an order. It
//! must not know HTTP or who is signed in.

use std::sync::Arc;

use domain::{
    AccountId, Activate, BookId, ClientOrderId, InstrumentId, Intent, IntentId, Limits, Origin,
    Percent, Protective, Quote,
};
use path::{
    budget::DeskBudget,
    core::{Changes, Core, Input, Preview, Reply, ReplyId},
    event::LimitTarget,
    market::Now,
    policy::{KillLevel, LatchKind, Policy},
    wire::Wire,
};
use rust_decimal::Decimal;
use tokio::sync::{mpsc, oneshot};

use crate::{
    actor::{Answer, Command, MakeInput},
    error::DeskError,
    quotes::{Coming, Quotes},
    standing::Standing,
};

/// A handle to one account. Clones are cheap.
#[derive(Clone)]
pub struct AccountHandle {
    pub(crate) id: AccountId,
    pub(crate) commands: mpsc::Sender<Command>,
    /// Apart from the commands, which wait while the account can't write.
    pub(crate) stops: mpsc::Sender<oneshot::Sender<()>>,
    pub(crate) quotes: Arc<Quotes>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) standing: Arc<Standing>,
}

impl std::fmt::Debug for AccountHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccountHandle({})", self.id)
    }
}

impl AccountHandle {
    /// The account.
    #[must_use]
    pub fn id(&self) -> &AccountId {
        &self.id
    }

    /// The account's last check before the wire.
    #[must_use]
    pub fn wire(&self) -> &Arc<Wire> {
        &self.wire
    }

    /// The level of the kill switch that the account's journal has. It is told without asking the
    /// account's task.
    #[must_use]
    pub fn standing_kill(&self) -> Option<KillLevel> {
        self.standing.get().level
    }

    /// True when the account's task has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stops.is_closed()
    }

    /// Tells a price. Only the newest of each instrument counts.
    pub fn quote(&self, instrument: InstrumentId, quote: Quote) {
        self.quotes.put(instrument, quote);
    }

    /// Says that a price comes: until what is returned is dropped, the account's own timer waits.
    /// It is for replays, which tell time themselves; it must be dropped soon.
    pub fn expect_price(&self) -> Coming {
        self.quotes.announce()
    }

    /// Waits until everything that was told has happened: decided, durable, and answered by the
    /// venue. What timers will do later is not waited for.
    ///
    /// # Errors
    /// [`DeskError::AccountStopped`].
    pub async fn at_rest(&self) -> Result<(), DeskError> {
        let (answer, rest) = oneshot::channel();
        self.send(Command::Rest(answer)).await?;
        rest.await.map_err(|_| DeskError::AccountStopped(self.id.clone()))
    }

    async fn send(&self, command: Command) -> Result<(), DeskError> {
        self.commands.send(command).await.map_err(|_| DeskError::AccountStopped(self.id.clone()))
    }

    /// Tells something to the core and waits until what it decided is durable.
    ///
    /// # Errors
    /// [`DeskError`] when the account has stopped or the journal can't be written.
    pub async fn tell(
        &self,
        make: impl Fn(Option<ReplyId>) -> Input + Send + 'static,
    ) -> Result<Reply, DeskError> {
        let (answer, reply) = oneshot::channel::<Result<Reply, DeskError>>();
        let make: MakeInput = Box::new(make);
        let answer: Option<Answer> = Some(answer);
        self.send(Command::Input { make, answer }).await?;
        reply.await.map_err(|_| DeskError::AccountStopped(self.id.clone()))?
    }

    /// Tells something to the core without waiting for a decision.
    ///
    /// # Errors
    /// [`DeskError::AccountStopped`].
    pub async fn inform(
        &self,
        make: impl Fn(Option<ReplyId>) -> Input + Send + 'static,
    ) -> Result<(), DeskError> {
        self.send(Command::Input { make: Box::new(make), answer: None }).await
    }

    /// Asks for a trade. The answer comes when the verdict is durable; the venue's follows as
    /// events.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn submit(&self, intent: Intent) -> Result<Reply, DeskError> {
        let intent = Box::new(intent);
        self.wish(move |reply| Input::Submit { intent: intent.clone(), reply }).await
    }

    /// Asks for another order in a working one's place. `changes` says what is different, and
    /// `intent` is the id of this request.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn replace(
        &self,
        order: ClientOrderId,
        changes: Changes,
        intent: IntentId,
        origin: Origin,
    ) -> Result<Reply, DeskError> {
        self.wish(move |reply| Input::Replace {
            order: order.clone(),
            changes,
            intent: intent.clone(),
            origin: origin.clone(),
            reply,
        })
        .await
    }

    /// Asks for a position to be closed at the market and, once it is, for what `intent` wants: the
    /// other direction.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn reverse(&self, intent: Intent) -> Result<Reply, DeskError> {
        let intent = Box::new(intent);
        self.wish(move |reply| Input::Reverse { intent: intent.clone(), reply }).await
    }

    /// Tells a wish that may open a position.
    async fn wish(
        &self,
        make: impl Fn(Option<ReplyId>) -> Input + Send + 'static,
    ) -> Result<Reply, DeskError> {
        let (answer, reply) = oneshot::channel::<Result<Reply, DeskError>>();
        let make: MakeInput = Box::new(make);
        self.send(Command::Wish { make, answer }).await?;
        reply.await.map_err(|_| DeskError::AccountStopped(self.id.clone()))?
    }

    /// Asks for the end of an order. `accept_unprotected` lets an operator cancel a stop.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn cancel(
        &self,
        order: ClientOrderId,
        origin: Origin,
        accept_unprotected: bool,
    ) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::Cancel {
            order: order.clone(),
            origin: origin.clone(),
            accept_unprotected,
            reply,
        })
        .await
    }

    /// Asks for a share of a book's position to be closed at the market. The same `key` closes
    /// once, across restarts.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn close(
        &self,
        book: BookId,
        instrument: InstrumentId,
        share: Percent,
        key: Option<String>,
        origin: Origin,
    ) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::Close {
            book: book.clone(),
            instrument: instrument.clone(),
            share,
            key: key.clone(),
            activate: Activate::Now,
            origin: origin.clone(),
            reply,
        })
        .await
    }

    /// Asks for a share of every managed position to be closed at the market, of one instrument or
    /// of all.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn close_all(
        &self,
        instrument: Option<InstrumentId>,
        share: Percent,
        origin: Origin,
    ) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::CloseAll {
            instrument: instrument.clone(),
            share,
            origin: origin.clone(),
            reply,
        })
        .await
    }

    /// Takes a request back that waits for an opening.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn disarm(&self, intent: IntentId, by: Origin) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::Disarm { intent: intent.clone(), by: by.clone(), reply })
            .await
    }

    /// Decides about a request that waits for approval.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn decide(
        &self,
        hold: IntentId,
        approve: bool,
        by: Origin,
    ) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::Decide { hold: hold.clone(), approve, by: by.clone(), reply })
            .await
    }

    /// Replaces limits of the account.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn set_limits(
        &self,
        target: LimitTarget,
        limits: Limits,
        by: Origin,
    ) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::SetLimits {
            target: target.clone(),
            limits: Box::new(limits.clone()),
            by: by.clone(),
            reply,
        })
        .await
    }

    /// Replaces the account's policy.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn set_policy(&self, policy: Policy, by: Origin) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::SetPolicy {
            policy: Box::new(policy.clone()),
            by: by.clone(),
            reply,
        })
        .await
    }

    /// Replaces a position's protective levels.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn set_plan(
        &self,
        book: BookId,
        instrument: InstrumentId,
        protective: Protective,
        by: Origin,
    ) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::SetPlan {
            book: book.clone(),
            instrument: instrument.clone(),
            protective,
            by: by.clone(),
            reply,
        })
        .await
    }

    /// Opens a book.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn open_book(
        &self,
        book: BookId,
        name: String,
        capital: Option<Decimal>,
        by: Origin,
    ) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::OpenBook {
            book: book.clone(),
            name: name.clone(),
            capital,
            by: by.clone(),
            reply,
        })
        .await
    }

    /// Ends an order that the venue took and no longer knows.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn write_off(&self, order: ClientOrderId, by: Origin) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::WriteOff { order: order.clone(), by: by.clone(), reply })
            .await
    }

    /// Gives a book's holding back that is too little to trade.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn leave_dust(
        &self,
        book: BookId,
        instrument: InstrumentId,
        by: Origin,
    ) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::LeaveDust {
            book: book.clone(),
            instrument: instrument.clone(),
            by: by.clone(),
            reply,
        })
        .await
    }

    /// Gives an unmanaged holding to a book.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn adopt(
        &self,
        instrument: InstrumentId,
        book: BookId,
        by: Origin,
    ) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::Adopt {
            instrument: instrument.clone(),
            book: book.clone(),
            by: by.clone(),
            reply,
        })
        .await
    }

    /// Releases a latch.
    ///
    /// # Errors
    /// As [`AccountHandle::tell`].
    pub async fn release_latch(
        &self,
        latch: LatchKind,
        rebase: bool,
        by: Origin,
    ) -> Result<Reply, DeskError> {
        self.tell(move |reply| Input::ReleaseLatch { latch, rebase, by: by.clone(), reply }).await
    }

    /// Looks at the account's core, decided but not yet durable state included.
    ///
    /// # Errors
    /// [`DeskError::AccountStopped`].
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Core, Now) -> T + Send + 'static,
    ) -> Result<T, DeskError> {
        self.look_with_budget(move |core, now, _| look(core, now)).await
    }

    /// What the gate would say to a wish now, without asking for it.
    ///
    /// # Errors
    /// [`DeskError::AccountStopped`].
    pub async fn preview(&self, intent: Intent) -> Result<Preview, DeskError> {
        self.look_with_budget(move |core, now, budget| core.preview(&intent, now, budget)).await
    }

    async fn look_with_budget<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Core, Now, &mut dyn DeskBudget) -> T + Send + 'static,
    ) -> Result<T, DeskError> {
        let (answer, result) = oneshot::channel();
        let look = Box::new(move |core: &Core, now: Now, budget: &mut dyn DeskBudget| {
            let _ = answer.send(look(core, now, budget));
        });
        self.send(Command::Look(look)).await?;
        result.await.map_err(|_| DeskError::AccountStopped(self.id.clone()))
    }

    /// Stops the account's task once everything that it decided is durable.
    pub async fn stop(&self) {
        let (stopped, done) = oneshot::channel();
        if self.stops.send(stopped).await.is_ok() {
            let _ = done.await;
        }
    }
}
