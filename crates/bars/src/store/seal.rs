//! A digest inside each file, checked before any byte of it is decoded.
//!
//! Decoders of columnar formats trust what they read, so a flipped bit may make them allocate
//! without measure or panic. The seal stands between the columns and the footer, where no reader
//! of Parquet looks: other programs read the file as usual, and the store reads nothing that
//! it has not written. It guards against damage, not against somebody who can write the folder.
//! This module must not know columns.

use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"CFDBARS1";
const PARQUET_MAGIC: &[u8; 4] = b"PAR1";
const DIGEST_LEN: usize = 32;
const SEAL_LEN: usize = MAGIC.len() + DIGEST_LEN;
/// Length of the footer and closing magic.
const TAIL_LEN: usize = 8;

/// Why a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// No seal, or no Parquet file.
    Foreign(&'static str),
    /// A seal that doesn't match.
    Corrupt(&'static str),
}

/// Puts a seal into a finished Parquet file.
pub(crate) fn seal(file: &[u8]) -> Result<Vec<u8>, Broken> {
    let footer = footer_start(file)?;
    let (columns, footer) = file.split_at(footer);
    let mut sealed = Vec::with_capacity(file.len() + SEAL_LEN);
    sealed.extend_from_slice(columns);
    sealed.extend_from_slice(MAGIC);
    sealed.extend_from_slice(&digest(columns, footer));
    sealed.extend_from_slice(footer);
    Ok(sealed)
}

/// Checks that a file is one that [`seal`] has made, to the last bit.
pub(crate) fn verify(file: &[u8]) -> Result<(), Broken> {
    if !file.starts_with(PARQUET_MAGIC) {
        return Err(Broken::Foreign("it is not a Parquet file"));
    }
    let known = file.windows(MAGIC.len()).rev().take(LOOK_BACK_MAX).any(|w| w == MAGIC);
    let broken = if known {
        Broken::Corrupt("its end is missing or changed")
    } else {
        Broken::Foreign("it has no seal of this store")
    };
    let footer = footer_start(file).map_err(|_| broken)?;
    let seal = footer.checked_sub(SEAL_LEN).ok_or(broken)?;
    let (columns, rest) = file.split_at(seal);
    let (seal, footer) = rest.split_at(SEAL_LEN);
    let stored = seal.strip_prefix(MAGIC).ok_or(broken)?;
    if stored == digest(columns, footer).as_slice() {
        Ok(())
    } else {
        Err(Broken::Corrupt("its content does not match its seal"))
    }
}

/// A footer of this store is shorter than this, so the seal is nearer to the end.
const LOOK_BACK_MAX: usize = 1 << 20;

fn digest(columns: &[u8], footer: &[u8]) -> [u8; DIGEST_LEN] {
    Sha256::new().chain_update(columns).chain_update(footer).finalize().into()
}

fn footer_start(file: &[u8]) -> Result<usize, Broken> {
    let foreign = Broken::Foreign("it is not a Parquet file");
    let (body, tail) = file.split_last_chunk::<TAIL_LEN>().ok_or(foreign)?;
    let (length, magic) = tail.split_first_chunk::<4>().ok_or(foreign)?;
    if magic != PARQUET_MAGIC {
        return Err(foreign);
    }
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| foreign)?;
    body.len().checked_sub(length).ok_or(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let mut file = b"PAR1columnsFOOTER".to_vec();
        file.extend_from_slice(&6_u32.to_le_bytes());
        file.extend_from_slice(b"PAR1");
        file
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_noticed() {
        let sealed = seal(&file()).unwrap();
        assert_eq!(verify(&sealed), Ok(()));
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(verify(&damaged).is_err(), "bit {bit}");
        }
        for len in 0..sealed.len() {
            assert!(verify(&sealed[..len]).is_err(), "cut to {len}");
        }
    }

    #[test]
    fn a_file_without_seal_is_foreign() {
        assert_eq!(verify(&file()), Err(Broken::Foreign("it has no seal of this store")));
        assert_eq!(verify(b""), Err(Broken::Foreign("it is not a Parquet file")));
        let cut = &seal(&file()).unwrap()[..55];
        assert_eq!(verify(cut), Err(Broken::Corrupt("its end is missing or changed")));
    }
}
