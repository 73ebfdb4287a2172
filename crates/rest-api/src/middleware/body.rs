//! Reads JSON and form bodies once, for every method and path (`docs/protocol/06 §1.1`, step 6).
//!
//! Differences from the reference, all decided: authentication comes first, and an unreadable body is the caller's
//! error (400, 413, 415), never a 500.

use std::time::Duration;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::Method;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use foreign_json::Reading;
use mime::Mime;
use serde_json::{Map, Value};

use super::allowance::Allowance;
use crate::error::ApiError;

/// Limit of a JSON body, in bytes.
pub(crate) const JSON_LIMIT: usize = 2 * 1024 * 1024;
/// Limit of a form body, in bytes.
pub(crate) const FORM_LIMIT: usize = 100 * 1024;

/// Limit of the form of an upload in bytes: above the largest file that can be stored, it leaves room for the other
/// fields, and for oversized files, which the service reports by name.
const UPLOAD_LIMIT: usize = 16 * 1024 * 1024;

/// The time in which an upload must arrive.
const UPLOAD_DEADLINE: Duration = Duration::from_secs(120);
/// The assumed size of a parsed body as a multiple of its text.
const PARSED_SIZE: u64 = 4;
/// The time in which a JSON or form body must arrive.
const READ_DEADLINE: Duration = Duration::from_secs(30);

/// The parsed body: an object or an array. `Null` stands for "no body": none was sent, or one of a type that is neither
/// JSON nor a form.
#[derive(Debug, Clone)]
pub(crate) struct ParsedBody(pub(crate) Value);

impl<S: Sync> FromRequestParts<S> for ParsedBody {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.remove::<Self>().unwrap_or(Self(Value::Null)))
    }
}

/// The bodies that the routes read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bodies {
    /// JSON and forms.
    Texts,
    /// The same, and posted files.
    TextsAndPostedFiles,
}

/// Parses the body and passes it on as [`ParsedBody`]; a form with a file is only read. Other types are ignored.
///
/// The memory for a body is charged to the caller from its arrival until the request has been processed.
pub(crate) async fn parse(State(bodies): State<Bodies>, request: Request, next: Next) -> Response {
    match parsed(request, bodies).await {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn parsed(mut request: Request, bodies: Bodies) -> Result<Request, ApiError> {
    let Some(content_type) = content_type(&request) else {
        return Ok(request);
    };
    let is_json = content_type.essence_str() == "application/json";
    let is_form = content_type.essence_str() == "application/x-www-form-urlencoded";
    if !is_json && !is_form {
        let has_file = content_type.type_() == mime::MULTIPART && request.method() == Method::POST;
        if has_file && bodies == Bodies::TextsAndPostedFiles {
            let file = read(&mut request, UPLOAD_LIMIT, 1, UPLOAD_DEADLINE).await?;
            *request.body_mut() = Body::from(file);
        }
        return Ok(request);
    }
    // Known encodings have been decoded before and their header removed.
    let is_encoded = request
        .headers()
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if is_encoded {
        return Err(ApiError::UnsupportedPayloadEncoding);
    }
    let limit = if is_json { JSON_LIMIT } else { FORM_LIMIT };
    let text = decoded(read(&mut request, limit, PARSED_SIZE, READ_DEADLINE).await?, &content_type)?;
    let value = if is_json { json(&text)? } else { form(&text) };
    request.extensions_mut().insert(ParsedBody(value));
    Ok(request)
}

fn content_type(request: &Request) -> Option<Mime> {
    request.headers().get(CONTENT_TYPE)?.to_str().ok()?.parse().ok()
}

/// Reads the whole body of a request, of at most `limit` bytes, which must arrive within `deadline`. In memory it
/// becomes `times` as large.
async fn read(request: &mut Request, limit: usize, times: u64, deadline: Duration) -> Result<Bytes, ApiError> {
    let announced = request.body().size_hint();
    if announced.lower() > limit as u64 {
        return Err(ApiError::PayloadTooLarge { limit });
    }
    let expected = announced.upper().unwrap_or(u64::MAX).min(limit as u64);
    let allowance = request.extensions().get::<Allowance>().cloned().unwrap_or_default();
    let held = allowance.hold(times * expected).await?;
    request.extensions_mut().insert(held);
    let body = std::mem::take(request.body_mut());
    let read = tokio::time::timeout(deadline, to_bytes(body, limit)).await;
    read.map_err(|_| ApiError::PayloadTooSlow)?.map_err(|error| {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            if error.is::<http_body_util::LengthLimitError>() {
                return ApiError::PayloadTooLarge { limit };
            }
            cause = error.source();
        }
        ApiError::UnreadablePayload
    })
}

/// UTF-8, UTF-16 or UTF-32; a byte order mark determines the byte order, otherwise little endian. Lone surrogates are
/// equivalent to escaped ones.
fn decoded(bytes: Bytes, content_type: &Mime) -> Result<String, ApiError> {
    let charset =
        content_type.get_param(mime::CHARSET).map_or_else(|| "utf-8".to_owned(), |name| name.as_str().to_lowercase());
    match charset.as_str() {
        "utf-8" | "utf8" => {
            let text = String::from_utf8(bytes.into()).map_err(|_| ApiError::InvalidJson)?;
            Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned())
        }
        "utf-16" | "utf-16le" | "utf-16be" => utf16(&bytes, charset == "utf-16be"),
        "utf-32" | "utf-32le" | "utf-32be" => utf32(&bytes, charset == "utf-32be"),
        _ => Err(ApiError::UnsupportedPayloadEncoding),
    }
}

fn utf16(bytes: &[u8], big_endian: bool) -> Result<String, ApiError> {
    let (bytes, big_endian) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, false),
        [0xfe, 0xff, rest @ ..] => (rest, true),
        _ => (bytes, big_endian),
    };
    let (units, rest) = bytes.as_chunks::<2>();
    let units = units.iter().map(|unit| if big_endian { u16::from_be_bytes(*unit) } else { u16::from_le_bytes(*unit) });
    let characters = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
    if rest.is_empty() { Ok(characters.collect()) } else { Err(ApiError::InvalidJson) }
}

fn utf32(bytes: &[u8], big_endian: bool) -> Result<String, ApiError> {
    let (bytes, big_endian) = match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => (rest, false),
        [0, 0, 0xfe, 0xff, rest @ ..] => (rest, true),
        _ => (bytes, big_endian),
    };
    let (units, rest) = bytes.as_chunks::<4>();
    let text: Option<String> = units
        .iter()
        .map(|unit| char::from_u32(if big_endian { u32::from_be_bytes(*unit) } else { u32::from_le_bytes(*unit) }))
        .collect();
    text.filter(|_| rest.is_empty()).ok_or(ApiError::InvalidJson)
}

/// Objects and arrays only; an empty text is an empty object. Lone surrogates are accepted, as U+FFFD. Accepted bodies
/// are shallow enough for peers to read them unchanged.
fn json(text: &str) -> Result<Value, ApiError> {
    if text.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    match foreign_json::read(text) {
        Ok(Reading { is_too_deep: true, .. }) => Err(ApiError::TooDeeplyNested),
        Ok(Reading { value: value @ (Value::Object(_) | Value::Array(_)), .. }) => Ok(value),
        _ => Err(ApiError::InvalidJson),
    }
}

/// A flat form: the members of the body object, a repeated name becoming an array.
fn form(text: &str) -> Value {
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        add_member(&mut members, &name, Value::String(value.into_owned()));
    }
    Value::Object(members)
}

/// Adds a member; a repeated name becomes an array.
pub(crate) fn add_member(members: &mut Map<String, Value>, name: &str, value: Value) {
    match members.get_mut(name) {
        None => {
            members.insert(name.to_owned(), value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json as value;

    fn decode(bytes: &[u8], content_type: &str) -> Result<String, ApiError> {
        decoded(Bytes::copy_from_slice(bytes), &content_type.parse().unwrap())
    }

    #[test]
    fn charsets() {
        let little: Vec<u8> = "{\"ä\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "{\"ä\":1}".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let wide: Vec<u8> = "{}".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        for (bytes, content_type, expected) in [
            ("{\"ä\":1}".as_bytes(), "application/json", "{\"ä\":1}"),
            ("\u{feff}{}".as_bytes(), "application/json; charset=UTF-8", "{}"),
            (&little, "application/json; charset=utf-16", "{\"ä\":1}"),
            (&[&[0xfe, 0xff], &big[..]].concat(), "application/json; charset=utf-16", "{\"ä\":1}"),
            (&big, "application/json; charset=utf-16be", "{\"ä\":1}"),
            (&wide, "application/json; charset=utf-32", "{}"),
        ] {
            assert_eq!(decode(bytes, content_type).unwrap(), expected, "{content_type}");
        }
        assert!(matches!(
            decode(b"{}", "application/json; charset=iso-8859-1"),
            Err(ApiError::UnsupportedPayloadEncoding)
        ));
        assert!(matches!(decode(&[0xff], "application/json"), Err(ApiError::InvalidJson)));
        assert!(matches!(decode(&[1], "application/json; charset=utf-16"), Err(ApiError::InvalidJson)));
    }

    #[test]
    fn odd_json() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(json(r#"{"a":"Hello \ud83d"}"#).unwrap(), value!({"a": "Hello \u{fffd}"}));
        let little: Vec<u8> = [0x22, 0xd83d, 0x22].into_iter().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&little, "application/json; charset=utf-16").unwrap(), "\"\u{fffd}\"");
        assert_eq!(json(&nested(foreign_json::MAX_DEPTH)).unwrap().to_string(), nested(foreign_json::MAX_DEPTH));
        for levels in [foreign_json::MAX_DEPTH + 1, JSON_LIMIT / 2] {
            assert!(matches!(json(&nested(levels)), Err(ApiError::TooDeeplyNested)), "{levels}");
        }
        assert!(matches!(json(&"[".repeat(JSON_LIMIT)), Err(ApiError::InvalidJson)));
        assert!(matches!(json(r#""text""#), Err(ApiError::InvalidJson)));
    }

    #[test]
    fn forms_are_flat_and_repeated_names_become_arrays() {
        assert_eq!(form("a=1&b=x+y&a=%C3%A4&c[d]=2&a=3"), value!({"a": ["1", "ä", "3"], "b": "x y", "c[d]": "2"}));
    }
}
