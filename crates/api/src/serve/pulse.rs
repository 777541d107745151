//! Whether a connection still lives: when bytes moved last, and what is waited for.
//!
//! A request that runs has its own deadline, which may be minutes. Outside of one, a head that has
//! begun must end soon, and bytes must move: an answer that nobody reads moves none, nor does a
//! connection that nobody uses. It must not know HTTP.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

/// How long a connection may keep the desk waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a TLS handshake.
    pub handshake: Duration,
    /// For a request's head, from its first byte on.
    pub head: Duration,
    /// For the next request, and for anything of an answer to be read.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let (short, long) = (Duration::from_secs(10), Duration::from_secs(60));
        Self { handshake: short, head: short, idle: long }
    }
}

/// What is known of a connection. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Pulse(Arc<Mutex<Beat>>);

#[derive(Debug)]
struct Beat {
    /// When bytes moved last.
    moved: Instant,
    /// Since when a head is waited for.
    head: Option<Instant>,
    /// Requests that run.
    running: usize,
}

impl Pulse {
    /// A connection that has just been opened owes a head.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(Beat { moved: now, head: Some(now), running: 0 })))
    }

    fn beat(&self) -> MutexGuard<'_, Beat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_read(&self) {
        let (mut beat, now) = (self.beat(), Instant::now());
        beat.moved = now;
        if beat.running == 0 {
            beat.head.get_or_insert(now);
        }
    }

    fn has_written(&self) {
        let mut beat = self.beat();
        beat.moved = Instant::now();
        // While an answer is on its way, what was read meanwhile may wait.
        beat.head = None;
    }

    /// A request runs until what is returned is dropped.
    pub(super) fn request(&self) -> Running {
        let mut beat = self.beat();
        beat.running += 1;
        beat.head = None;
        Running(self.clone())
    }

    /// True when the other end has used up its time.
    pub(super) fn is_overdue(&self, patience: Patience) -> bool {
        let beat = self.beat();
        beat.running == 0
            && (beat.head.is_some_and(|since| since.elapsed() >= patience.head)
                || beat.moved.elapsed() >= patience.idle)
    }
}

/// A request that runs.
#[derive(Debug)]
pub(super) struct Running(Pulse);

impl Drop for Running {
    fn drop(&mut self) {
        let mut beat = self.0.beat();
        beat.running = beat.running.saturating_sub(1);
        beat.moved = Instant::now();
    }
}

/// A stream that notes when bytes move.
#[derive(Debug)]
pub(super) struct Noted<S> {
    pub(super) stream: S,
    pub(super) pulse: Pulse,
}

impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        if into.filled().len() > before {
            self.pulse.has_read();
        }
        read
    }
}

impl<S: Unpin> Noted<S> {
    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(count)) if count > 0) {
            self.pulse.has_written();
        }
        written
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
