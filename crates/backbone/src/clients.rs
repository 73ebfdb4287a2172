use backbone_api::SecretText;
use core_types::TierId;
use subtle::ConstantTimeEq as _;

/// An application that may use the Backbone (`docs/protocol/03 §2`).
#[derive(Debug, Clone)]
pub struct OAuthClient {
    /// Its public name.
    pub id: String,
    /// Its secret.
    pub secret: SecretText,
    /// How many Identities it may create; no limit when absent.
    pub max_identities: Option<u64>,
}

impl OAuthClient {
    /// A client without limit.
    #[must_use]
    pub fn new(id: impl Into<String>, secret: impl Into<SecretText>) -> Self {
        Self { id: id.into(), secret: secret.into(), max_identities: None }
    }
}

/// A client as it is in force, with what the administrator says about it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: SecretText,
    pub(crate) max_identities: Option<u64>,
    /// The tier of Identities it creates.
    pub(crate) default_tier: TierId,
}

/// The client of this name, if the secret is its own.
pub(crate) fn authenticate<'a>(clients: &'a [Client], id: &str, secret: &str) -> Option<&'a Client> {
    let client = clients.iter().find(|client| client.id == id)?;
    // Equal lengths are what the comparison needs, and hide the secret's.
    let (given, expected) = (crypto::hash::sha256(secret), crypto::hash::sha256(client.secret.expose()));
    bool::from(given.ct_eq(&expected)).then_some(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str, secret: &str) -> Client {
        Client { id: id.to_owned(), secret: secret.into(), max_identities: None, default_tier: TierId::new("TIR1") }
    }

    #[test]
    fn only_the_right_pair_is_authenticated() {
        let clients = [client("one", "first"), client("two", "second")];
        assert_eq!(authenticate(&clients, "two", "second").map(|client| client.id.as_str()), Some("two"));
        for (id, secret) in [("two", "first"), ("three", "first"), ("", ""), ("one", "first ")] {
            assert!(authenticate(&clients, id, secret).is_none(), "{id} {secret}");
        }
    }
}
