use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;

/// Rewrites the fixed words of a path to the spelling of the routes, because the reference matches paths in any case.
/// No word of a route has the prefix and length of an identifier, so those stay as they are.
#[derive(Debug, Clone)]
pub(super) struct CanonicalPaths(Arc<HashMap<String, &'static str>>);

impl CanonicalPaths {
    pub(super) fn of(routes: impl IntoIterator<Item = &'static str>) -> Self {
        let words = routes
            .into_iter()
            .flat_map(|route| route.split('/'))
            .filter(|word| !word.is_empty() && !word.starts_with('{'));
        Self(Arc::new(words.map(|word| (word.to_ascii_lowercase(), word)).collect()))
    }

    pub(super) fn apply<B>(&self, mut request: Request<B>) -> Request<B> {
        if let Some(uri) = self.canonical(request.uri()) {
            *request.uri_mut() = uri;
        }
        request
    }

    fn canonical(&self, uri: &Uri) -> Option<Uri> {
        let words: Vec<&str> =
            uri.path().split('/').map(|word| self.0.get(&word.to_ascii_lowercase()).copied().unwrap_or(word)).collect();
        let path = words.join("/");
        if path == uri.path() {
            return None;
        }
        let path_and_query = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path,
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
        Uri::from_parts(parts).ok()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn spells_words_like_the_routes_and_leaves_ids_alone() {
        let paths = CanonicalPaths::of(["/api/v2/Files/{id}/metadata", "/connect/token"]);
        let canonical = |uri: &str| paths.apply(Request::builder().uri(uri).body(()).unwrap()).uri().to_string();
        assert_eq!(canonical("/API/V2/files/FILaBc/Metadata?Ids=aB"), "/api/v2/Files/FILaBc/metadata?Ids=aB");
        assert_eq!(canonical("/Connect/TOKEN"), "/connect/token");
        assert_eq!(canonical("/else/Where"), "/else/Where");
    }
}
