//! The name that somebody may have meant.
//!
//! This module must not know what the names stand for.

/// How far apart two words are: letters put in, left out, exchanged or swapped with the next.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0_usize; b.len() + 1]; a.len() + 1];
    for (n, row) in rows.iter_mut().enumerate() {
        row[0] = n;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best =
                (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// The nearest of the names, if one is near enough; of equally near ones the first.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let limit = 1 + word.chars().count() / 4;
    let close = |name: &&str| name.len().abs_diff(word.len()) <= limit;
    names
        .into_iter()
        .filter(close)
        .map(|name| (distance(&word, &name.to_ascii_lowercase()), name))
        .filter(|(far, _)| *far <= limit)
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_understood_and_noise_is_not() {
        let names = ["close", "crosses_above", "crosses_below", "rsi", "sma", "ema"];
        assert_eq!(nearest("colse", names), Some("close"));
        assert_eq!(nearest("cros_above", names), Some("crosses_above"));
        assert_eq!(nearest("RSI", names), Some("rsi"));
        assert_eq!(nearest("smaa", names), Some("sma"));
        assert_eq!(nearest("bollinger", names), None);
    }
}
