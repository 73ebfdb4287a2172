//! Redirects, for targets that may send a delivery elsewhere.

use reqwest::header::LOCATION;
use reqwest::{Response, StatusCode};
use url::Url;

/// The maximum number of redirects of one delivery.
pub(super) const MAX_REDIRECTS: usize = 5;

/// The reason why a redirect is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum RedirectError {
    #[error("the target redirects more than {MAX_REDIRECTS} times")]
    TooMany,
    #[error("the target redirects from https to http")]
    LessSecure,
    #[error("the target redirects to something that is no http or https URL")]
    NoUrl,
}

/// True if an answer redirects the same request. Other redirects ask for another request, which would deliver
/// nothing.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT)
}

/// The URL that the answer to a request for `url` redirects to.
pub(super) fn destination(url: &Url, response: &Response) -> Result<Url, RedirectError> {
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    resolve(url, location.ok_or(RedirectError::NoUrl)?)
}

fn resolve(url: &Url, location: &str) -> Result<Url, RedirectError> {
    let next = url.join(location).map_err(|_| RedirectError::NoUrl)?;
    match (url.scheme(), next.scheme()) {
        ("https", "http") => Err(RedirectError::LessSecure),
        (_, "http" | "https") => Ok(next),
        _ => Err(RedirectError::NoUrl),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn destinations() {
        for (url, location, expected) in [
            ("http://a.example/x", "/y", Ok("http://a.example/y")),
            ("http://a.example/x", "https://b.example:444/", Ok("https://b.example:444/")),
            ("http://a.example/x", "//b.example/", Ok("http://b.example/")),
            ("https://a.example/x", "//b.example/", Ok("https://b.example/")),
            ("https://a.example/x", "http://a.example/x", Err(RedirectError::LessSecure)),
            ("http://a.example/x", "ftp://a.example/x", Err(RedirectError::NoUrl)),
            ("http://a.example/x", "http://[", Err(RedirectError::NoUrl)),
        ] {
            let next = resolve(&Url::parse(url).unwrap(), location);
            assert_eq!(next.as_ref().map(Url::as_str).map_err(|error| *error), expected, "{url} {location}");
        }
    }
}
