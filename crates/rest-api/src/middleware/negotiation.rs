//! Content negotiation (`docs/protocol/06 §1.3`).

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::error::ApiError;

/// The types that a route can answer with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Produces {
    Json,
    JsonOrPng,
}

/// The answer the client prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Representation {
    Json,
    Png,
}

impl Representation {
    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Png => "image/png",
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Representation {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let chosen = parts.extensions.get::<Self>().copied();
        Ok(chosen.unwrap_or(Self::Json))
    }
}

/// Chooses the representation, or answers 406 before the handler runs.
pub(crate) async fn negotiate(State(produces): State<Produces>, mut request: Request, next: Next) -> Response {
    let offered: &[Representation] = match produces {
        Produces::Json => &[Representation::Json],
        Produces::JsonOrPng => &[Representation::Json, Representation::Png],
    };
    let Some(chosen) = preferred(request.headers(), offered).filter(|_| accepts_any_language(request.headers())) else {
        return ApiError::NotAcceptable.into_response();
    };
    request.extensions_mut().insert(chosen);
    let is_get = request.method() == Method::GET;
    let mut response = next.run(request).await;
    if is_get && response.status().is_success() {
        response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
    }
    response
}

/// One element of an `Accept…` header.
pub(crate) struct Preference {
    pub(crate) range: String,
    pub(crate) quality: f32,
}

/// The elements of all lines of a header; `None` if there is none.
pub(crate) fn preferences(headers: &HeaderMap, name: HeaderName) -> Option<Vec<Preference>> {
    if !headers.contains_key(&name) {
        return None;
    }
    let elements = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|element| {
            let mut parts = element.split(';').map(str::trim);
            let range = parts.next().filter(|range| !range.is_empty())?;
            let quality = parts
                .filter_map(|parameter| parameter.split_once('='))
                .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
                .map_or(1.0, |(_, quality)| quality.trim().parse().unwrap_or(0.0));
            Some(Preference { range: range.to_ascii_lowercase(), quality })
        })
        .collect();
    Some(elements)
}

/// The best offer: the higher quality wins, then the more specific range, then its position in the header, then the
/// order of the offers.
fn preferred(headers: &HeaderMap, offered: &[Representation]) -> Option<Representation> {
    let Some(accepted) = preferences(headers, ACCEPT) else {
        return offered.first().copied();
    };
    let rank = |offer: &Representation| {
        accepted
            .iter()
            .enumerate()
            .filter_map(|(place, preference)| {
                let specificity = specificity(&preference.range, offer.media_type())?;
                Some((specificity, place, preference.quality))
            })
            .max_by_key(|(specificity, place, _)| (*specificity, std::cmp::Reverse(*place)))
            .filter(|(_, _, quality)| *quality > 0.0)
    };
    let mut best: Option<(Representation, (u8, usize, f32))> = None;
    for offer in offered {
        let Some(candidate) = rank(offer) else {
            continue;
        };
        let wins = best.is_none_or(|(_, (specificity, place, quality))| {
            candidate.2.total_cmp(&quality).then(candidate.0.cmp(&specificity)).then(place.cmp(&candidate.1)).is_gt()
        });
        if wins {
            best = Some((*offer, candidate));
        }
    }
    best.map(|(offer, _)| offer)
}

/// The specificity with which a range matches a type, `None` if it does not.
fn specificity(range: &str, media_type: &str) -> Option<u8> {
    let family = media_type.split('/').next().unwrap_or_default();
    if range == media_type {
        Some(2)
    } else if range.strip_suffix("/*") == Some(family) {
        Some(1)
    } else if range == "*/*" {
        Some(0)
    } else {
        None
    }
}

/// A language header that excludes everything cannot be satisfied; any other is ignored.
fn accepts_any_language(headers: &HeaderMap) -> bool {
    preferences(headers, ACCEPT_LANGUAGE)
        .is_none_or(|languages| languages.iter().any(|language| language.quality > 0.0))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn choose(accept: &str) -> Option<Representation> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        preferred(&headers, &[Representation::Json, Representation::Png])
    }

    #[test]
    fn the_client_s_preference_decides() {
        use Representation::{Json, Png};
        for (accept, expected) in [
            ("*/*", Some(Json)),
            ("application/json", Some(Json)),
            ("application/*", Some(Json)),
            ("APPLICATION/JSON;charset=utf-8", Some(Json)),
            ("image/png", Some(Png)),
            ("image/*, application/json;q=0.9", Some(Png)),
            ("image/png;q=0.8, application/json", Some(Json)),
            ("image/png, application/json", Some(Png)),
            ("application/json, image/png", Some(Json)),
            ("*/*, image/png", Some(Png)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Json)),
            ("application/json;q=0, */*", Some(Png)),
            ("application/json;q=0", None),
            ("*/*;q=0", None),
            ("text/html", None),
            ("image/png;q=x", None),
            ("", None),
        ] {
            assert_eq!(choose(accept), expected, "{accept}");
        }
        assert_eq!(preferred(&HeaderMap::new(), &[Json, Png]), Some(Json));
    }

    #[test]
    fn languages() {
        for (language, expected) in [("de", true), ("*;q=0, de", true), ("*;q=0", false), ("", false)] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, language.parse().unwrap());
            assert_eq!(accepts_any_language(&headers), expected, "{language}");
        }
        assert!(accepts_any_language(&HeaderMap::new()));
    }
}
