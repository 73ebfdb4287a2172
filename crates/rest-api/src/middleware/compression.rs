//! Compression of answers: br, gzip or deflate as the client prefers, from 1 kB on
//! (`docs/protocol/07 §2.5`).

use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::header::ACCEPT_ENCODING;
use axum::middleware::Next;
use axum::response::Response;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, Predicate, SizeAbove};

use super::negotiation::preferences;
use super::vary::is_compressible;

/// Smallest body worth compressing, in bytes.
const THRESHOLD: u64 = 1024;
const OFFERED: [&str; 4] = ["br", "gzip", "deflate", "identity"];

pub(crate) fn layer() -> CompressionLayer<And<SizeAbove, CompressibleType>> {
    CompressionLayer::new().compress_when(SizeAbove::new(THRESHOLD).and(CompressibleType))
}

/// A client that accepts no encoding at all gets its answer plain: by the time the encoding is chosen the
/// work is done, and an error would hide that.
pub(crate) async fn tolerate_impossible_wishes(mut request: Request, next: Next) -> Response {
    if let Some(wishes) = preferences(request.headers(), ACCEPT_ENCODING) {
        let quality = |encoding: &str| {
            let named = wishes.iter().find(|wish| wish.range == encoding);
            named.or_else(|| wishes.iter().find(|wish| wish.range == "*")).map(|wish| wish.quality)
        };
        // Plain is acceptable unless it is excluded, the others only if they are wished.
        let is_possible = OFFERED
            .iter()
            .any(|encoding| quality(encoding).unwrap_or(if *encoding == "identity" { 1.0 } else { 0.0 }) > 0.0);
        if !is_possible {
            request.headers_mut().remove(ACCEPT_ENCODING);
        }
    }
    next.run(request).await
}

/// Answers of a type that becomes smaller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompressibleType;

impl Predicate for CompressibleType {
    fn should_compress<B: HttpBody>(&self, response: &axum::http::Response<B>) -> bool {
        is_compressible(response.headers())
    }
}
