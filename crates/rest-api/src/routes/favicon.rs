//! `/favicon.ico`, which browsers request everywhere, without credentials.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;

/// The path.
pub(crate) const PATH: &str = "/favicon.ico";
const ICON: &[u8] = include_bytes!("../../assets/favicon.ico");

/// The icon of the documentation.
pub(crate) async fn favicon() -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/vnd.microsoft.icon"), (CACHE_CONTROL, "public, max-age=86400")], ICON)
}
