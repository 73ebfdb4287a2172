//! Accounts on an embedded Backbone.
use crate::support::{TestAccount, TestBackbone, creation_content, in_one_hour, new_template, relate, request};
use bytes::Bytes;
use core_types::{PasswordProtectionCreationParameters, Reference, ReferenceKind};
use protocol::{
    challenge::ChallengeType,
    token::{TokenContent, TokenContentFile, TokenContentRelationshipTemplate},
};
use serde_json::json;
use transport::{
    SendFile, SendMessage, SendTemplate, SendToken,
    documents::{File, RelationshipStatus, RelationshipTemplate, Token},
};

fn file(content: &'static [u8]) -> SendFile {
    SendFile {
        content: Bytes::from_static(content),
        filename: "a.txt".to_owned(),
        mimetype: "text/plain".to_owned(),
        expires_at: in_one_hour(),
        title: Some("Title".to_owned()),
        description: None,
        filemodified: None,
        tags: Some(vec!["x".to_owned()]),
    }
}

fn message_to(recipients: &[&TestAccount], attachments: Vec<File>) -> SendMessage {
    SendMessage {
        recipients: recipients.iter().map(|recipient| recipient.address()).collect(),
        content: json!({ "@type": "ArbitraryMessageContent", "value": "hällo" }),
        attachments,
    }
}

#[tokio::test]
async fn a_handshake_makes_an_active_relationship_on_both_sides() {
    let backbone = TestBackbone::start().await;
    let (templator, requestor) = (backbone.account().await, backbone.account().await);
    let template = templator.template().await;
    let loaded = requestor.templates().load_by_reference(&templator.reference(&template), None).await.unwrap();
    assert_eq!(loaded.content, template.content);
    assert_eq!(loaded.identity, *templator.identity());
    assert!(!loaded.is_own && template.is_own);

    assert!(requestor.relationships().can_send(&loaded).await.unwrap().is_none());
    let sent = requestor.relationships().send(&loaded, creation_content()).await.unwrap();
    assert_eq!(sent.status, RelationshipStatus::Pending);
    assert_eq!(sent.peer, *templator.identity());
    let refused = requestor.relationships().can_send(&loaded).await.unwrap().unwrap();
    assert_eq!(refused.code(), "error.transport.relationships.relationshipCurrentlyExists");

    let changed = templator.sync().everything().await.unwrap();
    assert_eq!(changed.relationships.len(), 1);
    let received = templator.relationships().get(&sent.id).await.unwrap().unwrap();
    assert_eq!(received.status, RelationshipStatus::Pending);
    assert_eq!(received.creation_content, creation_content());
    assert_eq!(received.peer, *requestor.identity());

    let error = requestor.relationships().accept(&sent.id).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.relationships.operationOnlyAllowedForPeer");
    let accepted = templator.relationships().accept(&sent.id).await.unwrap();
    assert_eq!(accepted.status, RelationshipStatus::Active);
    let error = templator.relationships().reject(&sent.id).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.relationships.wrongRelationshipStatus");

    requestor.sync().everything().await.unwrap();
    let active = requestor.relationships().active_to_identity(&templator.address()).await.unwrap().unwrap();
    assert_eq!(active.id, sent.id);
    assert_eq!(active.audit_log.len(), 2);
    assert_eq!(
        requestor.events().await,
        ["transport.peerRelationshipTemplateLoaded", "transport.relationshipChanged", "transport.relationshipChanged"]
    );
    assert_eq!(templator.events().await, ["transport.relationshipChanged", "transport.relationshipChanged"]);
}

#[tokio::test]
async fn messages_with_attachments_reach_several_recipients() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let c = backbone.account().await;
    relate(&a, &c).await;

    let attached = a.files().send(file(b"attached")).await.unwrap();
    let message = message_to(&[&b, &c], vec![attached.clone()]);
    let sent = a.messages().send(message.clone()).await.unwrap();
    assert!(sent.is_own && sent.recipients.len() == 2);
    for recipient in [&b, &c] {
        let changed = recipient.sync().everything().await.unwrap();
        let received = changed.messages.first().unwrap();
        assert_eq!(received.id, sent.id);
        assert_eq!(received.content, message.content);
        assert_eq!(received.created_by, a.address());
        assert_eq!(received.recipients.len(), 1);
        assert_eq!(received.secret_key, sent.secret_key);
        assert_eq!(received.attachments, std::slice::from_ref(&attached.id));
        assert_eq!(recipient.files().download(&attached.id).await.unwrap(), "attached");
        assert_eq!(recipient.files().get(&attached.id).await.unwrap().unwrap().title.as_deref(), Some("Title"));
        assert_eq!(recipient.count_events("transport.messageReceived").await, 1);
    }

    let answer = b.messages().send(message_to(&[&a], vec![])).await.unwrap();
    a.sync().everything().await.unwrap();
    let received = a.messages().get(&answer.id).await.unwrap().unwrap();
    assert_eq!(received.content, message.content);
    assert_eq!(a.count_events("transport.messageSent").await, 1);

    let read = a.messages().mark_as_read(&answer.id).await.unwrap();
    assert!(read.was_read_at.is_some());
    assert_eq!(a.messages().mark_as_read(&answer.id).await.unwrap(), read);
    assert!(a.messages().mark_as_unread(&answer.id).await.unwrap().was_read_at.is_none());
    assert_eq!(a.count_events("transport.messageWasReadAtChanged").await, 2);
}

#[tokio::test]
async fn messages_need_a_relationship() {
    let backbone = TestBackbone::start().await;
    let (a, b) = (backbone.account().await, backbone.account().await);
    let error = a.messages().send(message_to(&[&b], vec![])).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.messages.hasNeitherActiveNorTerminatedRelationship");
    assert!(error.to_string().contains(b.address().as_str()));
}

#[tokio::test]
async fn protected_templates_need_the_password() {
    let backbone = TestBackbone::start().await;
    let (owner, peer) = (backbone.account().await, backbone.account().await);
    for (password, protection) in [
        ("pässword", PasswordProtectionCreationParameters::password("pässword", None).unwrap()),
        ("1234", PasswordProtectionCreationParameters::pin("1234", None).unwrap()),
    ] {
        let new = SendTemplate { password_protection: Some(protection), ..new_template() };
        let template = owner.templates().send(new).await.unwrap();
        let reference = owner.reference(&template);
        let load = async |password| peer.templates().load_by_reference(&reference, password).await;
        assert_eq!(load(None).await.unwrap_err().code(), "error.transport.noPasswordProvided");
        assert_eq!(load(Some("wrong")).await.unwrap_err().code(), "error.platform.recordNotFound");
        let loaded = load(Some(password)).await.unwrap();
        assert_eq!(loaded.content, template.content);
        assert_eq!(loaded.password_protection, template.password_protection);
    }
}

#[tokio::test]
async fn personalised_objects_are_for_one_identity() {
    let backbone = TestBackbone::start().await;
    let (owner, friend, stranger) = (backbone.account().await, backbone.account().await, backbone.account().await);
    let new = SendTemplate { for_identity: Some(friend.address()), ..new_template() };
    let template = owner.templates().send(new).await.unwrap();
    let reference = owner.reference(&template);
    let error = stranger.templates().load_by_reference(&reference, None).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.general.notIntendedForYou");
    // Without the hint in the reference, the Backbone refuses.
    let plain = Reference { for_identity_truncated: None, ..reference.clone() };
    let error = stranger.templates().load_by_reference(&plain, None).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.recordNotFound");
    friend.templates().load_by_reference(&reference, None).await.unwrap();
}

#[tokio::test]
async fn tokens_carry_files_and_templates() {
    let backbone = TestBackbone::start().await;
    let (owner, peer) = (backbone.account().await, backbone.account().await);
    let sent_file = owner.files().send(file(b"by token")).await.unwrap();
    let template = owner.template().await;
    let contents = [
        TokenContent::File(TokenContentFile {
            file_id: sent_file.id.clone(),
            secret_key: sent_file.secret_key.clone(),
        }),
        TokenContent::RelationshipTemplate(TokenContentRelationshipTemplate {
            for_identity: None,
            password_protection: None,
            secret_key: template.secret_key.clone(),
            template_id: template.id.clone(),
        }),
        TokenContent::Untyped(json!({ "any": [1, 2] })),
    ];
    for (content, ephemeral) in contents.into_iter().zip([false, true, false]) {
        let protection = PasswordProtectionCreationParameters::pin("987654", None).unwrap();
        let token = owner
            .tokens()
            .send(SendToken {
                content: content.clone(),
                expires_at: in_one_hour(),
                ephemeral,
                for_identity: None,
                password_protection: Some(protection),
            })
            .await
            .unwrap();
        assert_eq!(owner.tokens().get(&token.id).await.unwrap().is_none(), ephemeral);
        let text = token.reference(&owner.config().base_url).to_truncated();
        let reference = Reference::parse_kind(ReferenceKind::Token, &text).unwrap();
        let loaded = peer.tokens().load_by_reference(&reference, Some("987654"), ephemeral).await.unwrap();
        assert_eq!(loaded.content, token.content);
        assert_eq!(peer.tokens().get(&token.id).await.unwrap().is_none(), ephemeral);
        match TokenContent::from_value(loaded.content).unwrap() {
            TokenContent::File(content) => {
                peer.files().load(&content.file_id, &content.secret_key).await.unwrap();
                assert_eq!(peer.files().download(&content.file_id).await.unwrap(), "by token");
            }
            TokenContent::RelationshipTemplate(content) => {
                let loaded = peer.templates().load_by_token_content(&content, None).await.unwrap();
                assert_eq!(loaded.id, template.id);
            }
            other => assert_eq!(other, content),
        }
    }
}

#[tokio::test]
async fn files_are_limited_and_deleted_at_the_backbone() {
    let backbone = TestBackbone::start().await;
    let (owner, peer) = (backbone.account().await, backbone.account().await);
    let sent = owner.files().send(file(b"content")).await.unwrap();
    assert!(sent.ownership_token.is_some() && sent.is_own);
    assert_eq!(sent.filesize, 7);
    let reference = sent.reference(&owner.config().base_url);
    let loaded = peer.files().load_by_reference(&reference).await.unwrap();
    assert!(loaded.ownership_token.is_none() && !loaded.is_own);
    assert_eq!(loaded.owner_signature, sent.owner_signature);

    let error = peer.files().download(&"FIL00000000000000000".into()).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.recordNotFound");
    owner.files().delete(&sent.id).await.unwrap();
    assert!(owner.files().get(&sent.id).await.unwrap().is_none());
    let error = peer.files().download(&sent.id).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.recordNotFound");

    let largest = SendFile { content: Bytes::from(vec![0; 10 * 1024 * 1024]), ..file(b"") };
    let sent = owner.files().send(largest).await.unwrap();
    assert_eq!(owner.files().download(&sent.id).await.unwrap().len(), 10 * 1024 * 1024);
    let large = SendFile { content: Bytes::from(vec![0; 10 * 1024 * 1024 + 1]), ..file(b"") };
    let error = owner.files().send(large).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.files.maxFileSizeExceeded");
}

#[tokio::test]
async fn a_file_changes_hands() {
    let backbone = TestBackbone::start().await;
    let (owner, peer) = (backbone.account().await, backbone.account().await);
    let sent = owner.files().send(file(b"content")).await.unwrap();
    peer.files().load_by_reference(&sent.reference(&owner.config().base_url)).await.unwrap();
    let token = sent.ownership_token.unwrap();

    assert!(!peer.files().validate_ownership_token(&sent.id, "wrong").await.unwrap());
    owner.sync().everything().await.unwrap();
    assert_eq!(owner.files().get(&sent.id).await.unwrap().unwrap().ownership_is_locked, Some(true));
    let regenerated = owner.files().regenerate_ownership_token(&sent.id).await.unwrap();
    assert_eq!(regenerated.ownership_is_locked, None);
    assert_ne!(regenerated.ownership_token.as_deref(), Some(token.as_str()));

    let claimed = peer.files().claim_ownership(&sent.id, &regenerated.ownership_token.unwrap()).await.unwrap();
    assert!(claimed.is_own && claimed.ownership_token.is_some());
    owner.sync().everything().await.unwrap();
    let lost = owner.files().get(&sent.id).await.unwrap().unwrap();
    assert!(!lost.is_own && lost.ownership_token.is_none());
    assert_eq!(lost.owner, peer.address());
    assert_eq!(owner.events().await, ["transport.fileOwnershipLocked", "transport.fileOwnershipClaimed"]);
}

#[tokio::test]
async fn requests_are_rejected_or_revoked() {
    let backbone = TestBackbone::start().await;
    let (a, b) = (backbone.account().await, backbone.account().await);
    let rejected = request(&a, &b).await;
    assert_eq!(a.relationships().reject(&rejected.id).await.unwrap().status, RelationshipStatus::Rejected);
    b.sync().everything().await.unwrap();
    assert_eq!(b.relationship_to(&a).await.status, RelationshipStatus::Rejected);

    let revoked = request(&a, &b).await;
    assert_ne!(revoked.id, rejected.id);
    let error = a.relationships().revoke(&revoked.id).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.relationships.operationOnlyAllowedForPeer");
    assert_eq!(b.relationships().revoke(&revoked.id).await.unwrap().status, RelationshipStatus::Revoked);
    a.sync().everything().await.unwrap();
    assert_eq!(a.relationship_to(&b).await.status, RelationshipStatus::Revoked);
}

#[tokio::test]
async fn a_relationship_ends_and_begins_again() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let id = a.relationship_to(&b).await.id;
    let error = a.relationships().request_reactivation(&id).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.relationships.wrongRelationshipStatus");
    a.relationships().terminate(&id).await.unwrap();
    b.sync().everything().await.unwrap();
    assert_eq!(b.relationship_to(&a).await.status, RelationshipStatus::Terminated);

    let error = b.relationships().accept_reactivation(&id).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.relationships.reactivationNotRequested");
    b.relationships().request_reactivation(&id).await.unwrap();
    let error = b.relationships().request_reactivation(&id).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.relationships.reactivationAlreadyRequested");
    let error = b.relationships().accept_reactivation(&id).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.relationships.operationOnlyAllowedForPeer");
    b.relationships().revoke_reactivation(&id).await.unwrap();
    b.relationships().request_reactivation(&id).await.unwrap();
    a.sync().everything().await.unwrap();
    a.relationships().reject_reactivation(&id).await.unwrap();
    b.sync().everything().await.unwrap();
    b.relationships().request_reactivation(&id).await.unwrap();
    a.sync().everything().await.unwrap();
    assert_eq!(a.relationships().accept_reactivation(&id).await.unwrap().status, RelationshipStatus::Active);
    b.sync().everything().await.unwrap();
    assert_eq!(b.relationship_to(&a).await.status, RelationshipStatus::Active);
    let events = b.events().await;
    assert_eq!(
        events.iter().rev().take(2).collect::<Vec<_>>(),
        ["transport.relationshipChanged", "transport.relationshipReactivationCompleted"]
    );
}

#[tokio::test]
async fn decomposition_removes_what_belongs_to_a_relationship() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let c = backbone.account().await;
    relate(&a, &c).await;
    let both = a.messages().send(message_to(&[&b, &c], vec![])).await.unwrap();
    let single = a.messages().send(message_to(&[&b], vec![])).await.unwrap();
    let token = b
        .tokens()
        .send(SendToken {
            content: TokenContent::Untyped(json!({})),
            expires_at: in_one_hour(),
            ephemeral: false,
            for_identity: None,
            password_protection: None,
        })
        .await
        .unwrap();
    let reference = token.reference(&b.config().base_url);
    a.tokens().load_by_reference(&reference, None, false).await.unwrap();

    let relationship = a.relationship_to(&b).await;
    a.relationships().terminate(&relationship.id).await.unwrap();
    a.relationships().decompose(&relationship.id).await.unwrap();

    assert!(a.relationships().get(&relationship.id).await.unwrap().is_none());
    assert!(a.messages().get(&single.id).await.unwrap().is_none());
    assert!(a.tokens().get(&token.id).await.unwrap().is_none());
    let kept = a.messages().get(&both.id).await.unwrap().unwrap();
    let nameless = kept.recipients.iter().find(|recipient| recipient.relationship_id.is_none()).unwrap();
    assert_eq!(nameless.address.as_str(), "did:e:localhost:dids:47ad141f0bbbef348bed51");
    assert!(kept.recipients.iter().any(|recipient| recipient.address == c.address()));
    assert!(a.events().await.contains(&"transport.relationshipDecomposedBySelf".to_owned()));

    b.sync().everything().await.unwrap();
    assert_eq!(b.relationship_to(&a).await.status, RelationshipStatus::DeletionProposed);
    // As long as the peer has not decomposed, there is no new relationship.
    let template = b.template().await;
    let loaded = a.templates().load_by_reference(&b.reference(&template), None).await.unwrap();
    let refused = a.relationships().can_send(&loaded).await.unwrap().unwrap();
    assert_eq!(refused.code(), "error.transport.relationships.relationshipNotYetDecomposedByPeer");
    b.relationships().decompose(&relationship.id).await.unwrap();
    assert!(a.relationships().can_send(&loaded).await.unwrap().is_none());
    relate(&b, &a).await;
}

#[tokio::test]
async fn peers_prove_who_they_are() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let relationship = a.relationship_to(&b).await;
    for challenge_type in [ChallengeType::Identity, ChallengeType::Relationship] {
        let signed = a.challenges().create(challenge_type, Some(&relationship)).await.unwrap();
        let outcome = b.challenges().validate(&signed, Some(challenge_type)).await.unwrap();
        assert!(outcome.is_valid, "{challenge_type:?}");
        assert_eq!(outcome.corresponding_relationship.unwrap().id, relationship.id);

        let other =
            if challenge_type == ChallengeType::Identity { ChallengeType::Device } else { ChallengeType::Identity };
        assert!(!b.challenges().validate(&signed, Some(other)).await.unwrap().is_valid);
        let mut forged = b.challenges().create(challenge_type, Some(&b.relationship_to(&a).await)).await.unwrap();
        forged.challenge.clone_from(&signed.challenge);
        assert!(!b.challenges().validate(&forged, None).await.unwrap().is_valid);
    }
    let device = a.challenges().create(ChallengeType::Device, None).await.unwrap();
    assert_eq!(b.challenges().validate(&device, None).await.unwrap_err().code(), "error.transport.notSupported");
    let error = a.challenges().create(ChallengeType::Relationship, None).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.challenges.challengeTypeRequiresActiveRelationship");
    let stranger = backbone.account().await;
    let signed = stranger.challenges().create(ChallengeType::Identity, None).await.unwrap();
    assert_eq!(b.challenges().validate(&signed, None).await.unwrap_err().code(), "error.transport.recordNotFound");
}

#[tokio::test]
async fn own_objects_are_deleted_at_the_backbone() {
    let backbone = TestBackbone::start().await;
    let (owner, peer) = (backbone.account().await, backbone.account().await);
    let template = owner.template().await;
    let with_metadata = owner.templates().set_metadata(&template.id, json!({ "note": 1 })).await.unwrap();
    assert!(with_metadata.metadata_modified_at.is_some());
    let loaded = peer.templates().load_by_reference(&owner.reference(&template), None).await.unwrap();
    owner.templates().delete(&template.id).await.unwrap();
    assert_eq!(owner.templates().delete(&template.id).await.unwrap_err().code(), "error.transport.recordNotFound");
    assert!(owner.store().get::<RelationshipTemplate>(template.id.as_str()).await.unwrap().is_none());
    // The peer keeps what it has loaded until it deletes it itself.
    assert_eq!(peer.templates().get(&template.id).await.unwrap(), Some(loaded));
    peer.templates().delete(&template.id).await.unwrap();
    let error = peer.templates().load_by_reference(&owner.reference(&template), None).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.recordNotFound");

    let new = SendToken {
        content: TokenContent::Untyped(json!({ "a": 1 })),
        expires_at: in_one_hour(),
        ephemeral: false,
        for_identity: None,
        password_protection: None,
    };
    let token = owner.tokens().send(new).await.unwrap();
    owner.tokens().delete(&token.id).await.unwrap();
    assert!(owner.store().get::<Token>(token.id.as_str()).await.unwrap().is_none());
    let reference = token.reference(&owner.config().base_url);
    let error = peer.tokens().load_by_reference(&reference, None, false).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.recordNotFound");
}
