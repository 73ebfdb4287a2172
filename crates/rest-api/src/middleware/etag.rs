//! Weak entity tags and conditional requests (`docs/protocol/06 §1.1`).

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;

/// Tags every body that is in memory and answers a matching `If-None-Match` with 304.
pub(crate) async fn tag(request: Request, next: Next) -> Response {
    let conditional = (request.method() == Method::GET).then(|| condition(request.headers())).flatten();
    let response = next.run(request).await;
    let in_memory = response.body().size_hint().exact().is_some_and(|size| size > 0);
    if !in_memory || response.headers().contains_key(ETAG) {
        return response;
    }

    let (mut parts, body) = response.into_parts();
    let Ok(collected) = body.collect().await else {
        return Response::from_parts(parts, Body::empty());
    };
    let bytes = collected.to_bytes();
    let tag = weak_tag(&bytes);
    let is_known = parts.status == StatusCode::OK && conditional.is_some_and(|condition| matches(&condition, &tag));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(ETAG, value);
    }
    if is_known {
        parts.status = StatusCode::NOT_MODIFIED;
        for header in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_DISPOSITION] {
            parts.headers.remove(header);
        }
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

fn weak_tag(bytes: &[u8]) -> String {
    let digest = crypto::hash::sha256(bytes);
    let prefix: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{:x}-{prefix}\"", bytes.len())
}

/// The condition of a request, unless the client asks for an unconditional answer.
fn condition(headers: &HeaderMap) -> Option<String> {
    let no_cache = headers
        .get(CACHE_CONTROL)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|part| part.trim() == "no-cache"));
    if no_cache {
        return None;
    }
    headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Weak comparison (RFC 9110 §8.8.3.2).
fn matches(condition: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    condition.trim() == "*" || condition.split(',').any(|candidate| opaque(candidate) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_is_weak_and_knows_lists() {
        let tag = weak_tag(b"hello");
        let strong = tag.trim_start_matches("W/");
        assert!(matches(&tag, &tag));
        assert!(matches(strong, &tag));
        assert!(matches(&format!("\"a\", {tag}"), &tag));
        assert!(matches("*", &tag));
        assert!(!matches("\"a\"", &tag));
        assert!(!matches("", &tag));
        assert_ne!(weak_tag(b"hello"), weak_tag(b"hellp"));
    }
}
