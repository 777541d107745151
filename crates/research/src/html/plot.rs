//! The frame of a chart: where values come to stand, its grid, and what is told of it.
//!
//! This module must not know what is drawn.

use std::fmt::Write;

use domain::Timestamp;

use super::{axis, markup::Markup, sample::Point};

/// The width of a chart in its own units.
const WIDTH: f64 = 900.0;
/// The width of a chart beside another one.
const NARROW: f64 = 480.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;
/// Pixel columns of a line.
pub(super) const COLUMNS: usize = 800;

/// The area of a chart and the values at its lower and upper edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    width: f64,
    height: f64,
    low: f64,
    high: f64,
}

impl Frame {
    /// A frame that holds all values with a little air; nothing finite makes it hold 0 to 1.
    pub(super) fn around(height: f64, values: impl IntoIterator<Item = f64>) -> Self {
        let ends = values.into_iter().filter(|v| v.is_finite());
        let (low, high) =
            ends.fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        let air = if high > low { (high - low) * 0.04 } else { high.abs().max(1.0) * 0.05 };
        Self { width: WIDTH, height, low: low - air, high: high + air }
    }

    /// The same with an edge that values can't pass.
    pub(super) fn capped(mut self, low: Option<f64>, high: Option<f64>) -> Self {
        self.low = low.unwrap_or(self.low);
        self.high = high.unwrap_or(self.high);
        self
    }

    /// The same for a chart that stands beside another one.
    pub(super) const fn narrow(mut self) -> Self {
        self.width = NARROW;
        self
    }

    /// Where a share of the width is.
    pub(super) fn x(&self, share: f64) -> f64 {
        LEFT + share.clamp(0.0, 1.0) * (self.width - LEFT - RIGHT)
    }

    /// Where a value is.
    pub(super) fn y(&self, value: f64) -> f64 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        self.height - BOTTOM - share * (self.height - TOP - BOTTOM)
    }

    /// The chart: a picture with a name in words, its horizontal grid, and what `inside` draws.
    pub(super) fn chart(&self, m: &mut Markup, label: &str, inside: impl FnOnce(&mut Markup)) {
        let place: super::markup::Attributes<'_> =
            &[("class", &"scroll"), ("tabindex", &0), ("role", &"group"), ("aria-label", &"Chart")];
        m.nest("div", place, |m| {
            let view = format!("0 0 {} {}", self.width, self.height);
            m.nest("svg", &[("viewBox", &view), ("role", &"img"), ("aria-label", &label)], |m| {
                for (value, text) in axis::ticks(self.low, self.high, 6) {
                    let y = at(self.y(value));
                    line(m, "grid", (&at(LEFT), &y), (&at(self.width - RIGHT), &y));
                    let x = at(LEFT - 8.0);
                    m.leaf("text", &[("class", &"end"), ("x", &x), ("y", &y), ("dy", &"4")], text);
                }
                inside(m);
            });
        });
    }

    /// A vertical line of the grid with what stands under it.
    pub(super) fn mark(&self, m: &mut Markup, share: f64, text: &str) {
        let (x, bottom) = (at(self.x(share)), at(self.height - BOTTOM));
        line(m, "grid", (&x, &at(TOP)), (&x, &bottom));
        let y = at(self.height - 8.0);
        m.leaf("text", &[("class", &"mid"), ("x", &x), ("y", &y)], text);
    }

    /// The grid of a time axis.
    pub(super) fn times(&self, m: &mut Markup, time: Time) {
        for (moment, text) in axis::moments(time.from, time.until, 9) {
            let share = time.share(moment);
            if (0.02..=0.97).contains(&share) {
                self.mark(m, share, &text);
            }
        }
    }

    /// A line through points.
    pub(super) fn line(&self, m: &mut Markup, class: &str, points: &[Point]) {
        m.void("path", &[("class", &class), ("d", &self.path(points))]);
    }

    /// The area between points and a value.
    pub(super) fn area(&self, m: &mut Markup, class: &str, points: &[Point], base: f64) {
        let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
        let base = at(self.y(base));
        let (left, right) = (at(self.x(first.0)), at(self.x(last.0)));
        let path = format!("{}L{right} {base}L{left} {base}Z", self.path(points));
        m.void("path", &[("class", &class), ("d", &path)]);
    }

    fn path(&self, points: &[Point]) -> String {
        let mut path = String::new();
        for (n, (share, value)) in points.iter().enumerate() {
            let pen = if n == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{pen}{} {}", at(self.x(*share)), at(self.y(*value)));
        }
        path
    }
}

/// A straight line.
pub(super) fn line(m: &mut Markup, class: &str, from: (&str, &str), to: (&str, &str)) {
    m.void(
        "line",
        &[("class", &class), ("x1", &from.0), ("y1", &from.1), ("x2", &to.0), ("y2", &to.1)],
    );
}

/// A place in a tenth of a unit.
pub(super) fn at(place: f64) -> String {
    format!("{place:.1}")
}

/// The time that charts share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    /// The left end.
    pub(super) from: Timestamp,
    /// The right end.
    pub(super) until: Timestamp,
}

impl Time {
    /// Where a moment is between the left end (0) and the right end (1).
    pub(super) fn share(&self, at: Timestamp) -> f64 {
        let whole = self.until.since(self.from).0;
        if whole <= 0 { 0.0 } else { at.since(self.from).0 as f64 / whole as f64 }
    }
}
