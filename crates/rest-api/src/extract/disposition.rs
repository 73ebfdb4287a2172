//! The `Content-Disposition` of a part of a form: the name of its field, and the name of its file.
//!
//! Clients encode file names in many ways: as UTF-8 with `%22` for a quote (browsers), as ISO 8859-1 (older .NET), as
//! an encoded word of MIME (.NET), as `filename*` (older urllib3, .NET in addition to `filename`). All of them yield
//! the intended text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{Encoding, WINDOWS_1252};
use percent_encoding::percent_decode;

/// The description that a part of a form has of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Disposition {
    /// Name of the field.
    pub(crate) name: String,
    /// Name of the file, without any folder. Empty if a part is declared as a file, but has no file name.
    pub(crate) filename: Option<String>,
}

impl Disposition {
    /// Parses a header. Names of parameters are case-insensitive, and the first of several with the same name counts.
    pub(crate) fn parse(header: &[u8]) -> Self {
        let mut disposition = Self::default();
        let (mut name, mut plain, mut extended) = (None, None, None);
        for (parameter, value) in Parameters::of(header) {
            match parameter.to_ascii_lowercase().as_slice() {
                b"name" if name.is_none() => name = Some(text(&value)),
                b"filename" if plain.is_none() => plain = Some(words(text(&value)).replace("%22", "\"")),
                b"filename*" if extended.is_none() => extended = extended_text(&value),
                _ => {}
            }
        }
        disposition.name = name.unwrap_or_default();
        disposition.filename = extended.or(plain).map(|filename| last_part(&filename).to_owned());
        disposition
    }
}

/// Only the last part of a path is a name. Neither `.` nor `..` is a name.
fn last_part(path: &str) -> &str {
    match path.rsplit(['/', '\\']).next().unwrap_or_default() {
        "." | ".." => "",
        name => name,
    }
}

/// UTF-8, or otherwise the encoding of most other clients.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// `charset'language'text` (RFC 8187). `None` if it is anything else, so that a plain name next to it counts.
fn extended_text(value: &[u8]) -> Option<String> {
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    let (charset, _, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode(text).collect();
    decoded(charset, &bytes)
}

fn decoded(charset: &[u8], bytes: &[u8]) -> Option<String> {
    Encoding::for_label(charset)?.decode_without_bom_handling_and_without_replacement(bytes).map(Into::into)
}

/// Decodes a name that consists of encoded words only (RFC 2047); any other is kept unchanged.
fn words(name: String) -> String {
    let decoded: Option<String> = name.split_ascii_whitespace().map(word).collect();
    match decoded {
        Some(decoded) if !decoded.is_empty() => decoded,
        _ => name,
    }
}

/// `=?charset?B?text?=` or `=?charset?Q?text?=`.
fn word(word: &str) -> Option<String> {
    let mut parts = word.strip_prefix("=?")?.strip_suffix("?=")?.splitn(3, '?');
    let (charset, encoding, text) = (parts.next()?, parts.next()?, parts.next()?);
    // A language may follow.
    let charset = charset.split('*').next()?;
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(text).ok()?,
        "Q" | "q" => quoted(text)?,
        _ => return None,
    };
    decoded(charset.as_bytes(), &bytes)
}

/// `_` is a space, `=E4` a byte.
fn quoted(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                digit(rest.next()?)? << 4 | digit(rest.next()?)?
            }
            other => other,
        });
    }
    Some(bytes)
}

/// The parameters of a header with their values, without quotes.
struct Parameters<'a>(&'a [u8]);

impl<'a> Parameters<'a> {
    /// Starts after the type, which every reader takes for `form-data`.
    fn of(header: &'a [u8]) -> Self {
        let end = header.iter().position(|byte| *byte == b';').unwrap_or(header.len());
        Self(header.get(end..).unwrap_or_default())
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a [u8], Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_ascii_start().strip_prefix(b";")?;
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let name = rest.get(..equals)?.trim_ascii();
        let rest = rest.get(equals + 1..)?.trim_ascii_start();
        let (value, rest) = match rest.strip_prefix(b"\"") {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = rest.iter().position(|byte| *byte == b';').unwrap_or(rest.len());
                let (value, rest) = rest.split_at_checked(end)?;
                (value.trim_ascii().to_vec(), rest)
            }
        };
        self.0 = rest;
        Some((name, value))
    }
}

/// Up to the closing quote. A backslash escapes a quote and itself; before anything else it is a path separator.
fn unquoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut position = 0;
    loop {
        match text.get(position..)? {
            [b'"', rest @ ..] => return Some((value, rest)),
            [b'\\', escaped @ (b'"' | b'\\'), ..] => {
                value.push(*escaped);
                position += 2;
            }
            [byte, ..] => {
                value.push(*byte);
                position += 1;
            }
            [] => return None,
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filename(parameters: impl AsRef<[u8]>) -> Option<String> {
        let disposition = Disposition::parse(&[b"form-data; name=\"file\"; ", parameters.as_ref()].concat());
        assert_eq!(disposition.name, "file");
        disposition.filename
    }

    #[test]
    fn names_of_files_are_the_last_part_of_a_path() {
        for (given, expected) in [
            (r#"filename="../../etc/passwd""#, "passwd"),
            (r#"filename="C:\fakepath\x.txt""#, "x.txt"),
            (r#"filename="C:\\fakepath\\x.txt""#, "x.txt"),
            (r#"filename="a/b/c.txt""#, "c.txt"),
            (r#"filename="a\\..""#, ""),
            (r#"filename=".""#, ""),
            (r#"filename="a/""#, ""),
            (r#"filename="""#, ""),
            ("filename=", ""),
            (r#"filename="...""#, "..."),
            (r#"filename="a \"b\"; c.txt""#, r#"a "b"; c.txt"#),
            ("filename=a.txt", "a.txt"),
            ("filename*=UTF-8''..%2F..%5Ca%2Fb.txt", "b.txt"),
        ] {
            assert_eq!(filename(given).as_deref(), Some(expected), "{given}");
        }
        assert_eq!(filename(r#"filename="not closed"#), None);
        assert_eq!(filename("x=y"), None);
    }

    #[test]
    fn names_of_files_are_read_in_every_way_they_are_written() {
        for (given, expected) in [
            (&b"filename=\"\xc3\xa4.txt\""[..], "\u{e4}.txt"),
            (b"filename=\"\xe4\x80.txt\"", "\u{e4}\u{20ac}.txt"),
            (b"filename*=UTF-8''%C3%A4%20b.txt", "\u{e4} b.txt"),
            (b"filename*=utf-8'de'%c3%a4.txt", "\u{e4}.txt"),
            (b"filename*=iso-8859-1''%E4.txt", "\u{e4}.txt"),
            (b"filename=\"_.txt\"; filename*=UTF-8''%C3%A4.txt", "\u{e4}.txt"),
            (b"filename*=UTF-8''%C3%A4.txt; filename=\"_.txt\"", "\u{e4}.txt"),
            (b"filename=\"plain.txt\"; filename*=nonsense", "plain.txt"),
            (b"filename=\"plain.txt\"; filename*=nonsense''a", "plain.txt"),
            (b"filename=\"plain.txt\"; filename*=UTF-8''%FF", "plain.txt"),
            (b"filename=\"=?utf-8?B?w6QudHh0?=\"", "\u{e4}.txt"),
            (b"filename=\"=?UTF-8?Q?=C3=A4_b.txt?=\"", "\u{e4} b.txt"),
            (b"filename=\"=?iso-8859-1*de?q?=E4.txt?=\"", "\u{e4}.txt"),
            (b"filename=\"=?utf-8?B?w6Q=?= =?utf-8?B?LnR4dA==?=\"", "\u{e4}.txt"),
            (b"filename=\"=?utf-8?B?w6QudHh0?=\"; filename*=utf-8''%C3%B6.txt", "\u{f6}.txt"),
            (b"filename=\"=?utf-8?B?!?=\"", "=?utf-8?B?!?="),
            (b"filename=\"a =?utf-8?B?w6Q=?=\"", "a =?utf-8?B?w6Q=?="),
            (b"filename=\"a%22b%20c.txt\"", "a\"b%20c.txt"),
            (b"FileName=\"a.txt\"", "a.txt"),
            (b"FILENAME* = UTF-8''a.txt", "a.txt"),
            (b"filename=\"a.txt\"; filename=\"b.txt\"", "a.txt"),
        ] {
            assert_eq!(filename(given).as_deref(), Some(expected), "{}", text(given));
        }
    }

    #[test]
    fn names_of_fields_have_any_case_and_spaces() {
        for header in ["Form-Data; Name=\"title\"", "FORM-DATA ;NAME=title", "form-data;name = \"title\" ;x=y"] {
            let disposition = Disposition::parse(header.as_bytes());
            assert_eq!((disposition.name.as_str(), disposition.filename), ("title", None), "{header}");
        }
        assert_eq!(Disposition::parse(b"form-data"), Disposition::default());
        assert_eq!(Disposition::parse(b""), Disposition::default());
    }

    proptest! {
        #[test]
        fn any_header_is_read(header in proptest::collection::vec(any::<u8>(), 0..60)) {
            let filename = Disposition::parse(&header).filename.unwrap_or_default();
            prop_assert!(!filename.contains(['/', '\\']));
        }

        #[test]
        fn any_name_comes_through(name in "[^/\\\\]{1,20}") {
            let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
            let expected = last_part(&name).to_owned();
            prop_assert_eq!(filename(format!("filename*=UTF-8''{encoded}")).unwrap(), expected);
            let in_words = STANDARD.encode(&name);
            prop_assert_eq!(filename(format!("filename=\"=?utf-8?b?{in_words}?=\"")).unwrap(), last_part(&name));
        }
    }
}
