//! Normalises paths: clients may use any case in the fixed parts, and a trailing slash (`docs/protocol/06 §1.1`). The
//! router knows one spelling; this middleware restores it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::middleware::Next;
use axum::response::Response;

/// The known path patterns, most specific first.
#[derive(Debug, Clone)]
pub(crate) struct CanonicalPaths(Arc<[Pattern]>);

#[derive(Debug)]
struct Pattern {
    segments: Vec<Segment>,
    template: RouteTemplate,
}

/// The path pattern of a request, attached to its answer. There are as many of them as there are routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RouteTemplate(pub(crate) Arc<str>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Fixed(String),
    Parameter,
}

impl CanonicalPaths {
    /// Parses patterns such as `/api/core/v1/Files/{id}`.
    pub(crate) fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut patterns: Vec<Pattern> = patterns.into_iter().map(Pattern::parse).collect();
        // A fixed part takes precedence over a parameter at the same place, as in the router.
        patterns.sort_by_key(|pattern| {
            pattern.segments.iter().map(|segment| *segment == Segment::Parameter).collect::<Vec<_>>()
        });
        Self(patterns.into())
    }

    /// The request with the path the router knows, and its pattern; unknown paths are kept unchanged.
    fn restore(&self, mut request: Request) -> (Request, Option<RouteTemplate>) {
        let uri = request.uri();
        let (path, template) = self.canonical(uri.path()).unzip();
        if let Some(path) = path {
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
        (request, template)
    }

    fn canonical(&self, path: &str) -> Option<(String, RouteTemplate)> {
        let without_slash = path.strip_suffix('/').unwrap_or(path);
        let given: Vec<&str> = segments(without_slash).collect();
        let pattern = self.0.iter().find(|pattern| {
            let segments = &pattern.segments;
            segments.len() == given.len() && segments.iter().zip(&given).all(|(segment, text)| segment.accepts(text))
        })?;
        let mut canonical = String::with_capacity(path.len());
        for (segment, text) in pattern.segments.iter().zip(given) {
            canonical.push('/');
            canonical.push_str(match segment {
                Segment::Fixed(fixed) => fixed,
                Segment::Parameter => text,
            });
        }
        Some((canonical, pattern.template.clone()))
    }
}

/// Restores the path of a request, and attaches its pattern to the answer.
pub(crate) async fn restore(State(paths): State<CanonicalPaths>, request: Request, next: Next) -> Response {
    let (request, template) = paths.restore(request);
    let mut response = next.run(request).await;
    if let Some(template) = template {
        response.extensions_mut().insert(template);
    }
    response
}

impl Pattern {
    fn parse(text: &str) -> Self {
        Self { segments: segments(text).map(Segment::parse).collect(), template: RouteTemplate(text.into()) }
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
        for (given, expected, template) in [
            ("/API/files/OWN", "/api/Files/Own", Some("/api/Files/Own")),
            ("/api/files/FILx/", "/api/Files/FILx", Some("/api/Files/{id}")),
            ("/api/Files/a%3Ab/token?x=/Y/", "/api/Files/a%3Ab/Token?x=/Y/", Some("/api/Files/{id}/Token")),
            ("/HEALTH/", "/health", Some("/health")),
            ("/health//", "/health//", None),
            ("/api//Files/Own", "/api//Files/Own", None),
            ("/api/Files//", "/api/Files//", None),
            ("/", "/", None),
            ("/nope/", "/nope/", None),
        ] {
            let request = Request::builder().uri(given).body(Body::empty()).unwrap();
            let (request, found) = paths.restore(request);
            assert_eq!(request.uri().to_string(), expected);
            assert_eq!(found, template.map(|template| RouteTemplate(template.into())), "{given}");
        }
    }
}
