//! Values kept in order, of which one can be put in, taken out, counted or picked at any time.

/// A chunk that grows beyond twice this is split.
const CHUNK: usize = 256;

/// Defined values in rising order, in chunks: every operation costs a binary search and moving or
/// passing O(chunk + length / chunk) entries.
#[derive(Debug)]
pub struct Sorted {
    chunks: Vec<Vec<f64>>,
}

impl Sorted {
    /// Room for `length` values.
    #[must_use]
    pub fn new(length: usize) -> Self {
        Self { chunks: vec![Vec::with_capacity(length.min(2 * CHUNK) + 1)] }
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        self.chunks.truncate(1);
        self.chunks[0].clear();
    }

    fn chunk_of(&self, value: f64) -> usize {
        let beyond = self.chunks.partition_point(|c| c.last().is_some_and(|last| *last < value));
        beyond.min(self.chunks.len() - 1)
    }

    /// Puts a value in.
    #[inline]
    pub fn insert(&mut self, value: f64) {
        let index = self.chunk_of(value);
        let chunk = &mut self.chunks[index];
        let at = chunk.partition_point(|one| *one < value);
        chunk.insert(at, value);
        if chunk.len() > 2 * CHUNK {
            let mut upper = Vec::with_capacity(2 * CHUNK + 1);
            upper.extend(chunk.drain(CHUNK..));
            self.chunks.insert(index + 1, upper);
        }
    }

    /// Takes out a value that was put in.
    #[inline]
    pub fn remove(&mut self, value: f64) {
        let index = self.chunk_of(value);
        let chunk = &mut self.chunks[index];
        let at = chunk.partition_point(|one| *one < value);
        if chunk.get(at) == Some(&value) {
            chunk.remove(at);
        }
        if chunk.is_empty() && self.chunks.len() > 1 {
            self.chunks.remove(index);
        }
    }

    /// How many values are at most this one.
    #[inline]
    #[must_use]
    pub fn at_most(&self, value: f64) -> usize {
        let below = self.chunks.partition_point(|c| c.last().is_some_and(|last| *last <= value));
        let whole: usize = self.chunks[..below].iter().map(Vec::len).sum();
        let part = self.chunks.get(below).map_or(0, |c| c.partition_point(|one| *one <= value));
        whole + part
    }

    /// The value at a place, from 0 for the lowest.
    #[inline]
    #[must_use]
    pub fn get(&self, place: usize) -> Option<f64> {
        let mut left = place;
        for chunk in &self.chunks {
            match chunk.get(left) {
                Some(value) => return Some(*value),
                None => left -= chunk.len(),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_values_stay_in_order_through_splits_and_emptied_chunks() {
        let mut sorted = Sorted::new(5000);
        let values: Vec<f64> = (0..5000_u32).map(|i| f64::from(i * 7919 % 5000)).collect();
        for value in &values {
            sorted.insert(*value);
        }
        assert!(sorted.chunks.len() > 5);
        for place in [0_u32, 1, 511, 512, 2500, 4999] {
            assert_eq!(sorted.get(place as usize), Some(f64::from(place)));
            assert_eq!(sorted.at_most(f64::from(place) + 0.5), place as usize + 1);
        }
        for value in (0..4990_u32).map(f64::from) {
            sorted.remove(value);
        }
        assert_eq!(
            (sorted.get(0), sorted.get(9), sorted.get(10)),
            (Some(4990.0), Some(4999.0), None)
        );
        assert_eq!(sorted.at_most(4995.0), 6);
        sorted.clear();
        assert_eq!((sorted.get(0), sorted.at_most(1e9)), (None, 0));
    }
}
