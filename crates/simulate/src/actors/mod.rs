//! Everybody who wants something: traders, operators, and people at the venue.
//!
//! They see only answers, never the state, and repeat what was not answered. These modules must
//! not check anything beyond what an asker may expect.

mod operators;
mod outside;
mod traders;

use domain::{BookId, Intent, Origin, OriginKind, Principal};
use path::core::{Reply, ReplyId};

use crate::world::{Job, SECOND, World};

/// Somebody waits for an answer.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    /// A true exit, which nothing may refuse.
    pub(crate) must_pass: bool,
    /// The account and what was asked, for requests that may be repeated.
    pub(crate) asked: Option<(usize, Intent)>,
    /// A kill was pulled.
    pub(crate) kill: bool,
}

/// A source of requests.
pub(crate) fn origin(kind: OriginKind) -> Origin {
    let name = match kind {
        OriginKind::Human => "anna",
        OriginKind::ApiKey => "key-1",
        _ => "trend",
    };
    Origin::new(kind, Principal::new(name).expect("a constant"))
}

/// The book of the simulated strategy.
pub(crate) fn strategy_book() -> BookId {
    BookId::new("trend").expect("a constant")
}

impl World {
    /// Somebody does something, and somebody else will soon.
    pub(crate) fn somebody_acts(&mut self) {
        if self.settling {
            return;
        }
        let wait = self.dice.millis(30, 900);
        self.after(wait, Job::Somebody);
        let a = self.dice.index(self.accounts.len());
        match self.dice.below(100) {
            0..36 => self.trade(a),
            36..40 => self.change_something(a),
            40 => self.reverse(a),
            41 => self.close_all_or_disarm(a),
            42..52 => self.exit(a),
            52..62 => self.close(a),
            62..70 => self.cancel_something(a),
            70..74 => self.decide(a),
            74..78 => self.move_plan(a),
            78..80 => self.change_limits(a),
            80..82 => self.want_kill(a),
            82..89 => self.release(a),
            89 => self.adopt(a),
            90 => self.tidy(a),
            91..93 => self.change_policy(a),
            _ => self.outside(a),
        }
    }

    /// Registers somebody who waits.
    pub(crate) fn wait_for(&mut self, waiting: Waiting) -> Option<ReplyId> {
        self.replies += 1;
        self.waiting.insert(self.replies, waiting);
        Some(ReplyId(self.replies))
    }

    /// Somebody who waits for nothing in particular.
    pub(crate) fn somebody(&mut self) -> Option<ReplyId> {
        self.wait_for(Waiting { must_pass: false, asked: None, kill: false })
    }

    /// An answer has arrived.
    pub(crate) fn answered(&mut self, a: usize, id: u64, reply: &Reply) {
        let Some(waiting) = self.waiting.get_mut(&id) else { return };
        waiting.must_pass = false;
        if waiting.kill && matches!(reply, Reply::Killed { .. }) {
            self.accounts[a].kill_wish = None;
        }
    }

    /// Somebody repeats a request under the same key, whatever became of it.
    pub(crate) fn again(&mut self, id: u64) {
        if self.settling {
            return;
        }
        let Some((a, mut intent)) = self.waiting.get(&id).and_then(|w| w.asked.clone()) else {
            return;
        };
        let Some(p) = self.active() else { return self.after(SECOND, Job::Again(id)) };
        intent.id = self.intent_id();
        let reply = self.somebody();
        let input = path::core::Input::Submit { intent: Box::new(intent), reply };
        self.tell(p, a, input);
    }
}
