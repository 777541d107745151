//! A plan at work: bars in, values out, block by block.
//!
//! A block is any number of bars: one in live trading, many in a backtest. Values are the same
//! however history is cut. This module must not know text.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use domain::Timestamp;

use crate::{
    bits::Bits,
    columns::{Columns, Decimals, Reads, power_of_ten},
    graph::{Exactly, FrameId, Grid, NodeId, Source},
    longer::Longer,
    ops::{In, Op},
    plan::{Plan, RootId, node_of},
    position::PositionFacts,
    prim::{Column, Prim},
    time::{MarketTime, Utc, field},
};

/// The other symbol's bars were told that the plan doesn't read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no formula reads bars of `{0}`")]
pub struct UnknownSymbol(pub String);

/// One series while it runs.
#[derive(Debug)]
struct Series {
    frame: FrameId,
    nodes: Vec<NodeId>,
    /// Bars of the block under way.
    block: Columns,
    /// Bars that were told and not yet taken: they close after the block under way.
    ahead: Columns,
    longer: Option<Longer>,
    bars: usize,
}

/// A plan with the memory of the bars so far.
#[derive(Debug)]
pub struct Run {
    plan: Arc<Plan>,
    market: Arc<dyn MarketTime>,
    /// In the plan's order.
    series: Vec<Series>,
    ops: Vec<Option<Box<dyn Op>>>,
    columns: Vec<Vec<f64>>,
    /// What each node that reads another series has seen of it.
    seen: BTreeMap<NodeId, Seen>,
    /// Closing times of the block, by frame.
    times: Vec<Vec<Timestamp>>,
    /// What the plan reads of its own bars.
    reads: Reads,
}

impl Run {
    /// A plan before the first bar of a round-the-clock market in UTC.
    #[must_use]
    pub fn new(plan: Arc<Plan>, decimals: Decimals) -> Self {
        Self::on(plan, decimals, Arc::new(Utc::default()))
    }

    /// A plan before the first bar of a market. `decimals` are those of the plan's own symbol;
    /// they must suffice for every bar to come. Series of other symbols are summed in floating
    /// point.
    #[must_use]
    pub fn on(plan: Arc<Plan>, decimals: Decimals, market: Arc<dyn MarketTime>) -> Self {
        let count = plan.graph.nodes().len();
        let mut ops: Vec<Option<Box<dyn Op>>> = Vec::new();
        ops.resize_with(count, || None);
        let mut series = Vec::new();
        for (frame, nodes) in &plan.order {
            let which = &plan.graph.frames()[frame.0 as usize];
            let exact = if which.symbol.is_none() { decimals } else { Decimals::UNKNOWN };
            for id in nodes {
                ops[id.0 as usize] = start(&plan, *id, exact);
            }
            let longer = which.timeframe.map(Longer::new);
            let (block, ahead) = (Columns::default(), Columns::default());
            let nodes = nodes.iter().copied().filter(|id| !plan.graph.node(*id).late).collect();
            series.push(Series { frame: *frame, nodes, block, ahead, longer, bars: 0 });
        }
        let times = vec![Vec::new(); plan.graph.frames().len()];
        let (columns, seen) = (vec![Vec::new(); count], BTreeMap::new());
        let reads = Reads::ALL;
        Self { plan, market, series, ops, columns, seen, times, reads }
    }

    /// A plan of which only the columns that these conditions read are computed.
    #[must_use]
    pub fn of_bits(
        plan: Arc<Plan>,
        decimals: Decimals,
        market: Arc<dyn MarketTime>,
        bits: &Bits,
    ) -> Self {
        let mut run = Self::on(plan, decimals, market);
        for series in &mut run.series {
            series.nodes.retain(|id| bits.needed().contains(id));
        }
        run.reads = run.read();
        run
    }

    /// What its nodes read of the plan's own bars: all where another series is built or aligned.
    fn read(&self) -> Reads {
        let others = self.series.iter().any(|s| s.frame != FrameId::BASE && !s.nodes.is_empty());
        if others {
            return Reads::ALL;
        }
        let mut reads = Reads::default();
        for id in self.series.iter().flat_map(|series| &series.nodes) {
            match self.plan.graph.node(*id).prim {
                Prim::Column(Column::Open) => reads.open = true,
                Prim::Column(Column::High) => reads.high = true,
                Prim::Column(Column::Low) => reads.low = true,
                Prim::Column(Column::Close) => reads.close = true,
                Prim::Column(Column::Volume) => reads.volume = true,
                Prim::Time(_) => reads.times = true,
                _ => {}
            }
        }
        reads
    }

    /// Takes these bars of a history as the next block of the plan's own bars. Only what formulas
    /// read is copied.
    ///
    /// # Panics
    /// When there are fewer bars.
    pub fn bars(&mut self, history: &Columns, bars: std::ops::Range<usize>) {
        if self.reads.times || self.series.len() > 1 {
            let mut block = Columns::default();
            history.part(&bars, Reads::ALL, &mut block);
            return self.block(&block);
        }
        let length = bars.len();
        for at in 0..self.series.len() {
            history.part(&bars, self.reads, &mut self.series[at].block);
            self.compute(at, length);
        }
    }

    /// A source's values over the latest block.
    pub(crate) fn of(&self, source: Source) -> In<'_> {
        match source {
            Source::Node(id) => In::Column(&self.columns[id.0 as usize]),
            Source::Constant(Exactly(value)) => In::Constant(value),
        }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Tells bars of another symbol: before the block of own bars in which they are to be seen. They
    /// may run ahead; no formula sees a bar before its close.
    ///
    /// # Errors
    /// [`UnknownSymbol`] when no formula reads them.
    pub fn tell(&mut self, symbol: &str, bars: &Columns) -> Result<(), UnknownSymbol> {
        let frames = self.plan.graph.frames();
        let own = |s: &&mut Series| {
            let frame = &frames[s.frame.0 as usize];
            frame.symbol.as_deref() == Some(symbol) && frame.timeframe.is_none()
        };
        let series = self.series.iter_mut().find(own);
        let series = series.ok_or_else(|| UnknownSymbol(symbol.to_owned()))?;
        series.ahead.append(bars);
        Ok(())
    }

    /// Takes the next block of the plan's own bars and computes every formula over it.
    pub fn block(&mut self, bars: &Columns) {
        let until = bars.close_at.last().copied();
        for at in 0..self.series.len() {
            let frame = self.series[at].frame;
            let mut block = std::mem::take(&mut self.series[at].block);
            block.clear();
            if frame == FrameId::BASE {
                block.append(bars);
            } else if self.series[at].longer.is_some() {
                self.build_longer(at, bars, &mut block, until);
            } else if let Some(until) = until {
                self.series[at].ahead.take_until(until, &mut block);
            }
            let length = block.len();
            self.series[at].block = block;
            self.compute(at, length);
        }
    }

    /// Builds the longer bars of a series from the block of the series that it is made of.
    fn build_longer(
        &mut self,
        at: usize,
        own: &Columns,
        block: &mut Columns,
        until: Option<Timestamp>,
    ) {
        let frames = self.plan.graph.frames();
        let symbol = frames[self.series[at].frame.0 as usize].symbol.clone();
        let market = Arc::clone(&self.market);
        let Some(mut longer) = self.series[at].longer.take() else { return };
        if symbol.is_none() {
            longer.take(own, &*market, block);
        } else if let Some(until) = until {
            let made_of = |s: &Series| {
                let frame = &frames[s.frame.0 as usize];
                frame.symbol == symbol && frame.timeframe.is_none()
            };
            // A series that others are made of may run after them, so its bars are read from what
            // waits or from the block that it has taken already.
            if let Some(base) = self.series.iter().position(made_of) {
                let mut fresh = Columns::default();
                if base < at {
                    fresh.append(&self.series[base].block);
                } else {
                    self.series[base].ahead.read_until(until, &mut fresh);
                }
                longer.take(&fresh, &*market, block);
            }
        }
        self.series[at].longer = Some(longer);
    }

    /// Computes the nodes of a series over its block.
    fn compute(&mut self, at: usize, length: usize) {
        let plan = Arc::clone(&self.plan);
        let Self { series, ops, columns, seen, times, market, .. } = self;
        let series = &mut series[at];
        for id in &series.nodes {
            let index = id.0 as usize;
            let node = plan.graph.node(*id);
            let (before, rest) = columns.split_at_mut(index);
            let out = &mut rest[0];
            out.resize(length, f64::NAN);
            match node.prim {
                Prim::Column(column) => copy(column, &series.block, series.bars, out),
                Prim::Time(of) => {
                    let spans = series.block.open_at.iter().zip(&series.block.close_at);
                    for (out, (opened, closed)) in out.iter_mut().zip(spans) {
                        *out = field(&**market, of, *opened, *closed);
                    }
                }
                Prim::Align { frame, node } => {
                    let (times, values) = (&times[frame.0 as usize], &before[node.0 as usize]);
                    let seen = seen.entry(*id).or_default();
                    seen.ahead.extend(times.iter().copied().zip(values.iter().copied()));
                    seen.align(&series.block.close_at, out);
                }
                _ => {
                    let mut ins = [In::Constant(f64::NAN); SOURCES_MAX];
                    for (slot, source) in ins.iter_mut().zip(&node.sources) {
                        *slot = match source {
                            Source::Node(id) => In::Column(&before[id.0 as usize]),
                            Source::Constant(Exactly(value)) => In::Constant(*value),
                        };
                    }
                    if let Some(op) = &mut ops[index] {
                        op.run(&ins[..node.sources.len().min(SOURCES_MAX)], out);
                    }
                }
            }
        }
        times[series.frame.0 as usize].clone_from(&series.block.close_at);
        series.bars += length;
    }

    /// The values of a formula over the latest block; a single one for a constant.
    ///
    /// # Panics
    /// When the formula is of another plan.
    #[must_use]
    pub fn values(&self, root: RootId) -> In<'_> {
        self.of(self.plan.roots[root.0].source)
    }

    /// The value of a formula at a bar of the latest block, with the position of then where the
    /// formula rests on it. Undefined is NaN; truths are 1 and 0.
    ///
    /// # Panics
    /// When the formula is of another plan, or the block has no such bar.
    #[must_use]
    pub fn value(&self, root: RootId, bar: usize, position: &PositionFacts) -> f64 {
        match node_of(self.plan.roots[root.0].source) {
            Some(id) if self.plan.graph.node(id).late => self.late(id, bar, position),
            _ => self.values(root).at(bar),
        }
    }

    /// A node that rests on the position. Such nodes have no memory.
    fn late(&self, id: NodeId, bar: usize, position: &PositionFacts) -> f64 {
        let node = self.plan.graph.node(id);
        if !node.late {
            return self.columns[id.0 as usize][bar];
        }
        let mut values = [f64::NAN; SOURCES_MAX];
        for (slot, source) in values.iter_mut().zip(&node.sources) {
            *slot = match source {
                Source::Node(id) => self.late(*id, bar, position),
                Source::Constant(Exactly(value)) => *value,
            };
        }
        position.value(node.prim, &values)
    }
}

/// The most sources that a node may have.
const SOURCES_MAX: usize = 8;

fn start(plan: &Plan, id: NodeId, decimals: Decimals) -> Option<Box<dyn Op>> {
    let unit = |grid: Option<Grid>| {
        let decimals = match grid? {
            Grid::Price => decimals.price,
            Grid::Volume => decimals.volume,
        };
        power_of_ten(decimals?)
    };
    let node = plan.graph.node(id);
    let units: Vec<Option<f64>> = node
        .sources
        .iter()
        .map(|source| node_of(*source).and_then(|id| unit(plan.graph.node(id).grid)))
        .collect();
    node.prim.start(&units)
}

fn copy(column: Column, bars: &Columns, before: usize, out: &mut [f64]) {
    let from = match column {
        Column::Open => &bars.open,
        Column::High => &bars.high,
        Column::Low => &bars.low,
        Column::Close => &bars.close,
        Column::Volume => &bars.volume,
        Column::Index => {
            for (n, out) in out.iter_mut().enumerate() {
                #[allow(clippy::cast_precision_loss, reason = "fewer bars than 2^53")]
                let index = (before + n) as f64;
                *out = index;
            }
            return;
        }
    };
    out.copy_from_slice(from);
}

/// What was seen of another series.
#[derive(Debug)]
struct Seen {
    latest: f64,
    /// Values that are not yet to be seen, with the times from which they are.
    ahead: VecDeque<(Timestamp, f64)>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { latest: f64::NAN, ahead: VecDeque::new() }
    }
}

impl Seen {
    /// For each of these closing times the latest value that was known by then.
    fn align(&mut self, closes: &[Timestamp], out: &mut [f64]) {
        for (out, close) in out.iter_mut().zip(closes) {
            while let Some((_, value)) = self.ahead.pop_front_if(|(from, _)| *from <= *close) {
                self.latest = value;
            }
            *out = self.latest;
        }
    }
}
