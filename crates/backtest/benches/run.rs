//! Bars per second: 100 000 hourly bars without any order, with an order for every 25 bars, and
//! with a position that is held all the time.

#![allow(clippy::unwrap_used, reason = "a bench that can't be set up has failed")]

#[path = "../tests/kit/mod.rs"]
mod kit;

use backtest::{
    Backtest, Keep, Setup,
    trader::{Trader, View, Wish},
};
use domain::{Activate, BookId, Percent, Protective, Side, Timeframe};
use kit::{
    coin, id, intent,
    random::{Dice, bars},
};
use market::replay::Series;

const BARS: usize = 100_000;

fn main() {
    divan::main();
}

fn setup(jump: bool) -> Setup {
    let bars = bars(&mut Dice(7), BARS, 1).into();
    let timeframe = Timeframe::Hours(1);
    let series = Series { instrument: id("XYZ"), timeframe, tick: "0.01".parse().unwrap(), bars };
    let setup = kit::setup(vec![coin("XYZ")], vec![series]);
    Setup { jump, keep: Keep::Nothing, ..setup }
}

/// Buys and closes in turn, so many bars apart; a stop and a target protect what is bought.
struct Every {
    bars: usize,
    asked: u64,
}

impl Trader for Every {
    fn on_close(&mut self, view: &View<'_>, wishes: &mut Vec<Wish>) {
        let Some(closed) = view.closed().first() else { return };
        if self.bars == 0 || closed.index % self.bars != 0 {
            return;
        }
        let (book, instrument) = (BookId::manual(), closed.instrument.clone());
        if !view.qty(&book, &instrument).is_zero() {
            let (share, activate) = (Percent::basis_points(10_000), Activate::NextPrice);
            wishes.push(Wish::Close { book, instrument, share, activate, key: None });
            return;
        }
        self.asked += 1;
        let mut order = intent(&format!("n{}", self.asked), "XYZ", Side::Buy, "10");
        order.protective = Protective {
            stop: closed.bar.close.moved_percent((-15).into()),
            target: closed.bar.close.moved_percent(15.into()),
            ..Protective::default()
        };
        wishes.push(Wish::Submit(Box::new(order)));
    }
}

fn run(bencher: divan::Bencher<'_, '_>, every: usize, jump: bool) {
    bencher
        .counter(divan::counter::ItemsCount::new(BARS))
        .with_inputs(|| Backtest::new(setup(jump)).unwrap())
        .bench_values(|backtest| {
            backtest.run(&mut Every { bars: every, asked: 0 }, &mut ()).unwrap()
        });
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn without_orders(bencher: divan::Bencher<'_, '_>) {
    run(bencher, 0, true);
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn forty_orders_in_a_thousand_bars(bencher: divan::Bencher<'_, '_>) {
    run(bencher, 25, true);
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn forty_orders_in_a_thousand_bars_without_jumping(bencher: divan::Bencher<'_, '_>) {
    run(bencher, 25, false);
}
