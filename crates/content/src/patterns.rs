//! The patterns of texts (`docs/protocol/04 §5.3`), which are read by every peer as ECMAScript expressions and shown in hints.

use std::sync::LazyLock;

use regex::Regex;

/// E-mail addresses.
pub const E_MAIL: &str = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9ÄäÖöÜüß]([A-Za-z0-9ÄäÖöÜüß-]{0,61}[A-Za-z0-9ÄäÖöÜüß])?\.)+[A-Za-z0-9ÄäÖöÜüß][A-Za-z0-9ÄäÖöÜüß-]{0,61}[A-Za-z0-9ÄäÖöÜüß]$";
/// Phone numbers.
pub const PHONE: &str = r"^[\d+\-x#*()/[\] ]{3,100}$";
/// Web addresses.
pub const URL: &str = r"^([A-Za-z]+://)?((www\.)|(?!www\.))([A-Za-z0-9ÄäÖöÜüß]([A-Za-zÄäÖöÜüß0-9-]{0,61}[A-Za-zÄäÖöÜüß0-9])?\.)+([A-Za-z0-9ÄäÖöÜüß]([A-Za-zÄäÖöÜüß0-9-]{0,61}[A-Za-zÄäÖöÜüß0-9])?)(:[0-9]+)?(/[A-Za-zÄäÖöÜüß0-9?#@!$&'()*+,;=%-]*)*$";
/// Colours; letters in either case.
pub const HEX_COLOR: &str = r"^#([0-9A-F]{3}){1,2}$";

/// The scheme of a web address, and what may follow it and a leading `www.`: the look-ahead of [`URL`] says no more than that
/// a leading `www.` does not count as a label.
const URL_SCHEME: &str = r"^[A-Za-z]+://";
const URL_AFTER_WWW: &str = r"^([A-Za-z0-9ÄäÖöÜüß]([A-Za-zÄäÖöÜüß0-9-]{0,61}[A-Za-zÄäÖöÜüß0-9])?\.)+([A-Za-z0-9ÄäÖöÜüß]([A-Za-zÄäÖöÜüß0-9-]{0,61}[A-Za-zÄäÖöÜüß0-9])?)(:[0-9]+)?(/[A-Za-zÄäÖöÜüß0-9?#@!$&'()*+,;=%-]*)*$";

const SCHEMA_URL: &str = r"^((([A-Za-z]{3,9}:(?://)?)([-;:&=+$,A-Za-z0-9_]+@)?[A-Za-z0-9.-]+|(www\.|[-;:&=+$,A-Za-z0-9_]+@)[A-Za-z0-9.-]+)((/[+~%/\\.A-Za-z0-9_-]*)?\??([-+=&;%@.A-Za-z0-9_]*)#?([.!/\\A-Za-z0-9_]*))?)$";
const CONSENT_LINK: &str = r"^((([A-Za-z]{3,9}:(?://)?)([-;:&=+$,A-Za-z0-9_]+@)?[A-Za-z0-9.-]+|([Ww][Ww][Ww]\.|[-;:&=+$,A-Za-z0-9_]+@)[A-Za-z0-9.-]+)((/[+~%/.A-Za-z0-9_-]*)?\??([-+=&;%@.A-Za-z0-9_]*)#?([.!/\\A-Za-z0-9_]*))?)$";

/// A pattern, compiled at first use. All of them are constants that a test compiles, so there is always one.
type Compiled = LazyLock<Option<Regex>>;

fn is_match(pattern: &Compiled, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

macro_rules! matcher {
    ($(#[$meta:meta])* $name:ident, $pattern:expr) => {
        $(#[$meta])*
        #[must_use]
        pub fn $name(text: &str) -> bool {
            static COMPILED: Compiled = LazyLock::new(|| Regex::new($pattern).ok());
            is_match(&COMPILED, text)
        }
    };
}

matcher! {
    /// Returns whether the text is an e-mail address.
    is_e_mail, E_MAIL
}
matcher! {
    /// Returns whether the text is a phone number.
    is_phone, r"^[0-9+\-x#*()/\[\] ]{3,100}$"
}
matcher! {
    /// Returns whether the text is a colour.
    is_hex_color, r"^#([0-9A-Fa-f]{3}){1,2}$"
}
matcher! {
    /// Returns whether the text may say where a schema is found.
    is_schema_url, SCHEMA_URL
}
matcher! {
    /// Returns whether the text may say where a consent is found.
    is_consent_link, CONSENT_LINK
}
matcher! {
    /// Returns whether the text is the media type a tag `mimetype:` may hold.
    is_media_type_tag, r"^[a-z*-]+/[a-z*-]+$"
}

/// Returns whether the text is a web address.
#[must_use]
pub fn is_url(text: &str) -> bool {
    static SCHEME: Compiled = LazyLock::new(|| Regex::new(URL_SCHEME).ok());
    static REST: Compiled = LazyLock::new(|| Regex::new(URL_AFTER_WWW).ok());
    let scheme = SCHEME.as_ref().and_then(|pattern| pattern.find(text)).map_or(0, |found| found.end());
    let rest = text.get(scheme..).unwrap_or_default();
    is_match(&REST, rest.strip_prefix("www.").unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_usable() {
        assert!(is_e_mail("a@bc.de") && is_phone("112") && is_hex_color("#fFf") && is_url("x.de"));
        assert!(is_schema_url("http://a") && is_consent_link("WWW.a") && is_media_type_tag("text/*"));
    }

    #[test]
    fn a_leading_www_is_no_label() {
        assert!(is_url("www.a.b") && is_url("wwwa.b") && is_url("https://www.a.b/x?y#z") && is_url("WWW.a"));
        assert!(!is_url("www.a") && !is_url("https://www.a") && !is_url("a") && !is_url("https://a.de/x.html"));
    }

    #[test]
    fn a_trailing_line_end_does_not_match() {
        assert!(!is_e_mail("a@bc.de\n") && !is_url("x.de\n") && !is_phone("112\n"));
    }
}
