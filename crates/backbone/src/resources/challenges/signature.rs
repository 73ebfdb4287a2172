use backbone_api::challenges::SignedChallenge;
use backbone_api::{Bytes, codes};
use core_types::ChallengeId;
use crypto::{HashLabel, Signature, SignaturePublicKey};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::http::ApiError;

const SIGNATURE_BYTES: usize = 64;
const PUBLIC_KEY_BYTES: usize = 32;

/// A challenge whose signature has been checked; its id comes from the signed text.
#[derive(Debug)]
pub(crate) struct VerifiedChallenge {
    pub(crate) id: ChallengeId,
}

#[derive(Deserialize)]
struct SignatureJson {
    sig: Bytes,
    #[serde(rename = "alg")]
    _alg: IgnoredAny,
}

#[derive(Deserialize)]
struct PublicKeyJson {
    r#pub: Bytes,
    #[serde(rename = "alg")]
    _alg: IgnoredAny,
}

/// Reads the `identityPublicKey` of a new Identity.
pub(crate) fn parse_public_key(json: &Bytes) -> Result<SignaturePublicKey, ApiError> {
    let refuse = || ApiError::invalid_property("'identityPublicKey' is not a public key.");
    let key: PublicKeyJson = serde_json::from_slice(json.as_slice()).map_err(|_| refuse())?;
    let bytes: [u8; PUBLIC_KEY_BYTES] = key.r#pub.0.try_into().map_err(|_| refuse())?;
    Ok(SignaturePublicKey::from_bytes(bytes))
}

/// Checks the signature over the exact text and reads the id out of it.
pub(crate) fn verify(signed: &SignedChallenge, key: &SignaturePublicKey) -> Result<VerifiedChallenge, ApiError> {
    let invalid = || ApiError::rule(codes::DEVICE_INVALID_SIGNATURE, "The given signature is not valid.");
    let signature: SignatureJson = serde_json::from_slice(signed.signature.as_slice())
        .map_err(|_| ApiError::cannot_parse("'signedChallenge.signature': It is not a signature."))?;
    let bytes: [u8; SIGNATURE_BYTES] = signature.sig.0.try_into().map_err(|_| invalid())?;
    // The label names the hash of another layer; Ed25519 has its own.
    let signature = Signature::from_bytes(bytes, HashLabel::Sha512);
    if !key.verify(signed.challenge.as_bytes(), &signature).unwrap_or(false) {
        return Err(invalid());
    }
    parse(&signed.challenge)
        .ok_or_else(|| ApiError::cannot_parse("'signedChallenge.challenge': It is not a challenge."))
}

fn parse(text: &str) -> Option<VerifiedChallenge> {
    let members: Map<String, Value> = serde_json::from_str(text).ok()?;
    let member =
        |name: &str| members.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    member("expiresAt")?.as_str()?;
    Some(VerifiedChallenge { id: ChallengeId::new(member("id")?.as_str()?) })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn cases() -> Vec<Value> {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/challenges.json");
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        vectors["cases"].as_array().unwrap().clone()
    }

    #[test]
    fn accepts_what_the_peers_send_to_create_an_identity() {
        let mut checked = 0;
        for case in cases() {
            let body = &case["request_body"];
            let Ok(key) = serde_json::from_value::<Bytes>(body["identityPublicKey"].clone()) else { continue };
            let key = parse_public_key(&key).unwrap();
            let mut signed: SignedChallenge = serde_json::from_value(body["signedChallenge"].clone()).unwrap();
            assert!(verify(&signed, &key).unwrap().id.as_str().starts_with("CHL"));
            signed.challenge.push(' ');
            assert!(matches!(verify(&signed, &key), Err(ApiError::Rule { code: codes::DEVICE_INVALID_SIGNATURE, .. })));
            checked += 1;
        }
        assert!(checked > 0, "the vectors hold no identity creation");
    }

    #[test]
    fn reads_the_members_of_a_challenge_in_any_case() {
        assert_eq!(parse(r#"{"Id":"CHL1","EXPIRESAT":"x","type":"Identity"}"#).unwrap().id, "CHL1");
        for text in ["", "{}", "[]", r#"{"id":"CHL1"}"#, r#"{"id":1,"expiresAt":"x"}"#] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn refuses_other_things_than_keys() {
        for json in ["", "{}", r#"{"pub":"AAAA","alg":3}"#, r#"{"pub":5,"alg":3}"#] {
            assert!(parse_public_key(&Bytes::from(json.as_bytes())).is_err(), "{json}");
        }
    }
}
