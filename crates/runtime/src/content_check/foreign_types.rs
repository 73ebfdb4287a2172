//! Types that peers know in addition to those of `content`: their storage formats and key material. None of them may
//! occur in a content, but peers parse the types they know before they check the position, and refuse them with other
//! codes than unknown types.

use serde_json::Value;

use crate::error::{ApplicationError, RuntimeError};

/// Types of objects, each with the member that is checked first (`vectors/registered-types.json`).
const OBJECTS: &[(&str, &str)] = &[
    ("CoreAddress", "address"),
    ("CoreId", "id"),
    ("CryptoPrivateKey", "algorithm"),
    ("CryptoPublicKey", "algorithm"),
    ("CryptoExchangeSecrets", "algorithm"),
    ("CryptoRelationshipPublicRequest", "signatureKey"),
    ("CryptoRelationshipPublicResponse", "signatureKey"),
    ("CryptoRelationshipRequestSecrets", "exchangeKeypair"),
    ("CryptoRelationshipSecrets", "type"),
    ("CryptoStreamAddress", "address"),
    ("CryptoStreamHeader", "header"),
    ("CryptoStreamState", "address"),
    ("Reference", "id"),
    ("FileReference", "id"),
    ("AnnouncementAction", "displayName"),
    ("Announcement", "id"),
    ("RelationshipAuditLogEntry", "createdAt"),
    ("Relationship", "relationshipSecretId"),
    ("Challenge", "id"),
    ("SecretContainerCipher", "createdAt"),
    ("SecretContainerPlain", "id"),
    ("DatawalletModification", "localId"),
    ("Device", "createdAt"),
    ("DeviceSecretCredentials", "id"),
    ("File", "secretKey"),
    ("SendFileParameters", "filename"),
    ("FileMetadata", "filename"),
    ("RelationshipTemplateReference", "id"),
    ("RelationshipTemplate", "secretKey"),
    ("MessageRecipient", "address"),
    ("Message", "secretKey"),
    ("SendMessageParameters", "recipients"),
    ("MessageContentWrapper", "content"),
    ("MessageEnvelopeRecipient", "address"),
    ("MessageEnvelope", "id"),
    ("MessageSignature", "recipient"),
    ("MessageSigned", "signatures"),
    ("SendRelationshipTemplateParameters", "content"),
    ("RelationshipTemplateContentWrapper", "identity"),
    ("RelationshipTemplateSigned", "serializedTemplate"),
    ("RelationshipCreationContentCipher", "cipher"),
    ("RelationshipCreationContentSigned", "serializedCreationContent"),
    ("RelationshipCreationContentWrapper", "identity"),
    ("RelationshipCreationResponseContentCipher", "cipher"),
    ("RelationshipCreationResponseContentSigned", "serializedCreationResponseContent"),
    ("RelationshipCreationResponseContentWrapper", "relationshipId"),
    ("IdentityDeletionProcess", "status"),
    ("SendTokenParameters", "id"),
    ("TokenReference", "id"),
    ("Token", "secretKey"),
    ("SendRelationshipParameters", "creationContent"),
    ("EmptyToken", "id"),
    ("EmittedAttributeDeletionInfo", "deletionStatus"),
    ("ReceivedAttributeDeletionInfo", "deletionStatus"),
    ("AttributeForwardingDetails", "attributeId"),
    ("AttributeTagCollection", "supportedLanguages"),
    ("AttributeTag", "displayNames"),
    ("LocalAttribute", "content"),
    ("OwnIdentityAttribute", "content"),
    ("OwnRelationshipAttribute", "content"),
    ("PeerIdentityAttribute", "content"),
    ("PeerRelationshipAttribute", "content"),
    ("ThirdPartyRelationshipAttribute", "content"),
    ("OwnIdentityAttributeSuccessorParams", "content"),
    ("OwnRelationshipAttributeSuccessorParams", "content"),
    ("PeerIdentityAttributeSuccessorParams", "content"),
    ("PeerRelationshipAttributeSuccessorParams", "content"),
    ("ThirdPartyRelationshipAttributeSuccessorParams", "content"),
    ("Draft", "type"),
    ("IdentityMetadata", "reference"),
    ("LocalNotificationSource", "type"),
    ("LocalNotification", "isOwn"),
    ("CheckPrerequisitesOfIncomingRequestParameters", "requestId"),
    ("LocalRequestStatusLogEntry", "createdAt"),
    ("LocalResponseSource", "type"),
    ("LocalResponse", "createdAt"),
    ("LocalRequestSource", "type"),
    ("LocalRequest", "isOwn"),
    ("InternalDecideRequestParameters", "requestId"),
    ("ReceivedIncomingRequestParameters", "receivedRequest"),
    ("AcceptDeleteAttributeRequestItemParameters", "deletionDate"),
    ("AcceptFormFieldRequestItemParameters", "response"),
    ("AcceptProposeAttributeRequestItemParameters", "attribute"),
    ("AcceptReadAttributeRequestItemParameters", "newAttribute"),
    ("CompleteOutgoingRequestParameters", "requestId"),
    ("CreateAndCompleteOutgoingRequestFromRelationshipTemplateResponseParameters", "template"),
    ("CanCreateOutgoingRequestParameters", "content"),
    ("CreateOutgoingRequestParameters", "content"),
    ("SentOutgoingRequestParameters", "requestId"),
    ("Setting", "key"),
    ("RuntimeDatabaseSchemaMetadata", "version"),
];
/// Types without required members.
const EMPTY_OBJECTS: &[&str] = &["JSONWrapperAsync", "SendDeviceParameters"];
/// Types of bytes and keys. On unreadable input their classes fail with errors that are not errors of contents.
const MATERIAL: &[&str] = &[
    "CoreDate",
    "CoreBuffer",
    "CryptoSecretKey",
    "CryptoCipher",
    "CryptoExchangePublicKey",
    "CryptoExchangePrivateKey",
    "CryptoExchangeKeypair",
    "CryptoSignaturePublicKey",
    "CryptoSignature",
    "CryptoSignaturePrivateKey",
    "CryptoSignatureKeypair",
    "CryptoPublicState",
    "CryptoPrivateStateReceive",
    "CryptoPrivateStateTransmit",
    "ChallengeSigned",
    "RelationshipTemplatePublicKey",
];

/// The reason for refusing an object of a type that only peers know: its missing member, otherwise its position
/// `place`. Without a place it is the content itself, and the caller reports the permitted contents. `None` if peers do
/// not know the type either.
pub(super) fn refusal(object: &Value, type_name: &str, place: Option<&str>) -> Option<Option<ApplicationError>> {
    if MATERIAL.contains(&type_name) {
        let message = format!("A {type_name} cannot be read here, and may not stand in a content.");
        return Some(Some(ApplicationError::from(RuntimeError::Unknown(message))));
    }
    let first = OBJECTS.iter().find(|(name, _)| *name == type_name).map(|(_, first)| *first);
    let missing = first.filter(|first| object.get(first).is_none_or(Value::is_null));
    if first.is_none() && !EMPTY_OBJECTS.contains(&type_name) {
        return None;
    }
    Some(match (missing, place) {
        (Some(member), _) => Some(ApplicationError::from(RuntimeError::RequestDeserialization(format!(
            "{type_name}.{member} :: Value is not defined"
        )))),
        (None, Some(place)) => Some(ApplicationError::from(RuntimeError::RequestDeserialization(format!(
            "{place} :: A {type_name} may not stand here."
        )))),
        (None, None) => None,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use content::Reader;
    use core_types::Timestamp;
    use serde_json::json;

    use super::super::{check_creation_content, check_message_content, check_token_content};
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const WRONG_PLACE: &str = "error.runtime.validation.invalidPropertyValue";

    fn code_of_message(content: &Value) -> String {
        check_message_content(content, NOW).unwrap_err().code().to_owned()
    }

    /// For a template and the answer to it; a Message gives the same codes, and a Token accepts neither.
    #[test]
    fn every_class_of_the_peers_is_refused_with_their_code() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/registered-types.json");
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert!(cases.len() > 200);
        let mut differences = Vec::new();
        for case in cases {
            let type_name = case["type"].as_str().unwrap();
            let content = json!({ "@type": type_name, "a": "A" });
            let expected = case["code"].as_str().unwrap_or(WRONG_PLACE);
            let template = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": 1 });
            let creation = check_creation_content(&content, &template, NOW).unwrap_err().code().to_owned();
            for code in [creation, code_of_message(&content)] {
                if code != expected {
                    differences.push(format!("{type_name}: {code}"));
                }
            }
            if Reader::new(NOW).read(&content).is_err() {
                let code = check_token_content(&content, NOW).unwrap_err().code().to_owned();
                assert_eq!(code, "error.runtime.invalidTokenContent", "{type_name}");
            }
        }
        assert!(differences.is_empty(), "{differences:?}");
    }

    #[test]
    fn what_is_right_in_itself_stands_in_the_wrong_place() {
        assert_eq!(code_of_message(&json!({ "@type": "CoreId", "id": "x" })), WRONG_PLACE);
        assert_eq!(code_of_message(&json!({ "@type": "SendDeviceParameters" })), WRONG_PLACE);
        let code = code_of_message(&json!({ "@type": "Message", "@version": 2, "secretKey": "x" }));
        assert_eq!(code, "error.runtime.unknownType");
        let template = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": 1 });
        for (response, expected) in [
            (json!({ "@type": "Nope" }), "error.runtime.unknownType"),
            (json!({ "@type": "Message" }), "error.runtime.requestDeserialization"),
            (json!({ "@type": "Message", "secretKey": "x" }), "error.runtime.requestDeserialization"),
            (json!({ "@type": "SendDeviceParameters" }), "error.runtime.requestDeserialization"),
            (json!({ "@type": "CryptoSecretKey" }), "error.runtime.unknown"),
        ] {
            let content = json!({ "@type": "RelationshipCreationContent", "response": response });
            let error = check_creation_content(&content, &template, NOW).unwrap_err();
            assert_eq!(error.code(), expected, "{response}");
            assert_eq!(error.kind(), crate::error::ErrorKind::Invalid);
        }
    }

    #[test]
    fn the_texts_are_known() {
        let error = check_message_content(&json!({ "@type": "Message", "a": "A" }), NOW).unwrap_err();
        assert_eq!(error.message(), "Message.secretKey :: Value is not defined");
    }
}
