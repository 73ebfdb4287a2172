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
use crate::list_response::Streamed;

/// Smallest body worth compressing, in bytes.
const THRESHOLD: u64 = 1024;
const OFFERED: [&str; 4] = ["br", "gzip", "deflate", "identity"];

pub(crate) fn layer() -> CompressionLayer<And<And<SizeAbove, CompressibleType>, ReadFirst>> {
    CompressionLayer::new().compress_when(SizeAbove::new(THRESHOLD).and(CompressibleType).and(ReadFirst))
}

/// Answers that are read while they are sent are compressed without br, which takes some 20 MB for each answer of any
/// length.
pub(crate) fn layer_of_streams() -> CompressionLayer<And<CompressibleType, ReadMeanwhile>> {
    CompressionLayer::new().no_br().compress_when(CompressibleType.and(ReadMeanwhile))
}

/// A client that accepts no encoding at all gets its answer uncompressed: by the time the encoding is chosen the work
/// is done, and an error would hide that.
pub(crate) async fn tolerate_impossible_preferences(mut request: Request, next: Next) -> Response {
    if let Some(preferences) = preferences(request.headers(), ACCEPT_ENCODING) {
        let quality = |encoding: &str| {
            let named = preferences.iter().find(|preference| preference.range == encoding);
            named
                .or_else(|| preferences.iter().find(|preference| preference.range == "*"))
                .map(|preference| preference.quality)
        };
        // `identity` is acceptable unless it is excluded, the others only if they are named.
        let is_possible = OFFERED
            .iter()
            .any(|encoding| quality(encoding).unwrap_or(if *encoding == "identity" { 1.0 } else { 0.0 }) > 0.0);
        if !is_possible {
            request.headers_mut().remove(ACCEPT_ENCODING);
        }
    }
    next.run(request).await
}

/// Matches answers that are in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadFirst;

impl Predicate for ReadFirst {
    fn should_compress<B: HttpBody>(&self, response: &axum::http::Response<B>) -> bool {
        response.extensions().get::<Streamed>().is_none()
    }
}

/// Matches answers that are read while they are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadMeanwhile;

impl Predicate for ReadMeanwhile {
    fn should_compress<B: HttpBody>(&self, response: &axum::http::Response<B>) -> bool {
        response.extensions().get::<Streamed>().is_some()
    }
}

/// Matches answers of a compressible type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompressibleType;

impl Predicate for CompressibleType {
    fn should_compress<B: HttpBody>(&self, response: &axum::http::Response<B>) -> bool {
        is_compressible(response.headers())
    }
}
