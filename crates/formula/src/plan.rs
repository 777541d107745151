//! Checked formulas that share their computations.
//!
//! This module must not know prices.

use std::collections::BTreeSet;

use crate::{
    ast::Expr,
    check::{Checker, Env},
    error::{Code, Diagnostic, Span},
    graph::{FrameId, Graph, NodeId, Source},
    parse::parse,
    prim::Prim,
    value::{Type, Value},
};

/// The most formulas of a plan.
pub const ROOTS_MAX: usize = 4_096;

/// A formula of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootId(pub(crate) usize);

/// Formulas, checked one after another.
#[derive(Debug, Clone)]
pub struct Compiler {
    env: Env,
    graph: Graph,
    roots: Vec<Value>,
}

/// Checked formulas, ready to be run any number of times.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) graph: Graph,
    pub(crate) roots: Vec<Value>,
    /// The nodes that a formula rests on, by frame; the frames in an order in which they can run.
    pub(crate) order: Vec<(FrameId, Vec<NodeId>)>,
}

impl Compiler {
    /// Formulas that may refer to what is in `env`.
    #[must_use]
    pub fn new(env: Env) -> Self {
        let graph = Graph::new(env.timeframe);
        Self { env, graph, roots: Vec::new() }
    }

    /// Other constants for the formulas that follow; what is equal to before is shared.
    pub fn set_params(&mut self, params: std::collections::BTreeMap<String, f64>) {
        self.env.params = params;
    }

    /// Adds a formula of any type.
    ///
    /// # Errors
    /// The first [`Diagnostic`].
    pub fn add(&mut self, text: &str) -> Result<RootId, Diagnostic> {
        self.add_expr(&parse(text)?)
    }

    /// Adds a condition.
    ///
    /// # Errors
    /// The first [`Diagnostic`]; also when the formula is no condition.
    pub fn add_condition(&mut self, text: &str) -> Result<RootId, Diagnostic> {
        self.add_condition_expr(&parse(text)?)
    }

    /// Adds a number.
    ///
    /// # Errors
    /// The first [`Diagnostic`]; also when the formula is no number.
    pub fn add_number(&mut self, text: &str) -> Result<RootId, Diagnostic> {
        self.add_number_expr(&parse(text)?)
    }

    /// Adds a parsed formula of any type.
    ///
    /// # Errors
    /// The first [`Diagnostic`].
    pub fn add_expr(&mut self, expr: &Expr) -> Result<RootId, Diagnostic> {
        self.root(expr, |_, _| Ok(()))
    }

    /// Adds a parsed condition.
    ///
    /// # Errors
    /// The first [`Diagnostic`]; also when the formula is no condition.
    pub fn add_condition_expr(&mut self, expr: &Expr) -> Result<RootId, Diagnostic> {
        self.root(expr, crate::check::truth)
    }

    /// Adds a parsed number.
    ///
    /// # Errors
    /// The first [`Diagnostic`]; also when the formula is no number.
    pub fn add_number_expr(&mut self, expr: &Expr) -> Result<RootId, Diagnostic> {
        self.root(expr, |value, span| {
            if value.ty == Type::Number {
                return Ok(());
            }
            let message = format!("Expected a number and found {}.", value.ty);
            Err(Diagnostic::new(Code::WrongType, span, message)
                .help("Write what the number is, for example 2 * atr(14)."))
        })
    }

    fn root(
        &mut self,
        expr: &Expr,
        rule: impl Fn(Value, Span) -> Result<(), Diagnostic>,
    ) -> Result<RootId, Diagnostic> {
        if self.roots.len() >= ROOTS_MAX {
            let message = format!("More than {ROOTS_MAX} formulas at once.");
            return Err(Diagnostic::new(Code::TooLarge, expr.span, message));
        }
        let known = self.graph.nodes().len();
        let value = Checker::new(&mut self.graph, &self.env).value(expr);
        let checked = value.and_then(|value| rule(value, expr.span).map(|()| value));
        match checked {
            Ok(value) => {
                self.roots.push(value);
                Ok(RootId(self.roots.len() - 1))
            }
            Err(error) => {
                self.graph.truncate(known);
                Err(error)
            }
        }
    }

    /// The plan of all formulas.
    #[must_use]
    pub fn finish(self) -> Plan {
        Plan::new(self.graph, self.roots)
    }
}

/// Checks one formula and tells its type.
///
/// # Errors
/// The first [`Diagnostic`].
pub fn check(text: &str, env: &Env) -> Result<Type, Diagnostic> {
    let mut compiler = Compiler::new(env.clone());
    let root = compiler.add(text)?;
    Ok(compiler.roots[root.0].ty)
}

impl Plan {
    fn new(graph: Graph, roots: Vec<Value>) -> Self {
        let mut needed = BTreeSet::new();
        let mut ahead: Vec<NodeId> = roots.iter().filter_map(|r| node_of(r.source)).collect();
        while let Some(id) = ahead.pop() {
            if needed.insert(id) {
                let node = graph.node(id);
                ahead.extend(node.sources.iter().copied().filter_map(node_of));
                if let Prim::Align { node, .. } = node.prim {
                    ahead.push(node);
                }
            }
        }
        let order = ordered(&graph, &needed);
        Self { graph, roots, order }
    }

    /// All its formulas, in the order in which they were added.
    pub fn roots(&self) -> impl Iterator<Item = RootId> {
        (0..self.roots.len()).map(RootId)
    }

    /// The type of a formula.
    ///
    /// # Panics
    /// When the formula is of another plan.
    #[must_use]
    pub fn ty(&self, root: RootId) -> Type {
        self.roots[root.0].ty
    }

    /// Bars before the first value of a formula, when all data is sound. Over longer timeframes it
    /// is an estimate.
    ///
    /// # Panics
    /// When the formula is of another plan.
    #[must_use]
    pub fn warm_up(&self, root: RootId) -> usize {
        node_of(self.roots[root.0].source).map_or(0, |id| self.graph.node(id).warm_up)
    }

    /// True when a formula rests on the position, so that it is evaluated bar by bar.
    ///
    /// # Panics
    /// When the formula is of another plan.
    #[must_use]
    pub fn is_late(&self, root: RootId) -> bool {
        node_of(self.roots[root.0].source).is_some_and(|id| self.graph.node(id).late)
    }

    /// The other symbols whose bars it reads.
    #[must_use]
    pub fn symbols(&self) -> Vec<&str> {
        let frames = self.graph.frames().iter();
        let names: BTreeSet<&str> = frames.filter_map(|f| f.symbol.as_deref()).collect();
        names.into_iter().collect()
    }

    /// How many computations a bar takes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.order.iter().map(|(_, nodes)| nodes.len()).sum()
    }
}

pub(crate) fn node_of(source: Source) -> Option<NodeId> {
    match source {
        Source::Node(id) => Some(id),
        Source::Constant(_) => None,
    }
}

/// The needed nodes by frame, each frame after those that it reads.
///
/// A frame's nodes are added to a graph before the nodes that align them, but a frame may be read
/// by two others; so frames are taken when all that they read are taken.
fn ordered(graph: &Graph, needed: &BTreeSet<NodeId>) -> Vec<(FrameId, Vec<NodeId>)> {
    let count = graph.frames().len();
    let mut reads: Vec<BTreeSet<FrameId>> = vec![BTreeSet::new(); count];
    let mut nodes: Vec<Vec<NodeId>> = vec![Vec::new(); count];
    for id in needed {
        let node = graph.node(*id);
        nodes[node.frame.0 as usize].push(*id);
        if let Prim::Align { frame, .. } = node.prim {
            reads[node.frame.0 as usize].insert(frame);
        }
    }
    let frames = (0..count).filter_map(|n| u16::try_from(n).ok()).map(FrameId);
    let mut left: Vec<FrameId> = frames.collect();
    let mut order: Vec<(FrameId, Vec<NodeId>)> = Vec::with_capacity(count);
    while let Some(at) = left.iter().position(|frame| {
        reads[frame.0 as usize].iter().all(|read| order.iter().any(|(done, _)| done == read))
    }) {
        let frame = left.remove(at);
        order.push((frame, std::mem::take(&mut nodes[frame.0 as usize])));
    }
    order
}
