//! The layouts of CSV files that are recognised by their first line.
//!
//! A header has to match exactly, since a guessed column would be a silent error. This module
//! must not read values.

use serde::Serialize;

use crate::lines::Fields;

/// A known layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `time,open,high,low,close[,volume]` in any order.
    Own,
    /// `Date,Open,High,Low,Close,Adj Close,Volume`.
    Yahoo,
    /// A kline dump of Binance: 12 columns, with a header or without.
    Binance,
}

impl Layout {
    /// All layouts in words, for messages.
    pub const KNOWN: &'static str = "`time,open,high,low,close,volume`; Yahoo's \
         `Date,Open,High,Low,Close,Adj Close,Volume`; Binance's 12 kline columns";

    /// What one should know about the prices of the layout.
    #[must_use]
    pub const fn note(self) -> Option<&'static str> {
        match self {
            Self::Yahoo => Some(
                "Yahoo's open, high, low and close are already adjusted for splits: apply no \
                 split table to them. The column Adj Close is not read.",
            ),
            Self::Own | Self::Binance => None,
        }
    }
}

/// Where the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) layout: Layout,
    /// True when the recognised line is a row of data.
    pub(crate) headless: bool,
    /// How many fields a row has.
    pub(crate) count: usize,
    pub(crate) time: usize,
    /// Open, high, low and close.
    pub(crate) prices: [usize; 4],
    pub(crate) volume: Option<usize>,
    pub(crate) close_time: Option<usize>,
}

const BINANCE: Columns = Columns {
    layout: Layout::Binance,
    headless: true,
    count: 12,
    time: 0,
    prices: [1, 2, 3, 4],
    volume: Some(5),
    close_time: Some(6),
};
const YAHOO: Columns = Columns {
    layout: Layout::Yahoo,
    headless: false,
    count: 7,
    time: 0,
    prices: [1, 2, 3, 4],
    volume: Some(6),
    close_time: None,
};

/// Recognises a layout by the first line of a file.
pub(crate) fn recognise(first: &Fields<'_>) -> Option<Columns> {
    let numeric = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if first.all().len() == BINANCE.count && numeric(first.get(0)) {
        return Some(BINANCE);
    }
    let names: Vec<String> = first.all().iter().map(|name| name.to_ascii_lowercase()).collect();
    let begins = |known: &[&str]| {
        names.iter().map(String::as_str).take(known.len()).eq(known.iter().copied())
    };
    let kline = ["open_time", "open", "high", "low", "close", "volume", "close_time"];
    if names.len() == BINANCE.count && begins(&kline) {
        return Some(Columns { headless: false, ..BINANCE });
    }
    let yahoo = ["date", "open", "high", "low", "close", "adj close", "volume"];
    if names.len() == YAHOO.count && begins(&yahoo) {
        return Some(YAHOO);
    }
    own(&names)
}

fn own(names: &[String]) -> Option<Columns> {
    let find = |name: &str| names.iter().position(|n| n == name);
    let time = ["time", "date", "datetime", "timestamp"].into_iter().find_map(find)?;
    let prices = [find("open")?, find("high")?, find("low")?, find("close")?];
    let volume = find("volume");
    let count = 5 + usize::from(volume.is_some());
    (names.len() == count).then_some(Columns {
        layout: Layout::Own,
        headless: false,
        count,
        time,
        prices,
        volume,
        close_time: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(line: &str) -> Option<(Layout, bool)> {
        recognise(&Fields::split(line).unwrap()).map(|c| (c.layout, c.headless))
    }

    #[test]
    fn layouts_are_told_apart() {
        let own = Some((Layout::Own, false));
        assert_eq!(layout("time,open,high,low,close,volume"), own);
        assert_eq!(layout("Volume,Close,Low,High,Open,Timestamp"), own);
        assert_eq!(layout("date,open,high,low,close"), own);
        let yahoo = layout("Date,Open,High,Low,Close,Adj Close,Volume");
        assert_eq!(yahoo, Some((Layout::Yahoo, false)));
        let row = "1704067200000,1,2,0.5,1.5,10,1704067259999,1,1,1,1,0";
        assert_eq!(layout(row), Some((Layout::Binance, true)));
        let header = "open_time,open,high,low,close,volume,close_time,quote_volume,count,\
                      taker_buy_volume,taker_buy_quote_volume,ignore";
        assert_eq!(layout(header), Some((Layout::Binance, false)));
    }

    #[test]
    fn a_header_that_could_mean_something_else_is_not_guessed_at() {
        for line in [
            "time;open;high;low;close;volume",
            "time,open,high,low,close,volume,vwap",
            "open,high,low,close,volume",
            "time,open,open,high,low,close",
            "2024-01-02,1,2,0.5,1.5,10",
        ] {
            assert_eq!(layout(line), None, "{line}");
        }
    }
}
