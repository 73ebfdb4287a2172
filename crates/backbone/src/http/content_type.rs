use axum::http::HeaderValue;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
