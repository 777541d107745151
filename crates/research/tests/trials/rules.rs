//! Each rule of a strategy file on a few bars, with the arithmetic beside it.

use domain::Timestamp;
use research::trial::{Report, run};

use super::kit::{d, market, on_bars, strategy, terms, trial};

/// Closed trades as side, entry, exit, net, why.
fn trades(report: &Report) -> Vec<(&'static str, String, String, String, String)> {
    let text = |d: rust_decimal::Decimal| d.normalize().to_string();
    let row = |t: &research::stats::TradeRow| {
        let prices = (text(t.entry_price), text(t.exit_price));
        (t.side.name(), prices.0, prices.1, text(t.net_profit), t.exit_reason.clone())
    };
    report.trades.iter().map(row).collect()
}

fn one(
    side: &'static str,
    entry: &str,
    exit: &str,
    net: &str,
    why: &str,
) -> Vec<(&'static str, String, String, String, String)> {
    vec![(side, entry.into(), exit.into(), net.into(), why.into())]
}

const UP: &str = "[entry]\nlong = \"close > close[1]\"\n";

#[test]
fn a_signal_fills_at_the_next_open_and_not_at_its_own_close() {
    let rest = format!("{UP}[exit]\nlong = \"close < close[1]\"\n[size]\nquantity = 10");
    let bars = [
        [100, 101, 99, 100],
        [100, 106, 100, 105], // up: buy with the next price
        [107, 112, 106, 110],
        [110, 111, 103, 104], // down: sell with the next price
        [102, 103, 100, 101],
    ];
    let report = on_bars(&rest, &bars, terms());
    // 10 × (102 − 107) = −50.
    assert_eq!(trades(&report), one("long", "107", "102", "-50", "order"));
    let equity: Vec<_> = report.equity.iter().map(|p| p.equity.normalize().to_string()).collect();
    // Start, flat, flat, 10 × (110 − 107), 10 × (104 − 107), closed.
    assert_eq!(equity, ["10000", "10000", "10000", "10030", "9970", "9950"]);
}

#[test]
fn fee_and_slippage_are_in_every_fill() {
    let rest = format!("{UP}[exit]\nbars = 1\n[size]\nquantity = 10");
    let bars = [[100; 4], [100, 110, 100, 110], [200; 4], [300; 4], [300; 4]];
    let costs = research::trial::Terms { fee: d("0.001"), slippage_bps: d("10"), ..terms() };
    let report = on_bars(&rest, &bars, costs);
    // Bought at 200 + 0.1 % = 200.2, sold at 300 − 0.1 % = 299.7: 995.
    // Fees 0.1 % of 2 002 and of 2 997: 4.999. 995 − 4.999 = 990.001.
    assert_eq!(trades(&report)[0], one("long", "200.2", "299.7", "990.001", "order")[0]);
}

#[test]
fn a_stop_counts_from_the_price_of_the_entry() {
    let rest = format!("{UP}[exit]\nstop = \"5\"\n[size]\nquantity = 10");
    // Bought at 112, stop at 107, reached inside the bar after.
    let bars =
        [[100; 4], [100, 110, 100, 110], [112, 112, 110, 111], [111, 111, 105, 106], [106; 4]];
    let report = on_bars(&rest, &bars, terms());
    assert_eq!(trades(&report), one("long", "112", "107", "-50", "stop"));
}

#[test]
fn a_gap_over_the_stop_fills_at_the_open() {
    let rest = format!("{UP}[exit]\nstop = \"5\"\n[size]\nquantity = 10");
    let bars =
        [[100; 4], [100, 110, 100, 110], [112, 112, 110, 111], [101, 102, 100, 101], [101; 4]];
    let report = on_bars(&rest, &bars, terms());
    assert_eq!(trades(&report), one("long", "112", "101", "-110", "stop"));
}

#[test]
fn of_stop_and_target_in_one_bar_the_stop_comes_first() {
    let rest = format!("{UP}[exit]\nstop = \"5\"\ntarget = \"5\"\n[size]\nquantity = 10");
    let bars =
        [[100; 4], [100, 110, 100, 110], [112, 112, 110, 111], [111, 120, 104, 118], [118; 4]];
    let report = on_bars(&rest, &bars, terms());
    assert_eq!(trades(&report)[0], one("long", "112", "107", "-50", "stop")[0]);
}

#[test]
fn a_target_closes_at_a_profit() {
    let rest = "[entry]\nlong = \"bar_index == 1\"\n[exit]\ntarget = \"5\"\n[size]\nquantity = 10";
    let bars =
        [[100; 4], [100, 110, 100, 110], [112, 113, 110, 111], [111, 119, 111, 118], [118; 4]];
    let report = on_bars(rest, &bars, terms());
    assert_eq!(trades(&report), one("long", "112", "117", "50", "target"));
}

#[test]
fn a_trailing_stop_follows_the_best_price() {
    let rest = "[entry]\nlong = \"bar_index == 1\"\n[exit]\ntrail = \"10\"\n[size]\nquantity = 10";
    let bars = [
        [100; 4],
        [100, 110, 100, 110],
        [112, 112, 112, 112], // bought at 112: stop at 102
        [112, 140, 112, 140], // the best price is 140: stop at 130
        [140, 140, 125, 126], // through 130
        [126; 4],
    ];
    let report = on_bars(rest, &bars, terms());
    assert_eq!(trades(&report), one("long", "112", "130", "180", "stop"));
}

#[test]
fn the_stop_moves_to_the_entry_after_a_profit() {
    let rest = "[entry]\nlong = \"bar_index == 1\"\n[exit]\nstop = \"10\"\nbreak_even = \"8\"\n\
                [size]\nquantity = 10";
    let bars = [
        [100; 4],
        [100, 110, 100, 110],
        [112, 112, 112, 112], // bought at 112: stop at 102
        [112, 121, 112, 121], // a profit of 9: stop at 112
        [121, 121, 105, 106],
        [106; 4],
    ];
    let report = on_bars(rest, &bars, terms());
    assert_eq!(trades(&report), one("long", "112", "112", "0", "stop"));
}

#[test]
fn a_time_stop_counts_closed_bars() {
    let rest = "[entry]\nlong = \"bar_index == 1\"\n[exit]\nbars = 2\n[size]\nquantity = 10";
    let bars = [[100; 4], [110; 4], [120; 4], [130; 4], [140; 4], [150; 4]];
    let report = on_bars(rest, &bars, terms());
    // Bought at the open of bar 2; two bars have closed with bar 3, so it is sold in bar 4.
    assert_eq!(trades(&report), one("long", "120", "140", "200", "order"));
    assert_eq!(report.trades[0].bars_held, 2, "bars 2 and 3 closed while it was held");
}

#[test]
fn an_opposite_signal_turns_the_position() {
    let rest = "[entry]\nlong = \"bar_index == 1\"\nshort = \"bar_index == 3\"\n\
                [exit]\nshort = \"bar_index == 5\"\n[size]\nquantity = 10";
    let bars = [[100; 4], [110; 4], [120; 4], [130; 4], [140; 4], [150; 4], [135; 4]];
    let report = on_bars(rest, &bars, terms());
    let mut expected = one("long", "120", "140", "200", "order");
    expected.extend(one("short", "140", "135", "50", "order"));
    assert_eq!(trades(&report), expected);
}

#[test]
fn both_sides_at_once_are_no_trade() {
    let rest = "[entry]\nlong = \"true\"\nshort = \"true\"\n[size]\nquantity = 1";
    let report = on_bars(rest, &[[100; 4], [110; 4], [120; 4]], terms());
    assert!(report.trades.is_empty() && report.open.is_empty());
    assert_eq!(report.skipped.contradictions, 3);
}

#[test]
fn pyramiding_adds_up_to_its_number() {
    let rest = "[entry]\nlong = \"true\"\n[size]\nquantity = 10\n[pyramid]\nentries = 3";
    let bars = [[100; 4], [110; 4], [120; 4], [130; 4], [140; 4], [150; 4]];
    let report = on_bars(rest, &bars, terms());
    assert_eq!(report.open[0].qty.to_string(), "30", "bought at 110, 120 and 130");
    // 10 × (150 − 110) + 10 × (150 − 120) + 10 × (150 − 130) = 900.
    assert_eq!(report.equity.last().unwrap().equity.normalize(), d("10900"));
}

#[test]
fn sizes_are_taken_at_the_price_of_the_entry() {
    let bars = [[100; 4], [100; 4], [50; 4], [50; 4]];
    let held = |size: &str| {
        let rest =
            format!("[entry]\nlong = \"bar_index == 1\"\n[exit]\nstop = \"5\"\n[size]\n{size}");
        on_bars(&rest, &bars, terms()).open[0].qty.to_string()
    };
    assert_eq!(held("quantity = 7"), "7");
    assert_eq!(held("notional = 1010"), "20", "1 010 / 50, whole units");
    assert_eq!(held("percent_equity = 25"), "50", "2 500 / 50");
    assert_eq!(held("risk_percent = 1"), "20", "100 / 5");
}

#[test]
fn of_several_symbols_as_many_are_held_as_may_be() {
    let rest = "[entry]\nlong = \"true\"\n[size]\nquantity = 1\n[portfolio]\nmax_positions = 1";
    let bars: Vec<_> = (0..4).map(|hour| super::kit::bar(hour, [100; 4])).collect();
    let both = vec![market("AAA", bars.clone()), market("BBB", bars)];
    let report = run(&trial(strategy("[\"BBB\", \"AAA\"]", rest), both, terms())).unwrap();
    let held: Vec<_> = report.open.iter().map(|h| h.instrument.symbol().to_owned()).collect();
    assert_eq!(held, ["BBB"], "the first in the file's order has its turn first");
    assert!(report.skipped.positions > 0);
}

#[test]
fn another_symbol_is_read_without_being_traded() {
    let rest = "[entry]\nlong = \"symbol(\\\"BBB\\\", close) > 100\"\n[size]\nquantity = 1";
    let flat: Vec<_> = (0..5).map(|hour| super::kit::bar(hour, [100; 4])).collect();
    let other = vec![
        super::kit::bar(0, [100; 4]),
        super::kit::bar(1, [100; 4]),
        super::kit::bar(2, [101; 4]),
        super::kit::bar(3, [100; 4]),
    ];
    let markets = vec![market("AAA", flat), market("BBB", other)];
    let report = run(&trial(strategy("[\"AAA\"]", rest), markets, terms())).unwrap();
    assert_eq!(report.open.len(), 1);
    let bought = Timestamp::from_secs(1_704_067_200 + 3 * 3_600);
    let marked = report.equity.iter().find(|p| p.exposure_gross > d("0")).unwrap();
    assert!(marked.at > bought, "bar 2 of BBB closes above 100, AAA is bought in bar 3");
}

#[test]
fn what_can_not_be_bought_is_refused_and_counted() {
    let rest = "[entry]\nlong = \"bar_index == 1\"\n[size]\nquantity = 1000";
    let report = on_bars(rest, &[[100; 4], [100; 4], [100; 4]], terms());
    assert_eq!(report.refused.orders, 1);
    assert!(report.trades.is_empty() && report.open.is_empty());
    let codes: Vec<_> = report.refused.codes.keys().map(|c| c.name()).collect();
    assert_eq!(codes, ["buying_power"]);
}
