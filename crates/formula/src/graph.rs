//! The plan under construction: nodes in an order in which they can be computed, each once.
//!
//! Two equal computations are one node, so what formulas have in common is computed once, also
//! over all parameter sets of a sweep. This module must not know text or how a node computes.

use std::collections::HashMap;

use domain::Timeframe;

use crate::prim::Prim;

/// The most nodes that a plan may have.
pub const NODES_MAX: usize = 20_000;
/// The most values that the windows of a plan may hold, all together: 32 MiB.
pub const HELD_MAX: usize = 4 * 1024 * 1024;
/// The most different series (symbol and timeframe) that a plan may read.
pub const FRAMES_MAX: usize = 32;

/// A node of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

/// A series that is read: the plan's own, a longer timeframe of it, or another symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(pub(crate) u16);

impl FrameId {
    /// The series that the plan is evaluated on.
    pub const BASE: Self = Self(0);
}

/// Which series a frame is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Frame {
    /// Another symbol, or the plan's own.
    pub symbol: Option<String>,
    /// A longer timeframe, or the plan's own.
    pub timeframe: Option<Timeframe>,
}

/// A number that can be compared and hashed by its bits.
#[derive(Debug, Clone, Copy)]
pub struct Exactly(pub f64);

impl PartialEq for Exactly {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}
impl Eq for Exactly {}
impl std::hash::Hash for Exactly {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// What a node reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// Another node of the same frame.
    Node(NodeId),
    /// A constant.
    Constant(Exactly),
}

/// The unit in which a column's values are whole numbers, so that sums over it can be exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grid {
    /// The decimals of the frame's prices.
    Price,
    /// The decimals of the frame's volumes.
    Volume,
}

/// One node.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it computes.
    pub prim: Prim,
    /// What it reads.
    pub sources: Vec<Source>,
    /// The series on whose bars it has values.
    pub frame: FrameId,
    /// Bars of its frame before its first value, when all data is sound.
    pub warm_up: usize,
    /// Whether its values are whole multiples of a unit.
    pub grid: Option<Grid>,
    /// True when it rests on the position, so that it has a value only bar by bar.
    pub late: bool,
}

/// Why a plan can't grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// More than [`NODES_MAX`].
    #[error("the formulas need more than {NODES_MAX} computations")]
    Nodes,
    /// More than [`HELD_MAX`].
    #[error("the windows of the formulas hold more than {HELD_MAX} values")]
    Held,
    /// More than [`FRAMES_MAX`].
    #[error("the formulas read more than {FRAMES_MAX} series")]
    Frames,
}

type Key = (Prim, Vec<Source>, FrameId);

/// The nodes of a plan.
#[derive(Debug, Clone)]
pub struct Graph {
    timeframe: Option<Timeframe>,
    /// Values that the windows of all nodes hold.
    held: usize,
    nodes: Vec<Node>,
    frames: Vec<Frame>,
    known: HashMap<Key, NodeId>,
}

impl Default for Graph {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Graph {
    /// Without nodes; the plan's own bars have this timeframe, where it is known.
    #[must_use]
    pub fn new(timeframe: Option<Timeframe>) -> Self {
        let frames = vec![Frame::default()];
        Self { timeframe, held: 0, nodes: Vec::new(), frames, known: HashMap::new() }
    }

    /// The timeframe of a frame's bars, where it is known.
    #[must_use]
    pub fn timeframe(&self, frame: FrameId) -> Option<Timeframe> {
        self.frames.get(frame.0 as usize).and_then(|one| one.timeframe).or(self.timeframe)
    }

    /// Bars of frame `outer` in which so many bars of frame `inner` have surely closed.
    fn outer_bars(&self, inner: FrameId, outer: FrameId, bars: usize) -> usize {
        let spans = (self.timeframe(inner), self.timeframe(outer));
        let (Some(inner), Some(outer)) = spans else { return bars };
        let (inner, outer) = (inner.span().0.max(1), outer.span().0.max(1));
        let ratio = usize::try_from((inner / outer).max(1)).unwrap_or(1);
        bars.saturating_add(1).saturating_mul(ratio).saturating_sub(1)
    }

    /// All nodes; each reads only nodes before it.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Takes back the nodes from this one on, after a part of a plan was found to be wrong.
    pub(crate) fn truncate(&mut self, nodes: usize) {
        self.nodes.truncate(nodes);
        self.held = self.nodes.iter().map(|node| node.prim.warm_up()).sum();
        self.known.retain(|_, id| (id.0 as usize) < nodes);
    }

    /// All series that are read; the first is the plan's own.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// A node.
    ///
    /// # Panics
    /// When the id is of another graph.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The frame of a series.
    ///
    /// # Errors
    /// [`Full::Frames`].
    pub fn frame(&mut self, frame: &Frame) -> Result<FrameId, Full> {
        let known = self.frames.iter().position(|one| one == frame);
        let index = known.unwrap_or(self.frames.len());
        if known.is_none() {
            if self.frames.len() >= FRAMES_MAX {
                return Err(Full::Frames);
            }
            self.frames.push(frame.clone());
        }
        u16::try_from(index).map(FrameId).map_err(|_| Full::Frames)
    }

    /// The node that computes this: one that is there, or a new one.
    ///
    /// # Errors
    /// [`Full::Nodes`].
    pub fn add(
        &mut self,
        prim: Prim,
        sources: Vec<Source>,
        frame: FrameId,
    ) -> Result<NodeId, Full> {
        let key = (prim, sources, frame);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        if self.nodes.len() >= NODES_MAX {
            return Err(Full::Nodes);
        }
        let held = self.held.saturating_add(key.0.warm_up());
        if held > HELD_MAX {
            return Err(Full::Held);
        }
        let id = NodeId(u32::try_from(self.nodes.len()).map_err(|_| Full::Nodes)?);
        let node = self.describe(&key);
        self.nodes.push(node);
        self.held = held;
        self.known.insert(key, id);
        Ok(id)
    }

    fn describe(&self, (prim, sources, frame): &Key) -> Node {
        let read = |source: &Source| match source {
            Source::Node(id) => Some(self.node(*id)),
            Source::Constant(_) => None,
        };
        let ready = |source: &Source| read(source).map_or(0, |n| n.warm_up);
        let before = match prim {
            Prim::Align { frame: inner, node } => {
                self.outer_bars(*inner, *frame, self.node(*node).warm_up)
            }
            _ => prim.sources_ready(sources.iter().map(ready)),
        };
        let grids: Vec<_> = sources.iter().map(|s| read(s).map(|n| n.grid)).collect();
        Node {
            prim: *prim,
            sources: sources.clone(),
            frame: *frame,
            warm_up: before.saturating_add(prim.warm_up()),
            grid: prim.grid(&grids),
            late: prim.is_late() || sources.iter().filter_map(read).any(|n| n.late),
        }
    }
}
