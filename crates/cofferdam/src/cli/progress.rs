//! Progress on standard error for work that takes longer than a second.
//!
//! Standard output stays for the answer. This module must not know what is being done.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

/// Silent for this long, since short work needs no words.
const SILENT_FOR: Duration = Duration::from_secs(1);
/// A terminal's line is drawn at most this often.
const REDRAW_AFTER: Duration = Duration::from_millis(200);
/// A file or pipe gets a line at most this often.
const LINE_AFTER: Duration = Duration::from_secs(5);

/// How far some work has come.
#[derive(Debug)]
pub(crate) struct Progress {
    started: Instant,
    drawn: Option<Instant>,
    terminal: bool,
}

impl Progress {
    /// Work begins.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), drawn: None, terminal: io::stderr().is_terminal() }
    }

    /// Tells where the work stands, when it is time to.
    pub(crate) fn tell(&mut self, words: impl FnOnce() -> String) {
        let now = Instant::now();
        let pause = if self.terminal { REDRAW_AFTER } else { LINE_AFTER };
        let due = self.drawn.map_or(SILENT_FOR, |drawn| drawn - self.started + pause);
        if now - self.started < due {
            return;
        }
        self.drawn = Some(now);
        let mut stderr = io::stderr().lock();
        let _ = if self.terminal {
            write!(stderr, "\r\x1b[K{}", words())
        } else {
            writeln!(stderr, "{}", words())
        };
        let _ = stderr.flush();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal && self.drawn.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
