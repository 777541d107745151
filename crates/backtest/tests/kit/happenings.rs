//! Splits, dividends and funding of a case.

use backtest::Dated;
use domain::{Currency, Money, MovementId, Nanos};
use venue_sim::Happening;

use super::{START, d, id};

/// `split N 2 1`, `dividend N 0.5`, `funding N 0.001`: at the opening of bar N.
pub(crate) fn happening(key: &str, words: &[&str]) -> Dated {
    let n: i64 = words[0].parse().unwrap();
    let at = START.plus(Nanos::from_secs(86_400 * n));
    let (instrument, id) = (id("XYZ"), MovementId::new(format!("{key}-{n}")).unwrap());
    let what = match key {
        "split" => {
            let (numerator, denominator) = (d(words[1]), d(words[2]));
            Happening::Split { instrument, numerator, denominator, id }
        }
        "dividend" => {
            let per_share = Money::new(d(words[1]), Currency::usd());
            Happening::Dividend { instrument, per_share, id }
        }
        _ => Happening::Funding { instrument, rate: d(words[1]), id },
    };
    Dated { at, what }
}
