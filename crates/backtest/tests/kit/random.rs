//! Random bars and traders from a seed.

use backtest::trader::{Trader, View, Wish};
use domain::{
    Activate, OrderKind, Percent, Target, Targets, TimeInForce, TimeStop, Trail, TrailBy,
};

use super::*;

/// Numbers from a seed: splitmix64.
#[derive(Debug, Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `n` − 1.
    pub(crate) fn roll(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn cents(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.roll(u64::try_from(high - low + 1).unwrap())).unwrap()
    }
}

fn price(cents: i64) -> Price {
    Price::new(Decimal::new(cents.max(100), 2)).unwrap()
}

/// Bars that gap, jump and stand still; a third of the series has bars of four hours.
pub(crate) fn bars(dice: &mut Dice, count: usize, hours: i64) -> Vec<Bar> {
    let mut last = dice.cents(5_000, 20_000);
    let span = Nanos::from_secs(hours * 3_600);
    (0..count)
        .map(|n| {
            let gap = if dice.roll(4) == 0 { dice.cents(-last / 12, last / 12) } else { 0 };
            let open = last + gap;
            let close = open + dice.cents(-open / 25, open / 25);
            let high = open.max(close) + dice.cents(0, open / 20);
            let low = open.min(close) - dice.cents(0, open / 20);
            last = close;
            let open_at = START.plus(Nanos(span.0 * i64::try_from(n).unwrap()));
            let volume = match dice.roll(3) {
                0 => Qty::ZERO,
                _ => Qty::new(Decimal::from(dice.roll(2_000))).unwrap(),
            };
            let close_at = open_at.plus(span);
            let [open, high, low, close] = [open, high, low, close].map(price);
            Bar { open_at, close_at, open, high, low, close, volume }
        })
        .collect()
}

/// Wants something at random closes.
pub(crate) struct Gambler {
    pub(crate) dice: Dice,
    /// Wishes in a thousand closes of a symbol.
    pub(crate) often: u64,
    asked: u64,
}

impl Gambler {
    pub(crate) fn new(seed: u64, often: u64) -> Self {
        Self { dice: Dice(seed), often, asked: 0 }
    }

    fn near(&mut self, last: Price, low: i64, high: i64) -> Price {
        let cents = i64::try_from((last.get() * Decimal::ONE_HUNDRED).trunc()).unwrap();
        price(cents + cents * self.dice.cents(low, high) / 1_000)
    }

    fn levels(&mut self, last: Price, side: Side) -> Protective {
        let sign = if side == Side::Buy { 1 } else { -1 };
        let mut levels = Protective::default();
        let near = |s: &mut Self, from: i64, to: i64| {
            let (a, b) = (sign * from, sign * to);
            s.near(last, a.min(b), a.max(b))
        };
        if self.dice.roll(3) > 0 {
            levels.stop = Some(near(self, -80, -5));
        }
        if self.dice.roll(3) == 0 {
            levels.target = Some(near(self, 5, 90));
        }
        if self.dice.roll(4) == 0 {
            let share = Percent::basis_points(4_000);
            let first = Target { price: near(self, 5, 30), share };
            levels.targets = Targets::new(&[first]).unwrap();
        }
        if self.dice.roll(4) == 0 {
            let by = TrailBy::Percent(Percent::basis_points(200));
            levels.trail = Some(Trail { by, activation: None });
        }
        if self.dice.roll(6) == 0 {
            levels.time_stop = Some(TimeStop::AfterSecs(100_000));
        }
        levels
    }

    fn order(&mut self, instrument: &InstrumentId, last: Price) -> Intent {
        self.asked += 1;
        let side = if self.dice.roll(2) == 0 { Side::Buy } else { Side::Sell };
        let sign = if side == Side::Buy { 1 } else { -1 };
        let away = |s: &mut Self| {
            let (a, b) = (-40 * sign, 0);
            s.near(last, a.min(b), a.max(b))
        };
        let kind = match self.dice.roll(5) {
            0 => OrderKind::Limit { limit: away(self) },
            1 => {
                let (a, b) = (5 * sign, 40 * sign);
                OrderKind::Stop { trigger: self.near(last, a.min(b), a.max(b)) }
            }
            _ => OrderKind::Market,
        };
        let size = match self.dice.roll(3) {
            0 => Size::Quantity(Qty::new(Decimal::from(1 + self.dice.roll(90))).unwrap()),
            1 => Size::PercentEquity(Percent::basis_points(2_000)),
            _ => Size::Notional(Qty::new(Decimal::from(5_000)).unwrap()),
        };
        let protective = self.levels(last, side);
        let plain = intent(&format!("g-{}", self.asked), instrument.symbol(), side, "1");
        let activate = if self.dice.roll(5) == 0 { Activate::Now } else { Activate::NextPrice };
        let tif = if self.dice.roll(4) == 0 { TimeInForce::Day } else { TimeInForce::Gtc };
        let conditions = Conditions { activate, ..Conditions::default() };
        Intent { kind, size, protective, conditions, tif, ..plain }
    }

    fn wish(&mut self, view: &View<'_>, instrument: &InstrumentId, last: Price) -> Wish {
        let book = BookId::manual();
        let held = view.qty(&book, instrument);
        let activate = if self.dice.roll(5) == 0 { Activate::Now } else { Activate::NextPrice };
        let instrument = instrument.clone();
        match self.dice.roll(8) {
            0 | 1 if !held.is_zero() => {
                let share = Percent::basis_points([10_000, 5_000][self.dice.roll(2) as usize]);
                Wish::Close { book, instrument, share, activate, key: None }
            }
            2 if !held.is_zero() => {
                let mut order = self.order(&instrument, last);
                order.side = if held.is_long() { Side::Sell } else { Side::Buy };
                order.kind = OrderKind::Market;
                order.protective = Protective::default();
                Wish::Reverse(Box::new(order))
            }
            3 if !held.is_zero() => {
                let side = if held.is_long() { Side::Buy } else { Side::Sell };
                let protective = self.levels(last, side);
                Wish::SetPlan { book, instrument, protective }
            }
            4 => match view.working(&BookId::manual()).next() {
                Some(order) => Wish::Cancel(order.client_order_id.clone()),
                None => Wish::Submit(Box::new(self.order(&instrument, last))),
            },
            _ => Wish::Submit(Box::new(self.order(&instrument, last))),
        }
    }
}

impl Trader for Gambler {
    fn on_close(&mut self, view: &View<'_>, wishes: &mut Vec<Wish>) {
        for closed in view.closed() {
            if self.dice.roll(1_000) < self.often {
                let wish = self.wish(view, closed.instrument, closed.bar.close);
                wishes.push(wish);
            }
        }
    }
}
