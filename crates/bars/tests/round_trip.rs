//! Whatever bars there are: CSV, store and back give the same bars; and no bytes make a panic.
#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write;

use bars::{AlwaysOpen, ImportOptions, MergeOptions, Repair, import_csv, read_splits};
use common::{ALWAYS, series, store};
use domain::{Bar, Nanos, Price, Qty, Timeframe, Timestamp};
use proptest::prelude::*;
use rust_decimal::Decimal;

/// Bars of an hour in any number, with holes, up to three months apart.
fn any_bars() -> impl Strategy<Value = Vec<Bar>> {
    let row = (1_i64..2_000, prop::array::uniform4(1_i64..10_000_000), 0_i64..1_000_000_000);
    (prop::collection::vec(row, 1..60), 0_u32..=9, 0_u32..=8, 0_i64..400_000).prop_map(
        |(rows, price_scale, volume_scale, start)| {
            let mut hour = start;
            let mut bars = Vec::new();
            for (step, mut prices, volume) in rows {
                hour += step;
                prices.sort_unstable();
                let [low, open, close, high] =
                    prices.map(|units| Price::new(Decimal::new(units, price_scale)).unwrap());
                let open_at = Timestamp::from_secs(hour * 3_600);
                let close_at = open_at.plus(Nanos::from_secs(3_600));
                let volume = Qty::new(Decimal::new(volume, volume_scale)).unwrap();
                bars.push(Bar { open_at, close_at, open, high, low, close, volume });
            }
            bars
        },
    )
}

fn to_csv(bars: &[Bar]) -> String {
    let mut text = String::from("time,open,high,low,close,volume\n");
    for bar in bars {
        let Bar { open_at, open, high, low, close, volume, .. } = bar;
        writeln!(text, "{open_at},{open},{high},{low},{close},{volume}").unwrap();
    }
    text
}

fn options(timeframe: Timeframe, repair: Repair) -> ImportOptions<'static> {
    ImportOptions { repair, ..ImportOptions::new(timeframe, &AlwaysOpen) }
}

fn all_repairs() -> Repair {
    Repair {
        sort: true,
        drop_duplicates: true,
        drop_impossible: true,
        drop_unreadable: true,
        drop_non_sessions: true,
        round_decimals: Some(4),
        allow_sparse: true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn csv_to_store_and_back_changes_nothing(bars in any_bars()) {
        let sparse = Repair { allow_sparse: true, ..Repair::default() };
        let import = import_csv(to_csv(&bars).as_bytes(), &options(Timeframe::Hours(1), sparse));
        let import = import.unwrap();
        prop_assert_eq!(&import.bars, &bars);
        for bar in &bars {
            prop_assert!(bar.close.is_on_tick(import.tick.unwrap().tick));
        }
        let (_folder, store) = store();
        let series = series("sim:BTC/USDT", "1h");
        store.merge(&series, &import.bars, MergeOptions::default()).unwrap();
        prop_assert_eq!(&store.read(&series, ALWAYS, 100).unwrap(), &bars);
        let half = bars[bars.len() / 2].open_at;
        let early = store.read(&series, ALWAYS.start..half, 100).unwrap();
        let late = store.read(&series, half..ALWAYS.end, 100).unwrap();
        prop_assert_eq!((&early[..], &late[..]), bars.split_at(bars.len() / 2));
        prop_assert_eq!(&store.latest(&series, 7).unwrap()[..], &bars[bars.len().saturating_sub(7)..]);
    }

    #[test]
    fn the_order_of_merging_parts_does_not_matter(bars in any_bars(), cut in 0_usize..60) {
        let (_folder, store) = store();
        let series = series("sim:X", "1h");
        let (odd, even): (Vec<_>, Vec<_>) =
            bars.iter().enumerate().partition(|(n, _)| (n + cut) % 3 == 0);
        for part in [even, odd] {
            let part: Vec<Bar> = part.into_iter().map(|(_, bar)| *bar).collect();
            store.merge(&series, &part, MergeOptions::default()).unwrap();
        }
        prop_assert_eq!(store.read(&series, ALWAYS, 100).unwrap(), bars);
    }

    #[test]
    fn shuffled_rows_are_refused_or_sorted(bars in any_bars(), seed in any::<u64>()) {
        let mut shuffled = bars.clone();
        shuffled.sort_by_key(|bar| (bar.open_at.0 as u64).wrapping_mul(seed | 1));
        let repair = Repair { sort: true, allow_sparse: true, ..Repair::default() };
        let csv = to_csv(&shuffled);
        let import = import_csv(csv.as_bytes(), &options(Timeframe::Hours(1), repair)).unwrap();
        prop_assert_eq!(&import.bars, &bars);
        if shuffled != bars {
            let strict = Repair { sort: false, ..repair };
            let refused = import_csv(csv.as_bytes(), &options(Timeframe::Hours(1), strict));
            prop_assert_eq!(refused.unwrap_err().code(), "import_refused");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let day = options(Timeframe::Day, all_repairs());
        let _ = import_csv(&bytes[..], &day);
        let _ = read_splits(&bytes[..]);
        let mut headed = b"time,open,high,low,close,volume\n".to_vec();
        headed.extend_from_slice(&bytes);
        let _ = import_csv(&headed[..], &day);
    }

    #[test]
    fn no_nearly_right_row_makes_a_panic(
        rows in prop::collection::vec("[-0-9:TZ. ]{0,22}(,[-0-9.e]{0,20}){5}", 0..20),
        which in 0_usize..4,
    ) {
        let timeframe = ["1s", "1h", "1d", "1w"][which].parse().unwrap();
        for repair in [Repair::default(), all_repairs()] {
            let csv = format!("time,open,high,low,close,volume\n{}", rows.join("\n"));
            if let Ok(import) = import_csv(csv.as_bytes(), &options(timeframe, repair)) {
                prop_assert!(import.bars.iter().all(|bar| bar.impossible().is_none()));
            }
        }
    }
}
