//! Paths as clients write them: any case in the fixed parts, one slash more at the end
//! (`docs/protocol/06 §1.1`). The router knows one spelling; this station restores it.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// The known path patterns, most specific first.
#[derive(Debug, Clone)]
pub(crate) struct CanonicalPaths(Arc<[Vec<Segment>]>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    Parameter,
}

impl CanonicalPaths {
    /// From patterns such as `/api/core/v1/Files/{id}`.
    pub(crate) fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut patterns: Vec<Vec<Segment>> =
            patterns.into_iter().map(|pattern| segments(pattern).map(Segment::parse).collect()).collect();
        // A fixed part wins over a parameter at the same place, as in the router.
        patterns
            .sort_by_key(|pattern| pattern.iter().map(|segment| *segment == Segment::Parameter).collect::<Vec<_>>());
        Self(patterns.into())
    }

    /// The request with the path the router knows; unknown paths stay as they are.
    pub(crate) fn restore(&self, mut request: Request) -> Request {
        let uri = request.uri();
        if let Some(path) = self.canonical(uri.path()) {
            let path_and_query = match uri.query() {
                Some(query) => format!("{path}?{query}"),
                None => path,
            };
            if let Ok(path_and_query) = PathAndQuery::try_from(path_and_query) {
                let mut parts = uri.clone().into_parts();
                parts.path_and_query = Some(path_and_query);
                if let Ok(uri) = Uri::from_parts(parts) {
                    *request.uri_mut() = uri;
                }
            }
        }
        request
    }

    fn canonical(&self, path: &str) -> Option<String> {
        let without_slash = path.strip_suffix('/').unwrap_or(path);
        let given: Vec<&str> = segments(without_slash).collect();
        let pattern = self.0.iter().find(|pattern| {
            pattern.len() == given.len() && pattern.iter().zip(&given).all(|(segment, text)| segment.accepts(text))
        })?;
        let mut canonical = String::with_capacity(path.len());
        for (segment, text) in pattern.iter().zip(given) {
            canonical.push('/');
            canonical.push_str(match segment {
                Segment::Fixed(fixed) => fixed,
                Segment::Parameter => text,
            });
        }
        Some(canonical)
    }
}

impl Segment {
    fn parse(text: &str) -> Self {
        if text.starts_with('{') { Self::Parameter } else { Self::Fixed(text.to_owned()) }
    }

    fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Fixed(fixed) => fixed.eq_ignore_ascii_case(text),
            Self::Parameter => !text.is_empty(),
        }
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn fixed_parts_are_restored_and_parameters_kept() {
        let paths = CanonicalPaths::new(["/api/Files/{id}", "/api/Files/Own", "/api/Files/{id}/Token", "/health"]);
        for (given, expected) in [
            ("/API/files/OWN", "/api/Files/Own"),
            ("/api/files/FILx/", "/api/Files/FILx"),
            ("/api/Files/a%3Ab/token?x=/Y/", "/api/Files/a%3Ab/Token?x=/Y/"),
            ("/HEALTH/", "/health"),
            ("/health//", "/health//"),
            ("/api//Files/Own", "/api//Files/Own"),
            ("/api/Files//", "/api/Files//"),
            ("/", "/"),
            ("/nope/", "/nope/"),
        ] {
            let request = Request::builder().uri(given).body(Body::empty()).unwrap();
            assert_eq!(paths.restore(request).uri().to_string(), expected);
        }
    }
}
