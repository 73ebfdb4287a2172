//! The use cases of two Accounts at an embedded Backbone.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![expect(unreachable_pub, reason = "the support module is private to this test")]

mod support;

use runtime::input::{
    CanCreateRelationshipRequest, CreateChallengeRequest, CreateOwnFileRequest, CreateOwnRelationshipTemplateRequest,
    CreateOwnTokenRequest, CreateRelationshipRequest, CreateTokenForFileRequest, CreateTokenForTemplateRequest,
    LoadPeerFileRequest, LoadPeerRelationshipTemplateRequest, LoadPeerTokenRequest, SendMessageRequest, UploadedFile,
    ValidateChallengeRequest,
};
use runtime::{AccountServices, ApplicationError, ErrorKind, Ownership};
use serde_json::{Value, json};
use support::{World, assert_shape, connect, recorded, shape};

async fn two() -> (World, AccountServices, AccountServices) {
    let world = World::start().await;
    let (one, other) = tokio::join!(world.account(), world.account());
    (world, one.services(), other.services())
}

fn failure<T: std::fmt::Debug>(result: Result<T, ApplicationError>) -> (String, ErrorKind) {
    let error = result.unwrap_err();
    (error.code().to_owned(), error.kind())
}

fn query(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

async fn upload(services: &AccountServices, content: &[u8], fields: &[(&str, &str)]) -> runtime::dto::FileDto {
    let file =
        UploadedFile { content: content.to_vec(), filename: "a.txt".to_owned(), mimetype: "text/plain".to_owned() };
    let request = CreateOwnFileRequest::parse(Some(file), &query(fields), services.now()).unwrap();
    services.files().create_own(request).await.unwrap()
}

async fn send(services: &AccountServices, body: &Value) -> Result<runtime::dto::MessageDto, ApplicationError> {
    services.messages().send(SendMessageRequest::parse(body)?).await
}

#[tokio::test]
async fn account_and_challenges() {
    let (_world, one, other) = two().await;
    let info = one.account().identity_info().await.unwrap();
    assert_shape(&info, "Account: IdentityInfo");
    assert!(info.address.starts_with("did:e:localhost:dids:"));
    assert_eq!(serde_json::to_value(one.account().sync_info().await.unwrap()).unwrap(), json!({}));
    one.account().sync().await.unwrap();
    assert_shape(&one.account().sync_info().await.unwrap(), "Account: SyncInfo after sync");

    let create = |body: Value| CreateChallengeRequest::parse(&body).unwrap();
    let challenge = one.challenges().create(create(json!({ "challengeType": "Identity" }))).await.unwrap();
    assert_shape(&challenge, "Challenges: create Identity");
    assert_eq!(challenge.created_by.as_deref(), Some(info.address.as_str()));

    let validate = |text: &str, signature: &str| {
        ValidateChallengeRequest::parse(&json!({ "challengeString": text, "signature": signature })).unwrap()
    };
    let genuine = validate(&challenge.challenge_string, &challenge.signature);
    let not_found = ("error.transport.recordNotFound".to_owned(), ErrorKind::NotFound);
    assert_eq!(failure(other.challenges().validate(genuine.clone()).await), not_found);

    let relationship = connect(&one, &other).await;
    let result = other.challenges().validate(genuine).await.unwrap();
    assert_shape(&result, "Challenges/Validate: Identity challenge of the peer");
    let error = other.challenges().validate(validate(&challenge.challenge_string, "y")).await.unwrap_err();
    assert_eq!(error.message(), "The signature is invalid.");
    let error = other.challenges().validate(validate("{}", &challenge.signature)).await.unwrap_err();
    assert_eq!(error.message(), "The challengeString is invalid.");

    let body = json!({ "challengeType": "Relationship", "relationship": relationship });
    let by_relationship = one.challenges().create(create(body)).await.unwrap();
    let request = validate(&by_relationship.challenge_string, &by_relationship.signature);
    assert!(other.challenges().validate(request).await.unwrap().is_valid);
    let request = validate(&challenge.challenge_string, &by_relationship.signature);
    let result = serde_json::to_value(other.challenges().validate(request).await.unwrap()).unwrap();
    assert_eq!(result, recorded("Challenges/Validate: signature of another challenge"));

    let device = one.challenges().create(create(json!({ "challengeType": "Device" }))).await.unwrap();
    let error = other.challenges().validate(validate(&device.challenge_string, &device.signature)).await.unwrap_err();
    let expected = recorded("Challenges/Validate: Device challenge is not supported");
    assert_eq!((json!(error.code()), json!(error.message())), (expected["code"].clone(), expected["message"].clone()));
    let body = json!({ "challengeType": "Relationship", "relationship": "REL00000000000000000" });
    assert_eq!(failure(one.challenges().create(create(body)).await).1, ErrorKind::NotFound);
}

#[tokio::test]
async fn files() {
    let (_world, one, other) = two().await;
    let now = one.now();
    let file =
        upload(&one, b"hello", &[("expiresAt", "2035-01-01"), ("title", "My title"), ("description", "desc")]).await;
    assert_shape(&file, "Files: upload ok");
    assert_eq!(file.expires_at.to_string(), "2035-01-01T00:00:00.000Z");
    let tagged = upload(&one, b"", &[("tags", "x:one"), ("tags", "x:two")]).await;
    assert_shape(&tagged, "Files: upload two tags");
    assert_eq!(tagged.expires_at.to_string(), "9999-12-31T00:00:00.000Z");

    assert_eq!(one.files().get(&file.id).await.unwrap(), file);
    assert_eq!(one.files().get(&file.reference.truncated).await.unwrap(), file);
    assert_eq!(failure(one.files().get("FIL00000000000000000").await).1, ErrorKind::NotFound);
    assert_eq!(failure(one.files().get("abc").await).0, "error.core-types.invalidTruncatedReference");
    assert_eq!(failure(one.files().get("FILabc").await).0, "error.runtime.validation.invalidPropertyValue");
    assert_eq!(one.files().download(&tagged.id).await.unwrap().content, b""[..]);
    assert_eq!(
        one.files().list(Ownership::Own, &query(&[("tags", "x:two")])).await.unwrap().all().await.unwrap(),
        [tagged]
    );
    assert_eq!(
        one.files().list(Ownership::Any, &query(&[("title", "~TITLE")])).await.unwrap().all().await.unwrap(),
        std::slice::from_ref(&file)
    );
    assert_eq!(one.files().list(Ownership::Peer, &[]).await.unwrap().all().await.unwrap(), []);

    let token = |body: Value| CreateTokenForFileRequest::parse(&file.id, &body, now).unwrap();
    let plain = one.files().create_token(token(json!({}))).await.unwrap();
    assert_shape(&plain, "Files: token defaults");
    assert!(
        plain.is_ephemeral && one.tokens().list(Ownership::Own, &[]).await.unwrap().all().await.unwrap().is_empty()
    );
    let address = other.account().identity_info().await.unwrap().address;
    let protection = json!({ "password": "1234", "passwordIsPin": true, "passwordLocationIndicator": "Letter" });
    let body = json!({ "ephemeral": false, "forIdentity": address, "passwordProtection": protection });
    let protected = one.files().create_token(token(body)).await.unwrap();
    assert_shape(&protected, "Files: token all options");
    let dto = serde_json::to_value(&protected).unwrap();
    assert_eq!(dto["passwordProtection"], recorded("Files: token all options")["passwordProtection"]);
    assert_eq!(
        one.tokens().list(Ownership::Own, &[]).await.unwrap().all().await.unwrap(),
        std::slice::from_ref(&protected)
    );

    let load = |body: Value| LoadPeerFileRequest::parse(&body).unwrap();
    let no_password = other.files().load_peer(load(json!({ "reference": protected.reference.truncated }))).await;
    assert_eq!(failure(no_password).0, "error.transport.noPasswordProvided");
    let body = json!({ "reference": protected.reference.truncated, "password": "9999" });
    let not_found = ("error.runtime.recordNotFound".to_owned(), ErrorKind::NotFound);
    assert_eq!(failure(other.files().load_peer(load(body)).await), not_found);
    let body = json!({ "reference": protected.reference.url, "password": "1234" });
    let loaded = other.files().load_peer(load(body)).await.unwrap();
    assert_shape(&loaded, "Files: peer load by token reference");
    assert_eq!(other.files().load_peer(load(json!({ "reference": file.reference.url }))).await.unwrap(), loaded);
    assert_eq!(other.files().download(&file.id).await.unwrap().content, b"hello"[..]);
    let refused = other.files().regenerate_ownership_token(&file.id).await;
    assert_eq!(failure(refused).0, "error.runtime.files.notOwnedByYou");
    let regenerated = one.files().regenerate_ownership_token(&file.id).await.unwrap();
    assert_ne!(regenerated.ownership_token, file.ownership_token);

    one.files().delete(&file.id).await.unwrap();
    assert_eq!(failure(one.files().get(&file.id).await), not_found);
    assert_eq!(one.files().delete("abc").await.unwrap_err().message(), "fileId must match pattern FIL[A-Za-z0-9]{17}");
}

#[tokio::test]
async fn tokens() {
    let (_world, one, other) = two().await;
    let create = |body: Value| CreateOwnTokenRequest::parse(&body, one.now()).unwrap();
    let token =
        one.tokens().create_own(create(json!({ "content": { "a": 1 }, "expiresAt": "2035-01-01" }))).await.unwrap();
    assert_shape(&token, "Tokens: own (json content)");
    let body = json!({
        "content": { "a": 1 }, "expiresAt": "2035-01-01", "forIdentity": other.account().identity_info().await.unwrap().address,
        "passwordProtection": { "password": "pw", "passwordLocationIndicator": "SMS" },
    });
    let protected = one.tokens().create_own(create(body)).await.unwrap();
    assert_shape(&protected, "Tokens: own password and forIdentity");
    let body = json!({ "content": { "@type": "NoSuchType" }, "expiresAt": "2035-01-01" });
    assert_eq!(failure(one.tokens().create_own(create(body)).await).0, "error.runtime.invalidTokenContent");
    assert_eq!(one.tokens().get(&token.id).await.unwrap(), token);
    assert_eq!(one.tokens().get("abc").await.unwrap_err().message(), "id must match pattern TOK[A-Za-z0-9]{17}");
    let by_indicator = query(&[("passwordProtection.passwordLocationIndicator", "5")]);
    assert_eq!(one.tokens().list(Ownership::Own, &by_indicator).await.unwrap().all().await.unwrap(), [protected]);

    let load = |body: Value| LoadPeerTokenRequest::parse(&body).unwrap();
    let body = json!({ "reference": token.reference.url, "ephemeral": true });
    let loaded = other.tokens().load_peer(load(body)).await.unwrap();
    assert_shape(&loaded, "Tokens: peer load ephemeral");
    assert!(
        loaded.is_ephemeral && other.tokens().list(Ownership::Peer, &[]).await.unwrap().all().await.unwrap().is_empty()
    );
    let loaded = other.tokens().load_peer(load(json!({ "reference": token.reference.truncated }))).await.unwrap();
    assert_eq!(other.tokens().list(Ownership::Peer, &[]).await.unwrap().all().await.unwrap(), [loaded]);
    let request = LoadPeerFileRequest::parse(&json!({ "reference": token.reference.truncated })).unwrap();
    assert_eq!(failure(other.files().load_peer(request).await).0, "error.runtime.invalidTokenContent");
}

#[tokio::test]
async fn templates() {
    let (_world, one, other) = two().await;
    let now = one.now();
    let create = |body: Value| CreateOwnRelationshipTemplateRequest::parse(&body, now).unwrap();
    let item = json!({ "@type": "AuthenticationRequestItem", "title": "Please confirm", "mustBeAccepted": false });
    let content = json!({ "@type": "RelationshipTemplateContent", "title": "Hello", "onNewRelationship": { "@type": "Request", "items": [item] } });
    let body = json!({ "content": content, "expiresAt": "2035-01-01T00:00:00.000Z", "maxNumberOfAllocations": 5 });
    let template = one.templates().create_own(create(body)).await.unwrap();
    assert_shape(&template, "RelationshipTemplates: own RelationshipTemplateContent");
    let expected = &recorded("RelationshipTemplates: own RelationshipTemplateContent")["content"];
    assert_eq!(template.content["onNewRelationship"].to_string(), expected["onNewRelationship"].to_string());

    let address = other.account().identity_info().await.unwrap().address;
    let protection = json!({ "password": "123456", "passwordIsPin": true, "passwordLocationIndicator": 60 });
    let content = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": 1 });
    let body = json!({ "content": content, "expiresAt": "2035-01-01", "forIdentity": address, "passwordProtection": protection });
    let personal = one.templates().create_own(create(body)).await.unwrap();
    assert_eq!(serde_json::to_value(&personal).unwrap()["passwordProtection"], protection);

    let token = |id: &str, body: Value| CreateTokenForTemplateRequest::parse(id, &body, now).unwrap();
    let plain = one.templates().create_token(token(&template.id, json!({}))).await.unwrap();
    assert_shape(&plain, "RelationshipTemplates: token defaults");
    for (body, code) in [
        (json!({}), "personalizationMustBeInherited"),
        (json!({ "forIdentity": address }), "passwordProtectionMustBeInherited"),
        (
            json!({ "forIdentity": address, "passwordProtection": { "password": "123456", "passwordIsPin": true } }),
            "passwordProtectionMustBeInherited",
        ),
    ] {
        let error = failure(one.templates().create_token(token(&personal.id, body)).await);
        assert_eq!(error.0, format!("error.runtime.relationshipTemplates.{code}"));
    }
    let body = json!({ "forIdentity": address, "passwordProtection": protection });
    let inherited = one.templates().create_token(token(&personal.id, body)).await.unwrap();
    // The recorded Token revealed the template's password to every reader; later versions do not, and nor do we.
    let mut expected = recorded("RelationshipTemplates: token of a protected template, all inherited");
    expected["content"]["passwordProtection"].as_object_mut().unwrap().shift_remove("password").unwrap();
    assert_eq!(shape(&serde_json::to_value(&inherited).unwrap()).to_string(), shape(&expected).to_string());

    let load = |body: Value| LoadPeerRelationshipTemplateRequest::parse(&body).unwrap();
    let body = json!({ "reference": personal.reference.truncated });
    assert_eq!(failure(other.templates().load_peer(load(body)).await).0, "error.transport.noPasswordProvided");
    let body = json!({ "reference": inherited.reference.url, "password": "123456" });
    let loaded = other.templates().load_peer(load(body)).await.unwrap();
    assert_eq!((loaded.id.as_str(), loaded.is_own), (personal.id.as_str(), false));
    let error = failure(other.templates().create_token(token(&personal.id, json!({}))).await);
    assert_eq!(error.0, "error.runtime.relationshipTemplates.cannotCreateTokenForPeerTemplate");
    assert_eq!(other.templates().list(Ownership::Peer, &[]).await.unwrap().all().await.unwrap(), [loaded]);
    let pins = query(&[("passwordProtection.passwordIsPin", "true")]);
    assert_eq!(one.templates().list(Ownership::Any, &pins).await.unwrap().all().await.unwrap(), [personal]);
}

#[tokio::test]
async fn relationships() {
    let (_world, one, other) = two().await;
    let can_create = |id: &str| CanCreateRelationshipRequest::parse(&json!({ "templateId": id })).unwrap();
    let result = other.relationships().can_create(can_create("RLT00000000000000000")).await.unwrap();
    assert_eq!(serde_json::to_value(result).unwrap(), recorded("Relationships/CanCreate: unknown template"));
    let body = json!({ "templateId": "RLT00000000000000000", "creationContent": 1 });
    let request = CreateRelationshipRequest::parse(&body).unwrap();
    assert_eq!(failure(other.relationships().create(request).await).1, ErrorKind::NotFound);

    let id = connect(&one, &other).await;
    let relationship = one.relationships().get(&id).await.unwrap();
    assert_shape(&relationship, "Relationships: accept");
    let again = other.relationships().can_create(can_create(&relationship.template_id)).await.unwrap();
    assert_eq!(again.code.as_deref(), Some("error.transport.relationships.relationshipCurrentlyExists"));
    let error = one.relationships().accept(&id).await;
    assert_eq!(
        failure(error),
        ("error.transport.relationships.wrongRelationshipStatus".to_owned(), ErrorKind::Invalid)
    );
    assert_eq!(failure(one.relationships().accept("REL00000000000000000").await).1, ErrorKind::NotFound);
    let error = one.relationships().accept("abc").await.unwrap_err();
    assert_eq!(error.message(), "relationshipId must match pattern REL[A-Za-z0-9]{17}");
    assert_eq!(one.relationships().get("abc").await.unwrap_err().message(), "id must match pattern REL[A-Za-z0-9]{17}");
    assert_eq!(one.relationships().list(&query(&[("status", "Active")])).await.unwrap().all().await.unwrap().len(), 1);
    assert_eq!(one.relationships().list(&query(&[("peer", "x")])).await.unwrap().all().await.unwrap(), []);

    assert_shape(&one.relationships().terminate(&id).await.unwrap(), "Relationships: terminate");
    let mail = json!({
        "recipients": [relationship.peer], "content": { "@type": "Mail", "to": [relationship.peer], "subject": "s", "body": "b" },
    });
    assert_eq!(failure(send(&one, &mail).await).0, "error.runtime.messages.hasNoActiveRelationship");
    assert_shape(&one.relationships().request_reactivation(&id).await.unwrap(), "Relationships: request reactivation");
    let error = failure(one.relationships().accept_reactivation(&id).await);
    assert_eq!(error.0, "error.transport.relationships.operationOnlyAllowedForPeer");
    other.account().sync().await.unwrap();
    other.relationships().accept_reactivation(&id).await.unwrap();
    one.account().sync().await.unwrap();
    assert_eq!(serde_json::to_value(one.relationships().get(&id).await.unwrap()).unwrap()["status"], "Active");

    one.relationships().terminate(&id).await.unwrap();
    one.relationships().decompose(&id).await.unwrap();
    assert_eq!(failure(one.relationships().get(&id).await).1, ErrorKind::NotFound);
    other.account().sync().await.unwrap();
    other.relationships().decompose(&id).await.unwrap();
}

#[tokio::test]
async fn messages() {
    let (_world, one, other) = two().await;
    connect(&one, &other).await;
    let address = other.account().identity_info().await.unwrap().address;
    let file = upload(&one, b"hello", &[("title", "My title"), ("description", "desc")]).await;
    let mail = |to: &str| json!({ "@type": "Mail", "to": [to], "subject": "Hi", "body": "Text" });
    let body = json!({ "recipients": [address], "content": mail(&address), "attachments": [file.id] });
    let message = send(&one, &body).await.unwrap();
    assert_shape(&message, "Messages: send mail with attachment");

    let stranger = "did:e:localhost:dids:0000000000000000000000";
    let deleted =
        json!({ "@type": "OwnAttributeDeletedByOwnerNotificationItem", "attributeId": "ATT00000000000000000" });
    let question = json!({ "@type": "AuthenticationRequestItem", "title": "t", "mustBeAccepted": true });
    for (body, code) in [
        (
            json!({ "recipients": [stranger], "content": mail(stranger) }),
            "error.runtime.messages.hasNoActiveRelationship",
        ),
        (
            json!({ "recipients": [stranger], "content": { "@type": "Notification", "id": "NOT00000000000000000", "items": [deleted] } }),
            "error.transport.messages.hasNeitherActiveNorTerminatedRelationship",
        ),
        (
            json!({ "recipients": [address], "content": mail(stranger) }),
            "error.runtime.validation.invalidPropertyValue",
        ),
        (
            json!({ "recipients": [address], "content": { "@type": "Request", "items": [question] } }),
            "error.runtime.validation.invalidPropertyValue",
        ),
        (
            json!({ "recipients": [address], "content": { "@type": "Request", "id": "REQ00000000000000000", "items": [question] } }),
            "error.runtime.recordNotFound",
        ),
        (
            json!({ "recipients": [address, stranger], "content": { "@type": "Request", "id": "x", "items": [question] } }),
            "error.runtime.validation.invalidPropertyValue",
        ),
        (
            json!({ "recipients": [address], "content": mail(&address), "attachments": ["FIL00000000000000000"] }),
            "error.runtime.recordNotFound",
        ),
    ] {
        assert_eq!(failure(send(&one, &body).await).0, code, "{body}");
    }

    other.account().sync().await.unwrap();
    let received = other.messages().get(&message.id).await.unwrap();
    // A Backbone reports when the Message was fetched; the recorded one did not.
    let recorded_message = recorded("Messages: received at the peer");
    let attachments = serde_json::to_value(&received.attachments).unwrap();
    assert_eq!(shape(&attachments).to_string(), shape(&recorded_message["attachments"]).to_string());
    assert_eq!(
        received.content,
        json!({ "@type": "Mail", "body": "Text", "cc": [], "subject": "Hi", "to": [address] })
    );
    assert_eq!(other.messages().download_attachment(&message.id, &file.id).await.unwrap().content, b"hello"[..]);
    assert_eq!(other.messages().attachment(&message.id, &file.id).await.unwrap().id, file.id);
    let error = other.messages().attachment(&message.id, "FIL00000000000000000").await.unwrap_err();
    let expected = recorded("Messages: attachment not in the message");
    assert_eq!((json!(error.code()), json!(error.message())), (expected["code"].clone(), expected["message"].clone()));
    let error = other.messages().attachment(&message.id, "abc").await.unwrap_err();
    assert_eq!(error.message(), "attachmentId must match pattern FIL[A-Za-z0-9]{17}");
    assert_eq!(failure(other.messages().get("MSG00000000000000000").await).1, ErrorKind::NotFound);
    let found = |pairs: &[(&str, &str)]| {
        let (messages, query) = (other.messages(), query(pairs));
        async move { messages.list(&query).await.unwrap().all().await.unwrap().len() }
    };
    assert_eq!(found(&[("attachments", "+"), ("content.@type", "Mail"), ("isOwn", "false")]).await, 1);
    assert_eq!(found(&[("participant", &address)]).await, 1);
    assert_eq!(found(&[("content.subject", "^hI")]).await, 1);
    assert_eq!(found(&[("wasReadAt", "")]).await, 0);
}

#[tokio::test]
async fn health_follows_the_backbone() {
    let world = World::start().await;
    let (healthy, checked_later) = tokio::join!(world.account(), world.account());
    let health = serde_json::to_value(healthy.health().check().await).unwrap();
    assert_eq!(
        health.to_string(),
        r#"{"isHealthy":true,"services":{"database":"healthy","backboneConnection":"healthy","backboneAuthentication":"healthy"}}"#
    );
    world.stop_backbone();
    // Served connections are finished; new ones are refused.
    let health = serde_json::to_value(checked_later.health().check().await).unwrap();
    assert_eq!((&health["isHealthy"], &health["services"]["database"]), (&json!(false), &json!("healthy")));
    assert_eq!(health["services"]["backboneConnection"], "unhealthy");
    assert!(healthy.health().check().await.is_healthy, "a recent result is reused");
}
