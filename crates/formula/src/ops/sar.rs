//! Wilder's parabolic stop and reverse.

use super::{Step, finite};

/// A stop that follows the price ever faster, and turns when the price touches it.
///
/// The sources are highs and lows. Welles Wilder, *New Concepts in Technical Trading Systems*,
/// 1978; how it begins is TA-Lib's: down if the second bar moves more below the first one than
/// above it, else up, with the stop at the first bar's far end.
#[derive(Debug)]
pub struct Parabolic {
    step: f64,
    most: f64,
    before: Option<(f64, f64)>,
    state: Option<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// 1 while it follows a rise from below, -1 while it follows a fall from above.
    side: f64,
    stop: f64,
    extreme: f64,
    speed: f64,
}

impl Parabolic {
    /// The speed grows by `step` with each new extreme, up to `most`.
    #[must_use]
    pub fn new(step: f64, most: f64) -> Self {
        Self { step: step.min(most), most, before: None, state: None }
    }

    fn begin(&self, (high, low): (f64, f64), before: (f64, f64)) -> State {
        let (up, down) = (high - before.0, before.1 - low);
        if down > 0.0 && up < down {
            State { side: -1.0, stop: before.0, extreme: low, speed: self.step }
        } else {
            State { side: 1.0, stop: before.1, extreme: high, speed: self.step }
        }
    }

    /// The bar's stop, and the state with which the next bar begins.
    fn advance(&self, now: State, bar: (f64, f64), before: (f64, f64)) -> (f64, State) {
        // Seen from the side of a rise: `near` is the end of the bar that faces the stop.
        let side = now.side;
        let of = |(high, low): (f64, f64)| {
            if side > 0.0 { (low, high) } else { (-high, -low) }
        };
        let ((near, far), (near_before, far_before)) = (of(bar), of(before));
        let (stop, extreme) = (side * now.stop, side * now.extreme);
        if near <= stop {
            let stop = extreme.max(far_before).max(far);
            let next = (stop + self.step * (near - stop)).max(far_before).max(far);
            let state =
                State { side: -side, stop: side * next, extreme: side * near, speed: self.step };
            return (side * stop, state);
        }
        let (extreme, speed) = if far > extreme {
            (far, (now.speed + self.step).min(self.most))
        } else {
            (extreme, now.speed)
        };
        let next = (stop + speed * (extreme - stop)).min(near_before).min(near);
        (side * stop, State { side, stop: side * next, extreme: side * extreme, speed })
    }
}

impl Step<2> for Parabolic {
    fn step(&mut self, [high, low]: [f64; 2]) -> f64 {
        if high.is_nan() || low.is_nan() {
            return f64::NAN;
        }
        let bar = (high, low);
        let Some(before) = self.before.replace(bar) else { return f64::NAN };
        // On the second bar the limits are that bar's own.
        let (state, before) = match self.state {
            Some(state) => (state, before),
            None => (self.begin(bar, before), bar),
        };
        let (stop, next) = self.advance(state, bar, before);
        self.state = Some(next);
        finite(stop)
    }
}
