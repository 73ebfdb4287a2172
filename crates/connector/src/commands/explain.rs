//! Advice on failures of the start.

use anyhow::anyhow;
use runtime::ApplicationError;
use transport::TransportConfig;

use super::first_contact;

pub(super) const NO_AUTH_GRANT: &str = "error.transport.request.noAuthGrant";
pub(super) const CHECK_CLIENT: &str = "Check transportLibrary.platformClientId and transportLibrary.platformClientSecret: \
     the Backbone's operator knows what they should be.";

/// The error, with advice if there is any.
pub(super) fn explain(error: ApplicationError, transport: &TransportConfig) -> anyhow::Error {
    match hint(error.code()) {
        Some(hint) => anyhow!("{error}: {}\n{hint}", first_contact::place(transport)),
        None => anyhow!(error),
    }
}

fn hint(code: &str) -> Option<&'static str> {
    match code {
        "error.transport.general.platformClientInvalid" => Some(CHECK_CLIENT),
        NO_AUTH_GRANT => Some(
            "The Backbone does not let the Identity in. Does it belong to another Backbone than \
             transportLibrary.baseUrl, or is database.dbName the wrong one? Or was the Identity deleted?",
        ),
        "error.transport.general.noIdentityFound" => Some(
            "Name the database of the Identity in database.connectionString and database.dbName, \
             or set transportLibrary.allowIdentityCreation to true to create a new one.",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn what_cannot_get_better_by_waiting_has_a_hint() {
        assert!(hint("error.transport.general.platformClientInvalid").is_some());
        assert!(hint("error.transport.request.noAuthGrant").is_some());
        assert!(hint("error.platform.unexpected").is_none());
    }
}
