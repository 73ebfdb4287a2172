//! Answers in which the Backbone asks for something: a redirect, a pause.

use std::time::SystemTime;

use network::retry_after;
use reqwest::header::{HeaderMap, LOCATION};

/// The destination of a redirect, without the parts that may be secret.
pub(super) fn redirect_destination(status: u16, headers: &HeaderMap) -> Option<String> {
    if !matches!(status, 300..=303 | 305..=399) {
        return None;
    }
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok())?;
    let end = location.find(['?', '#']).unwrap_or(location.len());
    let location = location.get(..end).unwrap_or_default();
    Some(match location.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.split_once('@')?.1))) {
        Some((scheme, rest)) => format!("{scheme}://{rest}"),
        None => location.to_owned(),
    })
}

/// Says what to do about a redirect.
pub(super) fn redirect_reason(destination: &str) -> String {
    format!(
        "the Backbone redirects to {destination}, which is never followed: transportLibrary.baseUrl must name the Backbone \
         itself"
    )
}

/// The pause that the Backbone asks for.
pub(super) fn asked_pause(headers: &HeaderMap) -> Option<std::time::Duration> {
    retry_after::read(headers, SystemTime::now())
}
