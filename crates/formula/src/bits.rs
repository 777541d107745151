//! Conditions as bits: 64 bars a word, for whoever asks thousands of conditions about the same bars.
//!
//! A condition is put together from comparisons of columns by words, so no column of truths is
//! written that nobody reads as numbers. A bit is set where [`Run::value`] tells 1; the meaning is
//! that of the operators, three-valued where a value is undefined. It must not know text.

use std::collections::{BTreeSet, HashMap};

use crate::{
    graph::{Exactly, NodeId, Source},
    ops::In,
    plan::{Plan, RootId, node_of},
    prim::{Binary, Prim, Unary},
    run::Run,
};

/// Bars of a word.
pub const WORD: usize = 64;

/// One row of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Bit {
    Never,
    Always,
    Less(Source, Source),
    Equal(Source, Source),
    /// The node has a value.
    Known(NodeId),
    /// The node's value is true.
    True(NodeId),
    And(usize, usize),
    Or(usize, usize),
    /// The first and not the second.
    Without(usize, usize),
    /// So many bars ago, at most a word.
    Ago(usize, usize),
}

/// Conditions of a plan, put together from words.
#[derive(Debug, Clone, Default)]
pub struct Bits {
    rows: Vec<Bit>,
    known: HashMap<Bit, usize>,
    roots: HashMap<RootId, Condition>,
    needed: BTreeSet<NodeId>,
}

/// A condition's place among those of a [`Bits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition(usize);

impl Bits {
    /// The conditions of these formulas of a plan; `read` are others whose values are wanted as
    /// numbers. A formula that is no condition is never true.
    ///
    /// # Panics
    /// When a formula is of another plan.
    #[must_use]
    pub fn new(
        plan: &Plan,
        conditions: impl IntoIterator<Item = RootId>,
        read: impl IntoIterator<Item = RootId>,
    ) -> Self {
        let mut bits = Self::default();
        for root in conditions {
            let row = bits.truth(plan, plan.roots[root.0].source);
            bits.roots.insert(root, Condition(row));
        }
        let numbers = read.into_iter().filter_map(|root| node_of(plan.roots[root.0].source));
        let mut ahead: Vec<NodeId> = bits.rows.iter().flat_map(Bit::reads).chain(numbers).collect();
        while let Some(id) = ahead.pop() {
            if bits.needed.insert(id) {
                let node = plan.graph.node(id);
                ahead.extend(node.sources.iter().copied().filter_map(node_of));
                if let Prim::Align { node, .. } = node.prim {
                    ahead.push(node);
                }
            }
        }
        bits
    }

    /// The place of a condition; `None` when it is none of these.
    #[must_use]
    pub fn condition(&self, root: RootId) -> Option<Condition> {
        self.roots.get(&root).copied()
    }

    /// The nodes whose columns are read.
    pub(crate) const fn needed(&self) -> &BTreeSet<NodeId> {
        &self.needed
    }

    fn row(&mut self, bit: Bit) -> usize {
        let bit = match bit {
            Bit::And(a, b) if a == b || self.rows[b] == Bit::Always => return a,
            Bit::And(a, b) if self.rows[a] == Bit::Always => return b,
            Bit::Or(a, b) if a == b => return a,
            bit => bit,
        };
        *self.known.entry(bit).or_insert_with(|| {
            self.rows.push(bit);
            self.rows.len() - 1
        })
    }

    /// Where a source is true.
    fn truth(&mut self, plan: &Plan, source: Source) -> usize {
        let id = match source {
            Source::Constant(Exactly(1.0)) => return self.row(Bit::Always),
            Source::Constant(_) => return self.row(Bit::Never),
            Source::Node(id) => id,
        };
        if !is_condition(plan, source) {
            return self.row(Bit::True(id));
        }
        let node = plan.graph.node(id);
        match (node.prim, &node.sources[..]) {
            (Prim::Binary(op), [a, b]) => self.binary(plan, op, *a, *b),
            (Prim::Unary(Unary::Defined), [a]) => self.defined(plan, *a),
            (Prim::Unary(_), [a]) => {
                let (known, truth) = (self.defined(plan, *a), self.truth(plan, *a));
                self.row(Bit::Without(known, truth))
            }
            (Prim::History(bars), [a]) => {
                let truth = self.truth(plan, *a);
                self.row(Bit::Ago(truth, bars))
            }
            _ => self.row(Bit::True(id)),
        }
    }

    fn binary(&mut self, plan: &Plan, op: Binary, a: Source, b: Source) -> usize {
        let without = |bits: &mut Self, not: Bit| {
            let (both, not) = (bits.both(plan, a, b), bits.row(not));
            bits.row(Bit::Without(both, not))
        };
        match op {
            Binary::Less => self.row(Bit::Less(a, b)),
            Binary::Greater => self.row(Bit::Less(b, a)),
            Binary::LessEqual => without(self, Bit::Less(b, a)),
            Binary::GreaterEqual => without(self, Bit::Less(a, b)),
            Binary::Equal => self.row(Bit::Equal(a, b)),
            Binary::NotEqual => without(self, Bit::Equal(a, b)),
            _ => {
                let (x, y) = (self.truth(plan, a), self.truth(plan, b));
                match op {
                    Binary::And | Binary::Min => self.row(Bit::And(x, y)),
                    Binary::Or => self.row(Bit::Or(x, y)),
                    _ => {
                        let (either, both) = (self.row(Bit::Or(x, y)), self.both(plan, a, b));
                        self.row(Bit::And(either, both))
                    }
                }
            }
        }
    }

    fn both(&mut self, plan: &Plan, a: Source, b: Source) -> usize {
        let (a, b) = (self.defined(plan, a), self.defined(plan, b));
        self.row(Bit::And(a, b))
    }

    /// Where a source has a value.
    fn defined(&mut self, plan: &Plan, source: Source) -> usize {
        let id = match source {
            Source::Constant(Exactly(value)) if value.is_nan() => return self.row(Bit::Never),
            Source::Constant(_) => return self.row(Bit::Always),
            Source::Node(id) => id,
        };
        if !is_condition(plan, source) {
            return self.row(Bit::Known(id));
        }
        let node = plan.graph.node(id);
        match (node.prim, &node.sources[..]) {
            (Prim::Binary(op @ (Binary::And | Binary::Or)), [a, b]) => {
                let both = self.both(plan, *a, *b);
                let sure = [*a, *b].map(|one| {
                    let truth = self.truth(plan, one);
                    if op == Binary::Or {
                        return truth;
                    }
                    let known = self.defined(plan, one);
                    self.row(Bit::Without(known, truth))
                });
                let sure = self.row(Bit::Or(sure[0], sure[1]));
                self.row(Bit::Or(both, sure))
            }
            (Prim::Binary(_), [a, b]) => self.both(plan, *a, *b),
            (Prim::Unary(Unary::Defined), _) => self.row(Bit::Always),
            (Prim::Unary(_), [a]) => self.defined(plan, *a),
            (Prim::History(bars), [a]) => {
                let known = self.defined(plan, *a);
                self.row(Bit::Ago(known, bars))
            }
            _ => self.row(Bit::Known(id)),
        }
    }
}

impl Bit {
    fn reads(&self) -> Vec<NodeId> {
        match self {
            Self::Less(a, b) | Self::Equal(a, b) => {
                [*a, *b].into_iter().filter_map(node_of).collect()
            }
            Self::Known(id) | Self::True(id) => vec![*id],
            _ => Vec::new(),
        }
    }
}

/// True for what is put together from words.
fn is_condition(plan: &Plan, source: Source) -> bool {
    let Some(node) = node_of(source).map(|id| plan.graph.node(id)) else { return false };
    let all = || node.sources.iter().all(|source| is_condition(plan, *source));
    match node.prim {
        Prim::Binary(
            Binary::Less
            | Binary::LessEqual
            | Binary::Greater
            | Binary::GreaterEqual
            | Binary::Equal
            | Binary::NotEqual
            | Binary::And
            | Binary::Or,
        )
        | Prim::Unary(Unary::Defined | Unary::Not) => true,
        Prim::Binary(Binary::Min | Binary::Max) => all(),
        Prim::History(bars) => bars <= WORD && all(),
        _ => false,
    }
}

/// Conditions with the memory of the bars so far.
#[derive(Debug)]
pub struct Words {
    bits: Bits,
    rows: Vec<Vec<u64>>,
    /// The last word of the block before, of each row.
    before: Vec<u64>,
}

impl Words {
    /// Conditions before the first bar.
    #[must_use]
    pub fn new(bits: Bits) -> Self {
        let count = bits.rows.len();
        Self { bits, rows: vec![Vec::new(); count], before: vec![0; count] }
    }

    /// Takes the latest block of a run of the same plan. Every block but the last must have whole
    /// words of bars.
    pub fn block(&mut self, run: &Run, bars: usize) {
        let words = bars.div_ceil(WORD);
        for (at, bit) in self.bits.rows.iter().enumerate() {
            let (done, rest) = self.rows.split_at_mut(at);
            let out = &mut rest[0];
            self.before[at] = out.last().copied().unwrap_or(0);
            out.resize(words, 0);
            match *bit {
                Bit::Never => out.fill(0),
                Bit::Always => out.fill(u64::MAX),
                Bit::Less(a, b) => compare(run.of(a), run.of(b), bars, out, |a, b| a < b),
                Bit::Equal(a, b) => compare(run.of(a), run.of(b), bars, out, |a, b| a == b),
                Bit::Known(id) => {
                    let column = run.of(Source::Node(id));
                    compare(column, column, bars, out, |a, b| a == b);
                }
                Bit::True(id) => {
                    let column = run.of(Source::Node(id));
                    compare(column, In::Constant(1.0), bars, out, |a, b| a == b);
                }
                Bit::And(a, b) => zip(&done[a], &done[b], out, |a, b| a & b),
                Bit::Or(a, b) => zip(&done[a], &done[b], out, |a, b| a | b),
                Bit::Without(a, b) => zip(&done[a], &done[b], out, |a, b| a & !b),
                Bit::Ago(a, by) => ago(&done[a], self.before[a], by, out),
            }
        }
    }

    /// The bits of a condition over the latest block, the first bar lowest. Bits behind the last
    /// bar mean nothing.
    ///
    /// # Panics
    /// When the condition is one of other [`Bits`].
    #[must_use]
    #[inline]
    pub fn of(&self, condition: Condition) -> &[u64] {
        &self.rows[condition.0]
    }
}

fn zip(a: &[u64], b: &[u64], out: &mut [u64], f: impl Fn(u64, u64) -> u64) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = f(*a, *b);
    }
}

/// The bits so many bars before, at most a word; before the first bar there are none.
fn ago(source: &[u64], before: u64, by: usize, out: &mut [u64]) {
    let mut before = before;
    for (out, word) in out.iter_mut().zip(source) {
        *out = if by == WORD { before } else { (word << by) | (before >> (WORD - by)) };
        before = *word;
    }
}

/// Compares columns bar by bar.
#[inline]
fn compare(a: In<'_>, b: In<'_>, bars: usize, out: &mut [u64], f: impl Fn(f64, f64) -> bool) {
    let (mut left, mut right) = ([0.0; WORD], [0.0; WORD]);
    for (index, out) in out.iter_mut().enumerate() {
        let span = index * WORD..bars.min((index + 1) * WORD);
        *out = word(part(a, &span, &mut left), part(b, &span, &mut right), &f);
    }
}

/// A word's part of a column, in `room` where it is no column or shorter.
#[inline]
fn part<'a>(
    source: In<'a>,
    span: &std::ops::Range<usize>,
    room: &'a mut [f64; WORD],
) -> &'a [f64; WORD] {
    match source {
        In::Column(values) => match <&[f64; WORD]>::try_from(&values[span.clone()]) {
            Ok(whole) => return whole,
            Err(_) => room[..span.len()].copy_from_slice(&values[span.clone()]),
        },
        In::Constant(value) => room.fill(value),
    }
    room
}

/// One word. The lanes are apart so that they are compared at once.
#[inline]
fn word(a: &[f64; WORD], b: &[f64; WORD], f: &impl Fn(f64, f64) -> bool) -> u64 {
    const LANES: usize = 8;
    let mut lanes = [0_u64; LANES];
    for row in 0..WORD / LANES {
        for (lane, bits) in lanes.iter_mut().enumerate() {
            let bar = row * LANES + lane;
            *bits |= u64::from(f(a[bar], b[bar])).wrapping_neg() & (1 << bar);
        }
    }
    lanes.into_iter().fold(0, |word, bits| word | bits)
}
