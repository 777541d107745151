//! Lines and fields of a CSV file within bounds.
//!
//! Market data has no quoted commas or line breaks, so a field ends at the next comma and a record
//! at the next line: no byte sequence can make this reader hold more than one bounded line. It
//! must not know layouts.

use std::io::{self, BufRead, Read};

/// The longest accepted line in bytes.
pub(crate) const LINE_BYTES_MAX: usize = 4_096;
/// More fields than any layout has.
pub(crate) const FIELDS_MAX: usize = 16;

/// Why there is no further line.
#[derive(Debug)]
pub(crate) enum LineError {
    /// The line with this number is longer than [`LINE_BYTES_MAX`].
    TooLong(u64),
    /// The file is no text of lines: the line, and what it is instead with what to do.
    Form(u64, &'static str),
    /// The file can't be read.
    Io(io::Error),
}

/// Reads one bounded line after another.
pub(crate) struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(source: R) -> Self {
        Self { source, buffer: Vec::with_capacity(256), number: 0 }
    }

    /// The next line that isn't blank with its number, without line end and byte order mark.
    pub(crate) fn next_line(&mut self) -> Result<Option<(u64, &[u8])>, LineError> {
        if self.number == 0
            && let Some(why) = other_format(self.source.fill_buf().map_err(LineError::Io)?)
        {
            return Err(LineError::Form(1, why));
        }
        loop {
            self.buffer.clear();
            let limit = LINE_BYTES_MAX as u64 + 2;
            let mut bounded = self.source.by_ref().take(limit);
            if bounded.read_until(b'\n', &mut self.buffer).map_err(LineError::Io)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if !self.content().trim_ascii().is_empty() {
                break;
            }
        }
        if self.number == 1 && self.content().trim_ascii().contains(&b'\r') {
            let why = "the lines end in carriage returns alone; save the file with line feeds";
            return Err(LineError::Form(1, why));
        }
        if self.content().len() > LINE_BYTES_MAX {
            return Err(LineError::TooLong(self.number));
        }
        Ok(Some((self.number, self.content())))
    }

    fn content(&self) -> &[u8] {
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.number {
            0 | 1 => line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line),
            _ => line,
        }
    }
}

/// What a file is by its first bytes when it is no plain text, with what to do.
fn other_format(first: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 7] = [
        (b"\x1f\x8b", "the file is packed by gzip; unpack it first: gunzip"),
        (b"PK\x03\x04", "the file is a zip archive; unpack it first: unzip"),
        (b"\x28\xb5\x2f\xfd", "the file is packed by zstd; unpack it first: unzstd"),
        (b"\xfd7zXZ\x00", "the file is packed by xz; unpack it first: unxz"),
        (b"PAR1", "the file is Parquet, and a CSV file is needed"),
        (b"\xff\xfe", "the file is UTF-16; save it as UTF-8"),
        (b"\xfe\xff", "the file is UTF-16; save it as UTF-8"),
    ];
    known.into_iter().find(|(mark, _)| first.starts_with(mark)).map(|(_, why)| why)
}

/// The fields of a line, without surrounding blanks and quotes.
pub(crate) struct Fields<'a> {
    fields: [&'a str; FIELDS_MAX],
    count: usize,
}

impl<'a> Fields<'a> {
    /// Splits a line, or `None` when it has more than [`FIELDS_MAX`] fields.
    pub(crate) fn split(line: &'a str) -> Option<Self> {
        let mut fields = [""; FIELDS_MAX];
        let mut count = 0;
        for field in line.split(',') {
            let field = field.trim();
            let inner = field.strip_prefix('"').and_then(|f| f.strip_suffix('"'));
            *fields.get_mut(count)? = inner.map_or(field, str::trim);
            count += 1;
        }
        Some(Self { fields, count })
    }

    /// All fields.
    pub(crate) fn all(&self) -> &[&'a str] {
        &self.fields[..self.count]
    }

    /// One field; empty when there is none.
    pub(crate) fn get(&self, index: usize) -> &'a str {
        self.all().get(index).copied().unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_as_an_editor_does() {
        let mut lines = Lines::new("\u{feff}a,b\r\n\n  \nc".as_bytes());
        assert_eq!(lines.next_line().unwrap(), Some((1, &b"a,b"[..])));
        assert_eq!(lines.next_line().unwrap(), Some((4, &b"c"[..])));
        assert_eq!(lines.next_line().unwrap(), None);
    }

    #[test]
    fn an_endless_line_is_cut_off() {
        let exact = vec![b'x'; LINE_BYTES_MAX];
        assert!(Lines::new(&exact[..]).next_line().is_ok());
        let mut lines =
            Lines::new(io::BufReader::new(io::repeat(b'x').take(1 << 40))).next_line().map(|_| ());
        assert!(matches!(lines, Err(LineError::TooLong(1))));
        lines =
            Lines::new(io::BufReader::new(io::repeat(b' ').take(100_000))).next_line().map(|_| ());
        assert!(lines.is_ok());
    }

    #[test]
    fn what_is_no_text_of_lines_is_told_with_what_to_do() {
        for (bytes, words) in [
            (&b"\x1f\x8b\x08\x00rest"[..], "gunzip"),
            (b"PK\x03\x04", "unzip"),
            (b"PAR1", "a CSV file is needed"),
            (b"\xff\xfet\x00", "save it as UTF-8"),
            (b"time,open\r2024-01-02,1\r", "save the file with line feeds"),
            (&[&b"time,open\r"[..], &[b'x'; 9_000]].concat(), "save the file with line feeds"),
        ] {
            let Err(LineError::Form(1, why)) = Lines::new(bytes).next_line() else {
                panic!("{words} is missing")
            };
            assert!(why.contains(words), "{why}");
        }
        assert!(Lines::new(&b"time\r\r\n1"[..]).next_line().is_ok());
    }

    #[test]
    fn fields_lose_blanks_and_quotes() {
        let fields = Fields::split("\"time\", open ,,\"x").unwrap();
        assert_eq!(fields.all(), ["time", "open", "", "\"x"]);
        assert_eq!(fields.get(9), "");
        assert!(Fields::split(&",".repeat(FIELDS_MAX)).is_none());
    }
}
