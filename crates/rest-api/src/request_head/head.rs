//! The head of one request: parsed as by the server, with its target escaped.

use axum::http::Uri;

use super::framing::Framing;
use crate::error::ApiError;

/// Maximum length of a head, in bytes.
pub(crate) const HEAD_LIMIT: usize = 64 * 1024;
/// Maximum number of headers, as in the server.
const MAX_HEADERS: usize = 100;
/// Maximum length of a target after escaping, in bytes, as in the server.
const TARGET_LIMIT: usize = u16::MAX as usize - 1;

/// A head as the server accepts it.
#[derive(Debug)]
pub(super) struct Head {
    /// Including the final line break.
    pub(super) bytes: Vec<u8>,
    /// Its length as received.
    pub(super) received: usize,
    /// The end of its body.
    pub(super) framing: Framing,
}

/// The reason why a head cannot be served.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) error: ApiError,
    /// Method and target, as far as they could be read.
    pub(super) line: Option<String>,
}

/// Searches for a complete head at the beginning of `received`; `None` if its end is still missing.
///
/// # Errors
/// [`Refusal`] as soon as the head cannot become valid.
pub(super) fn examine(received: &[u8]) -> Result<Option<Head>, Refusal> {
    let Some(end) = received.iter().position(|byte| *byte == b'\n') else {
        check_beginning(received)?;
        return if received.len() > HEAD_LIMIT { Err(too_large(None)) } else { Ok(None) };
    };
    let (line, rest) = received.split_at(end + 1);
    let line = RequestLine::parse(without_line_break(line))?;
    let mut bytes = Vec::with_capacity(received.len() + 64);
    line.write(&mut bytes);
    let line_length = bytes.len();
    bytes.extend_from_slice(rest);

    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(&bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if received.len() > HEAD_LIMIT => return Err(too_large(Some(&line))),
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(too_large(Some(&line))),
        Err(_) => return Err(line.malformed("a header is not well-formed")),
    };
    let received = length - line_length + end + 1;
    if received > HEAD_LIMIT {
        return Err(too_large(Some(&line)));
    }
    let framing = Framing::of(request.headers, request.version == Some(1))
        .map_err(|error| Refusal { error, line: Some(line.to_string()) })?;
    bytes.truncate(length);
    Ok(Some(Head { bytes, received, framing }))
}

/// An invalid method cannot become a request, whatever follows.
fn check_beginning(received: &[u8]) -> Result<(), Refusal> {
    let method = received.split(|byte| *byte == b' ').next().unwrap_or_default();
    match method.iter().all(|byte| is_token(*byte)) {
        true => Ok(()),
        false => Err(malformed("it does not begin with a method")),
    }
}

fn too_large(line: Option<&RequestLine<'_>>) -> Refusal {
    Refusal { error: ApiError::HeadersTooLarge { limit: HEAD_LIMIT }, line: line.map(ToString::to_string) }
}

fn malformed(reason: &'static str) -> Refusal {
    Refusal { error: ApiError::MalformedRequest { reason }, line: None }
}

struct RequestLine<'a> {
    method: &'a str,
    target: String,
    version: &'a str,
}

impl<'a> RequestLine<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, Refusal> {
        check_beginning(line)?;
        let (method, rest) = split_at_space(line, line.iter().position(|byte| *byte == b' '));
        let (target, version) = split_at_space(rest, rest.iter().rposition(|byte| *byte == b' '));
        let (Ok(method), Ok(version)) = (std::str::from_utf8(method), std::str::from_utf8(version)) else {
            return Err(malformed("the version is not HTTP/1.1"));
        };
        let target = without_spaces_around(target);
        if method.is_empty() || target.is_empty() {
            return Err(malformed("a method, a target and a version are needed"));
        }
        let target = escaped(target)?;
        let line = Self { method, target, version };
        match version.as_bytes() {
            b"HTTP/1.1" | b"HTTP/1.0" => {}
            [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
                return Err(Refusal { error: ApiError::VersionNotSupported, line: None });
            }
            _ => return Err(malformed("the version is not HTTP/1.1")),
        }
        if line.target.len() > TARGET_LIMIT {
            return Err(too_large(None));
        }
        if line.target.parse::<Uri>().is_err() {
            return Err(malformed("the target is not a URI"));
        }
        Ok(line)
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        for part in [self.method, " ", &self.target, " ", self.version, "\r\n"] {
            bytes.extend_from_slice(part.as_bytes());
        }
    }

    fn malformed(&self, reason: &'static str) -> Refusal {
        Refusal { line: Some(self.to_string()), ..malformed(reason) }
    }
}

/// Method and target.
impl std::fmt::Display for RequestLine<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.method, self.target)
    }
}

fn without_line_break(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// There may be more than one space between the parts of the line.
fn without_spaces_around(mut target: &[u8]) -> &[u8] {
    while let [b' ', inner @ ..] | [inner @ .., b' '] = target {
        target = inner;
    }
    target
}

/// The parts before and after the space at `position`.
fn split_at_space(bytes: &[u8], position: Option<usize>) -> (&[u8], &[u8]) {
    let (before, behind) = bytes.split_at_checked(position.unwrap_or(bytes.len())).unwrap_or((bytes, &[]));
    (before, behind.get(1..).unwrap_or_default())
}

/// Escapes characters that are not permitted in a URI but sent nevertheless, as accepted by Express. Non-ASCII bytes
/// are treated as UTF-8. A space can be recognised because the version is the last word of the line.
fn escaped(target: &[u8]) -> Result<String, Refusal> {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let mut text = String::with_capacity(target.len());
    for byte in target {
        match byte {
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b' ' | 0x80.. => {
                text.push('%');
                text.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| HEX.get(usize::from(digit))));
            }
            0x21..=0x7e => text.push(char::from(*byte)),
            _ => return Err(malformed("there are control characters in the target")),
        }
    }
    Ok(text)
}

/// A character of a method.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn line_of(received: &str) -> String {
        let head = examine(received.as_bytes()).unwrap().unwrap();
        assert_eq!(head.received, received.len());
        String::from_utf8(head.bytes).unwrap().split("\r\n").next().unwrap().to_owned()
    }

    fn error_of(received: &[u8]) -> ApiError {
        examine(received).unwrap_err().error
    }

    #[test]
    fn what_may_not_stand_in_a_target_is_escaped() {
        for (line, expected) in [
            ("GET /a?b=>2020-01-01 HTTP/1.1", "GET /a?b=%3E2020-01-01 HTTP/1.1"),
            ("GET /a?b=<\"x y\" HTTP/1.1", "GET /a?b=%3C%22x%20y%22 HTTP/1.1"),
            ("GET /{a}|\\^`?b=%3E[] HTTP/1.0", "GET /%7Ba%7D%7C%5C%5E%60?b=%3E[] HTTP/1.0"),
            ("GET  /ä  HTTP/1.1", "GET /%C3%A4 HTTP/1.1"),
            ("GET http://localhost/?a=> HTTP/1.1", "GET http://localhost/?a=%3E HTTP/1.1"),
            ("OPTIONS * HTTP/1.1", "OPTIONS * HTTP/1.1"),
        ] {
            assert_eq!(line_of(&format!("{line}\r\nHost: x\r\n\r\n")), expected);
            assert_eq!(line_of(&format!("{line}\n\n")), expected);
        }
    }

    #[test]
    fn what_is_no_request_is_refused_as_soon_as_that_is_certain() {
        for received in [
            &b"\x16\x03\x01\x02"[..],
            b"GET\n",
            b"GET /\r\n",
            b"GET HTTP/1.1\r\n",
            b"GET / http/1.1\r\n",
            b"GET / HTTP/1.1x\r\n",
            b"GET / \xff\r\n",
            b"GET /\x01 HTTP/1.1\r\n",
            b"GET /\t HTTP/1.1\r\n",
            b"G(T / HTTP/1.1\r\n",
            b" / HTTP/1.1\r\n",
            b"GET http:// HTTP/1.1\r\n",
            b"GET / HTTP/1.1\r\nno header\r\n",
            b"GET / HTTP/1.1\r\nA b: c\r\n",
            b"GET / HTTP/1.1\r\nA: \x01\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        ] {
            let error = error_of(received);
            assert!(matches!(error, ApiError::MalformedRequest { .. }), "{received:?} {error:?}");
        }
        assert!(matches!(error_of(b"PRI * HTTP/2.0\r\n"), ApiError::VersionNotSupported));
        let many = format!("GET / HTTP/1.1\r\n{}", "A: b\r\n".repeat(MAX_HEADERS + 1));
        let long_header = format!("GET / HTTP/1.1\r\nA: {}", "b".repeat(HEAD_LIMIT));
        let long_line = format!("GET /{}", "b".repeat(HEAD_LIMIT));
        let growing = format!("GET /{} HTTP/1.1\r\n\r\n", "<".repeat(HEAD_LIMIT / 2));
        for received in [many, long_header.clone(), format!("{long_header}\r\n\r\n"), long_line, growing] {
            assert!(matches!(error_of(received.as_bytes()), ApiError::HeadersTooLarge { .. }));
        }
    }

    #[test]
    fn the_end_is_waited_for() {
        let received = b"POST /a?b=> HTTP/1.1\r\nContent-Length: 7\r\n\r\n";
        for length in 0..received.len() {
            assert!(examine(received.get(..length).unwrap()).unwrap().is_none(), "{length}");
        }
        let head = examine(&[&received[..], b"GET / HT"].concat()).unwrap().unwrap();
        assert_eq!((head.received, head.framing), (received.len(), Framing::Length(7)));
        assert_eq!(head.bytes, b"POST /a?b=%3E HTTP/1.1\r\nContent-Length: 7\r\n\r\n");
    }

    #[test]
    fn a_refusal_knows_what_was_asked() {
        let refusal = examine(b"HEAD /a?b=> HTTP/1.1\r\nno header\r\n").unwrap_err();
        assert_eq!(refusal.line.unwrap(), "HEAD /a?b=%3E");
    }
}
