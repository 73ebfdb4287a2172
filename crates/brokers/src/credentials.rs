//! Credentials in URLs.

use settings::Wrong;
use url::Url;

/// Refuses a URL in which a part of a password would be taken for something else, and be shown: `/`, `?` and `#` end
/// the part with the credentials.
pub(crate) fn whole_credentials(url: &Url) -> Result<(), Wrong> {
    let rest = [Some(url.path()), url.query(), url.fragment()];
    if rest.into_iter().flatten().any(|part| part.contains('@')) {
        return Err(Wrong::new("must have / ? # and @ percent-encoded in user, password and path: %2F %3F %23 %40"));
    }
    Ok(())
}
