//! Few points that draw the same line as many.
//!
//! A line of a million points is no finer on a screen than one with the first, the lowest, the
//! highest and the last point of every pixel column. This module must not know what is drawn.

/// A point of a line: where it is between the left end (0) and the right end (1), and its value.
pub(super) type Point = (f64, f64);

/// The points of one column that are kept.
#[derive(Debug, Clone, Copy)]
struct Column {
    number: usize,
    first: (usize, Point),
    low: (usize, Point),
    high: (usize, Point),
    last: (usize, Point),
}

/// Keeps of every column the first, lowest, highest and last point, in order. Points come from
/// left to right; values that aren't finite are left out.
pub(super) fn sample(points: impl IntoIterator<Item = Point>, columns: usize) -> Vec<Point> {
    let mut kept = Vec::new();
    let mut column: Option<Column> = None;
    for (index, point) in points.into_iter().enumerate().filter(|(_, p)| p.1.is_finite()) {
        let number = (point.0.clamp(0.0, 1.0) * columns as f64) as usize;
        let here = (index, point);
        match &mut column {
            Some(open) if open.number == number => {
                if point.1 < open.low.1.1 {
                    open.low = here;
                }
                if point.1 > open.high.1.1 {
                    open.high = here;
                }
                open.last = here;
            }
            _ => {
                let fresh = Column { number, first: here, low: here, high: here, last: here };
                if let Some(done) = column.replace(fresh) {
                    done.into(&mut kept);
                }
            }
        }
    }
    if let Some(done) = column {
        done.into(&mut kept);
    }
    kept
}

impl Column {
    fn into(self, kept: &mut Vec<Point>) {
        let mut points = [self.first, self.low, self.high, self.last];
        points.sort_by_key(|(index, _)| *index);
        let mut before = None;
        for (index, point) in points {
            if before.replace(index) != Some(index) {
                kept.push(point);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ends_and_extremes_are_kept_and_points_are_few(
            values in prop::collection::vec(-1e6..1e6, 1..3_000),
            columns in 1_usize..400,
        ) {
            let last = (values.len() - 1).max(1) as f64;
            let points: Vec<Point> =
                values.iter().enumerate().map(|(n, v)| (n as f64 / last, *v)).collect();
            let kept = sample(points.iter().copied(), columns);
            prop_assert_eq!(kept.first(), points.first());
            prop_assert_eq!(kept.last(), points.last());
            let ends = |of: &[Point]| {
                let values = of.iter().map(|p| p.1);
                (values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN, f64::max))
            };
            prop_assert_eq!(ends(&kept), ends(&points));
            prop_assert!(kept.len() <= 4 * (columns + 1));
            prop_assert!(kept.is_sorted_by(|a, b| a.0 < b.0));
            prop_assert!(kept.iter().all(|point| points.contains(point)));
        }
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let kept = sample([(0.0, f64::NAN), (0.5, 1.0), (1.0, f64::INFINITY)], 10);
        assert_eq!(kept, [(0.5, 1.0)]);
    }
}
