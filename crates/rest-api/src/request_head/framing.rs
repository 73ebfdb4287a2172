//! Finds the end of a request's body, and so the next head on a connection that stays open.

use httparse::Header;

use crate::error::ApiError;

/// The rest of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// This number of bytes.
    Length(u64),
    /// Chunks.
    Chunked(Chunks),
    /// No further head will be searched for: the chunks are malformed, which the server detects as well.
    Endless,
}

/// The position in a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunks {
    /// In the size of a chunk, or before it.
    Size { size: u64, digits: u8 },
    /// After the size, up to the end of its line.
    Extension { size: u64 },
    /// In the data.
    Data(u64),
    /// After the data, up to the end of the line.
    DataEnd,
    /// In the lines after the last chunk. The first empty one is the end.
    Trailer { is_empty: bool },
}

/// Longer chunk sizes do not fit.
const MAX_DIGITS: u8 = 16;
/// The server reserves the largest numbers.
const MAX_LENGTH: u64 = u64::MAX - 3;

impl Framing {
    /// Determined by the rules of RFC 9112, section 6.3.
    ///
    /// # Errors
    /// [`ApiError::MalformedRequest`] if the end of the body is uncertain.
    pub(super) fn of(headers: &[Header<'_>], is_http_11: bool) -> Result<Self, ApiError> {
        let malformed = |reason: &'static str| ApiError::MalformedRequest { reason };
        let named = |name: &'static str| {
            headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
        };
        if let Some(coding) = named("transfer-encoding").next_back() {
            if !is_http_11 {
                return Err(malformed("HTTP/1.0 has no Transfer-Encoding"));
            }
            let last = coding.rsplit(|byte| *byte == b',').next().unwrap_or_default();
            if !last.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                return Err(malformed("the last Transfer-Encoding is not chunked"));
            }
            return Ok(Self::Chunked(Chunks::Size { size: 0, digits: 0 }));
        }
        let mut length = None;
        for text in named("content-length") {
            let number = number(text).ok_or_else(|| malformed("Content-Length is no number"))?;
            if length.is_some_and(|length| length != number) {
                return Err(malformed("there are different Content-Lengths"));
            }
            length = Some(number);
        }
        Ok(Self::Length(length.unwrap_or_default()))
    }

    pub(super) fn is_done(self) -> bool {
        self == Self::Length(0)
    }

    /// Consumes the part that belongs to the body, and returns its length.
    pub(super) fn consume(&mut self, bytes: &[u8]) -> usize {
        match self {
            Self::Length(left) => {
                let taken = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                taken
            }
            Self::Chunked(_) => self.consume_chunks(bytes),
            Self::Endless => bytes.len(),
        }
    }

    fn consume_chunks(&mut self, bytes: &[u8]) -> usize {
        let mut position = 0;
        while let Self::Chunked(chunks) = *self
            && let Some(byte) = bytes.get(position)
        {
            if let Chunks::Data(left) = chunks {
                let taken = (bytes.len() - position).min(usize::try_from(left).unwrap_or(usize::MAX));
                position += taken;
                let left = left - taken as u64;
                *self = Self::Chunked(if left == 0 { Chunks::DataEnd } else { Chunks::Data(left) });
                continue;
            }
            *self = chunks.after(*byte);
            position += 1;
        }
        if *self == Self::Endless { bytes.len() } else { position }
    }
}

impl Chunks {
    /// The position after a byte that is not data.
    fn after(self, byte: u8) -> Framing {
        let next = match (self, byte) {
            (Self::Size { size, digits }, _) if byte.is_ascii_hexdigit() && digits < MAX_DIGITS => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                Self::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
            }
            (Self::Size { digits: 0, .. }, _) => return Framing::Endless,
            (Self::Size { size, .. }, b' ' | b'\t' | b';' | b'\r') => Self::Extension { size },
            (Self::Size { size, .. } | Self::Extension { size }, b'\n') => match size {
                0 => Self::Trailer { is_empty: true },
                size => Self::Data(size),
            },
            (Self::Extension { .. }, _) => self,
            (Self::DataEnd, b'\r') => Self::DataEnd,
            (Self::DataEnd, b'\n') => Self::Size { size: 0, digits: 0 },
            (Self::Trailer { is_empty: true }, b'\n') => return Framing::Length(0),
            (Self::Trailer { .. }, b'\n') => Self::Trailer { is_empty: true },
            (Self::Trailer { .. }, b'\r') => self,
            (Self::Trailer { .. }, _) => Self::Trailer { is_empty: false },
            (Self::Size { .. } | Self::DataEnd | Self::Data(_), _) => return Framing::Endless,
        };
        Framing::Chunked(next)
    }
}

fn number(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let number: u64 = std::str::from_utf8(text).ok().filter(|_| is_number)?.parse().ok()?;
    (number <= MAX_LENGTH).then_some(number)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn of(headers: &[(&str, &str)]) -> Result<Framing, String> {
        let headers: Vec<Header<'_>> =
            headers.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
        Framing::of(&headers, true).map_err(|error| error.to_string())
    }

    #[test]
    fn the_end_of_a_body_is_certain_or_the_request_is_refused() {
        let chunked = Framing::Chunked(Chunks::Size { size: 0, digits: 0 });
        assert_eq!(of(&[("Host", "x")]).unwrap(), Framing::Length(0));
        assert_eq!(of(&[("Content-Length", "12"), ("content-length", "12")]).unwrap(), Framing::Length(12));
        assert_eq!(of(&[("transfer-encoding", "gzip, Chunked "), ("Content-Length", "1")]).unwrap(), chunked);
        for wrong in ["-1", "+1", "", "1, 1", "0x1", "18446744073709551616", "18446744073709551615"] {
            assert!(of(&[("content-length", wrong)]).is_err(), "{wrong}");
        }
        assert!(of(&[("content-length", "1"), ("content-length", "2")]).is_err());
        assert!(of(&[("transfer-encoding", "chunked, identity")]).is_err());
        let header = Header { name: "transfer-encoding", value: b"chunked" };
        assert!(Framing::of(&[header], false).is_err());
    }

    #[test]
    fn chunks_end_where_they_end_however_they_arrive() {
        let body = b"5\r\nhello\r\n00a ;x=y\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET /";
        for step in 1..body.len() {
            let mut framing = of(&[("transfer-encoding", "chunked")]).unwrap();
            let mut consumed = 0;
            for part in body.chunks(step) {
                if framing.is_done() {
                    break;
                }
                let taken = framing.consume(part);
                consumed += taken;
                assert!(taken == part.len() || framing.is_done());
            }
            assert_eq!(consumed, body.len() - "GET /".len(), "{step}");
        }
    }

    #[test]
    fn after_malformed_chunks_nothing_is_looked_for() {
        for body in ["x\r\n", "\r\n", "3\r\nabcd\r\n", "11111111111111111\r\n"] {
            let mut framing = of(&[("transfer-encoding", "chunked")]).unwrap();
            assert_eq!(framing.consume(body.as_bytes()), body.len(), "{body}");
            assert_eq!(framing, Framing::Endless, "{body}");
        }
    }
}
