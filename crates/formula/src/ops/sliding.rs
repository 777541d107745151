//! Windows over floats without drift.
//!
//! The window is the end of one block and the beginning of the next, each put together in its
//! order, so nothing that has left the window leaves a trace, and a step costs three mergers.
//! This module must not know what is summed.

/// What is known of a stretch of bars and can be joined with the stretch after it.
pub trait Merge: Copy + Send + std::fmt::Debug + 'static {
    /// What is known of no bars.
    const EMPTY: Self;
    /// What is known of this stretch and the later one together.
    #[must_use]
    fn then(self, later: Self) -> Self;
}

/// A plain sum.
#[derive(Debug, Clone, Copy)]
pub struct Total(pub f64);

impl Merge for Total {
    const EMPTY: Self = Self(0.0);

    #[inline]
    fn then(self, later: Self) -> Self {
        Self(self.0 + later.0)
    }
}

/// What is known of the last bars, so many at a time.
#[derive(Debug)]
pub struct Sliding<M> {
    length: usize,
    /// What is known of the block before, from each of its bars to its end.
    suffix: Vec<M>,
    /// The block under way.
    block: Vec<M>,
    prefix: M,
    full: bool,
}

impl<M: Merge> Sliding<M> {
    /// For a window of `length` bars, at least one.
    #[must_use]
    pub fn new(length: usize) -> Self {
        let length = length.max(1);
        Self {
            length,
            suffix: vec![M::EMPTY; length + 1],
            block: Vec::with_capacity(length),
            prefix: M::EMPTY,
            full: false,
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.suffix.fill(M::EMPTY);
        self.block.clear();
        self.prefix = M::EMPTY;
        self.full = false;
    }

    /// Takes a bar in and tells what is known of the window, `None` until it is full.
    #[inline]
    pub fn push(&mut self, bar: M) -> Option<M> {
        if self.block.len() == self.length {
            self.turn();
        }
        self.block.push(bar);
        self.prefix = self.prefix.then(bar);
        self.full |= self.block.len() == self.length;
        self.full.then(|| self.suffix[self.block.len()].then(self.prefix))
    }

    fn turn(&mut self) {
        let mut known = M::EMPTY;
        for (slot, bar) in self.suffix.iter_mut().zip(&self.block).rev() {
            known = bar.then(known);
            *slot = known;
        }
        self.block.clear();
        self.prefix = M::EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_has_left_the_window_leaves_a_trace() {
        let mut window = Sliding::new(3);
        let values = [1e300, 1e-300, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        let sums: Vec<_> = values.iter().map(|v| window.push(Total(*v)).map(|t| t.0)).collect();
        assert_eq!(sums[..2], [None, None]);
        assert_eq!(sums[4..], [Some(9.0), Some(12.0), Some(15.0), Some(18.0)]);
        window.clear();
        assert!(window.push(Total(1.0)).is_none());
    }
}
