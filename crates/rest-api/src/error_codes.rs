//! The codes unique to this program, with their meanings: the targets of `docs` in the error envelope.

use std::fmt::Write as _;

/// The page that explains them.
pub(crate) const PAGE: &str = "/docs/error-codes";
/// The page that explains the codes of the existing Connector.
const COMMON_PAGE: &str = "https://enmeshed.eu/integrate/error-codes";

/// Code, status and meaning; `docs/error-codes.md` has the same table.
const OWN: &[(&str, u16, &str)] = &[
    (
        "error.connector.http.headersTooLarge",
        431,
        "The request line and the headers have more than 64 KiB, or there are more than 100 headers. Send fewer or shorter ones; long filters can be split.",
    ),
    (
        "error.connector.http.malformedRequest",
        400,
        "What was sent is not HTTP/1.1; the message names the place. Often it is TLS on a port without it, or a header with a line break.",
    ),
    ("error.connector.http.requestTooSlow", 408, "The request line and the headers did not arrive within 60 s."),
    ("error.connector.http.versionNotSupported", 505, "Only HTTP/1.1 and HTTP/1.0 are spoken."),
    (
        "error.connector.overloaded",
        503,
        "As many requests are being worked on as may be, and this one has waited too long. Send it again later.",
    ),
    (
        "error.connector.storeUnavailable",
        503,
        "The database of the Connector cannot be used: it cannot be reached, its disk is full, or it is damaged. GET /health/ready says why. Whether the operation was carried out is unknown.",
    ),
    (
        "error.connector.timeout",
        504,
        "The request was not done in time. A change may still be made: look before you send it again.",
    ),
    (
        "error.connector.tooManyUnauthorizedRequests",
        429,
        "Too many requests with wrong credentials came from this address. Wait as long as Retry-After says.",
    ),
    (
        "error.connector.waitingForBackbone",
        503,
        "The Connector starts, or has no Identity yet because its Backbone cannot be reached. GET /health/ready says why; it is tried again until it works.",
    ),
    (
        "error.connector.validation.invalidMultipartPayload",
        400,
        "The form cannot be read, or has another file than one in the field file.",
    ),
    ("error.connector.validation.invalidPath", 400, "A part of the path is not percent-encoded UTF-8."),
    (
        "error.connector.validation.payloadNestedTooDeeply",
        400,
        "Arrays and objects in the JSON body are nested deeper than 256 levels, more than peers would read as it is.",
    ),
    (
        "error.connector.validation.payloadTooLarge",
        413,
        "The body has more bytes than the message allows: 2 MiB of JSON, 100 KiB of a form, or an upload above its limit.",
    ),
    (
        "error.connector.validation.payloadTooSlow",
        408,
        "The body did not arrive in time: 30 s for JSON, 120 s for an upload.",
    ),
    ("error.connector.validation.unreadablePayload", 400, "The body ended early, or its chunks are malformed."),
    (
        "error.connector.validation.unsupportedPayloadEncoding",
        415,
        "The Content-Encoding is none of gzip, deflate and br, or the charset none of UTF-8, UTF-16 and UTF-32.",
    ),
    ("error.delivery.deliveryIsWaiting", 400, "The delivery is still tried; only dead letters can be removed."),
    (
        "error.delivery.deliveryNotFound",
        404,
        "No delivery that failed or was given up has this id. What was taken is not listed.",
    ),
    (
        "error.delivery.inboxEntryIsNotWaiting",
        400,
        "The entry of the inbox is not tried any more; it can be tried now, or removed.",
    ),
    (
        "error.delivery.inboxEntryIsWaiting",
        400,
        "The entry of the inbox is still tried; only what was given up can be removed.",
    ),
    (
        "error.delivery.inboxEntryNotFound",
        404,
        "No entry of the inbox has this id. What was applied is not in it any more.",
    ),
    ("error.delivery.invalidPosition", 400, "The position after which the event stream is to begin is none."),
    (
        "error.delivery.invalidQuery",
        400,
        "A list of deliveries, the inbox or the event stream was asked for with a parameter that is none, has a wrong value, or is given twice.",
    ),
    ("error.delivery.invalidReplay", 400, "It is not clear what to send once more; the message names the forms."),
    ("error.delivery.invalidTrigger", 400, "A trigger can be the name of no event."),
    (
        "error.delivery.targetIsConfigured",
        400,
        "Only targets that were removed from the configuration can be forgotten.",
    ),
    ("error.delivery.targetNotFound", 404, "No target has this id; GET /api/delivery/v1/Targets lists all."),
    (
        "error.delivery.tooManyEventStreams",
        503,
        "As many event streams are open as infrastructure.httpServer.eventStream.maxStreams allows.",
    ),
    (
        "error.transport.addressDoesNotMatchPublicKey",
        400,
        "What a peer or the Backbone sent names an address that does not belong to the key in it. It is not used.",
    ),
    (
        "error.transport.malformed",
        400,
        "What a peer or the Backbone sent is not the JSON it should be. It is not used.",
    ),
    (
        "error.transport.relationships.relationshipMismatch",
        400,
        "The signed answer to a Relationship belongs to another one. It is not used.",
    ),
    (
        "error.transport.relationships.templateMismatch",
        400,
        "The signed request for a Relationship belongs to another template. It is not used.",
    ),
    (
        "error.transport.request.outcomeUnknown",
        502,
        "Something in front of the Backbone answered in its place, so it is not known whether the operation was carried out. Look before you send it again.",
    ),
    (
        "error.transport.unexpectedIdentity",
        400,
        "Something was signed by another Identity than the Backbone names. It is not used.",
    ),
];

/// The link that explains a code.
pub(crate) fn explanation(code: &str) -> String {
    let is_own = OWN.iter().any(|(own, _, _)| *own == code);
    format!("{}#{code}", if is_own { PAGE } else { COMMON_PAGE })
}

/// The page, in HTML.
pub(crate) fn page() -> String {
    let mut rows = String::new();
    for (code, status, meaning) in OWN {
        // Writing to a string cannot fail.
        let _: std::fmt::Result =
            writeln!(rows, "<tr id=\"{code}\"><td><code>{code}</code></td><td>{status}</td><td>{meaning}</td></tr>");
    }
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error codes</title>\n</head>\n<body>\n\
         <h1>Error codes of this Connector</h1>\n<p>All others are explained at <a href=\"{COMMON_PAGE}\">{COMMON_PAGE}</a>.</p>\n\
         <table>\n<tr><th>Code</th><th>Status</th><th>Meaning</th></tr>\n{rows}</table>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::path::Path;

    use super::*;

    fn text_of(path: &str) -> String {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
    }

    #[test]
    fn own_codes_lead_to_the_own_page_which_has_them() {
        let page = page();
        for (code, _, _) in OWN {
            assert_eq!(explanation(code), format!("/docs/error-codes#{code}"));
            assert!(page.contains(&format!("id=\"{code}\"")), "{code}");
        }
        let common = "error.runtime.recordNotFound";
        assert_eq!(explanation(common), format!("https://enmeshed.eu/integrate/error-codes#{common}"));
    }

    #[test]
    fn the_documentation_has_the_same_table() {
        let documented = text_of("../../docs/error-codes.md");
        let rows: Vec<String> =
            documented.lines().filter(|line| line.starts_with("| `error.")).map(str::to_owned).collect();
        let expected: Vec<String> =
            OWN.iter().map(|(code, status, meaning)| format!("| `{code}` | {status} | {meaning} |")).collect();
        assert_eq!(rows, expected);
    }

    /// Reads the files that declare the codes of this layer, and those of deliveries.
    #[test]
    fn every_code_is_explained_somewhere() {
        let common = text_of("../../docs/protocol/06-rest-api.md");
        let mut count = 0;
        for file in ["src/error.rs", "../runtime/src/error/runtime_error.rs", "../runtime/src/error/from_layers.rs"] {
            let source = text_of(file);
            let codes = source.split('"').filter(|text| {
                ["error.connector.", "error.delivery."].iter().any(|prefix| text.starts_with(prefix))
                    && !text.contains(' ')
            });
            for code in codes {
                let is_own = OWN.iter().any(|(own, _, _)| *own == code);
                assert!(is_own || common.contains(&format!("`{code}`")), "{code} of {file} is explained nowhere");
                count += 1;
            }
        }
        assert!(count > 25, "{count}");
    }
}
