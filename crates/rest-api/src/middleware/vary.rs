//! `Vary`: one line, in the order the existing clients' caches know: `Origin`, `Accept`, `Accept-Encoding`.

use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

const ORDER: [&str; 4] = ["Origin", "Access-Control-Request-Headers", "Accept", "Accept-Encoding"];

/// Collects the values of the inner middleware and adds `Accept-Encoding` to every compressible body, compressed or
/// not.
pub(crate) async fn unify(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let named: Vec<String> = response
        .headers()
        .get_all(VARY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let compressible = is_compressible(response.headers());
    let names: Vec<&str> = ORDER
        .into_iter()
        .filter(|name| named.contains(&name.to_ascii_lowercase()) || (*name == "Accept-Encoding" && compressible))
        .collect();
    response.headers_mut().remove(VARY);
    if let Ok(value) = HeaderValue::from_str(&names.join(", "))
        && !names.is_empty()
    {
        response.headers_mut().insert(VARY, value);
    }
    response
}

/// Returns true if compression is worthwhile for the type of a body.
pub(crate) fn is_compressible(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let content_type = content_type.split(';').next().unwrap_or_default();
    let content_type = content_type.trim().to_ascii_lowercase();
    // A stream must not be delayed to collect data.
    (content_type.starts_with("text/") && content_type != "text/event-stream")
        || content_type.ends_with("+json")
        || content_type.ends_with("+xml")
        || matches!(content_type.as_str(), "application/json" | "application/javascript" | "application/xml")
}
