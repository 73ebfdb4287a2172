//! Routes without a recording.
use serde_json::json;

use crate::support::account::{self, TestBackbone};
use crate::support::{call, debug, post, production, request, send};

const JSON: &str = "application/json";

#[tokio::test]
async fn tokens_and_templates_are_deleted() {
    let router = production(&account::open().await, json!({}));
    let token = json!({"content": {"a": 1}, "expiresAt": "2099-01-01"});
    let content = json!({"@type": "ArbitraryRelationshipTemplateContent", "value": {}});
    let template = json!({"content": content, "expiresAt": "2099-01-01"});
    for (collection, body) in [("Tokens", token), ("RelationshipTemplates", template)] {
        let created = post(&router, &format!("/api/core/v1/{collection}/Own"), JSON, body.to_string()).await;
        let path = created.header("location").unwrap().to_owned();
        assert_eq!(call(&router, "GET", &path, &[]).await.status, 200);
        let deleted = call(&router, "DELETE", &path, &[]).await;
        assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0), "{path}");
        for method in ["GET", "DELETE"] {
            let gone = call(&router, method, &path, &[]).await;
            assert_eq!(
                (gone.status.as_u16(), gone.code().as_str()),
                (404, "error.runtime.recordNotFound"),
                "{method} {path}"
            );
        }
        let malformed = call(&router, "DELETE", &format!("/api/core/v1/{collection}/x"), &[]).await;
        assert_eq!(malformed.code(), "error.runtime.validation.invalidPropertyValue");
    }
}

#[tokio::test]
async fn identities_are_deleted_in_debug_mode_only() {
    let account = account::open().await;
    let production = production(&account, json!({}));
    for method in ["GET", "POST", "DELETE"] {
        let answer = call(&production, method, "/api/core/v1/IdentityDeletionProcess", &[]).await;
        assert_eq!(answer.status, 404, "{method}");
    }
    let debug = debug(&account, json!({}));
    let path = "/api/core/v1/IdentityDeletionProcess";
    let started = send(&debug, request("POST", path, &[], "")).await;
    assert_eq!((started.status.as_u16(), &started.json()["result"]["status"]), (200, &json!("Active")));
    let cancelled = send(&debug, request("DELETE", path, &[], "")).await;
    assert_eq!(cancelled.json()["result"]["status"], "Cancelled");
    assert!(cancelled.json()["result"]["cancelledByDevice"].is_string());
    assert_eq!(send(&debug, request("GET", path, &[], "")).await.status, 400);
}

#[tokio::test]
async fn notifications_reach_the_backbone() {
    let backbone = TestBackbone::start().await;
    let (sender, recipient) = (backbone.open_account().await, backbone.open_account().await);
    let router = production(&sender, json!({}));
    let other = production(&recipient, json!({}));
    let address = |answer: crate::support::Answer| answer.json()["result"]["address"].as_str().unwrap().to_owned();
    let recipient_address = address(call(&other, "GET", "/api/core/v1/Account/IdentityInfo", &[]).await);
    let path = "/api/core/v1/BackboneNotifications";
    let body = json!({"recipients": [recipient_address], "code": "Unknown"}).to_string();
    let refused = post(&router, path, JSON, body.clone()).await;
    assert_eq!(refused.code(), "error.transport.backboneNotifications.noActiveRelationshipFoundForRecipients");

    let content = json!({"@type": "ArbitraryRelationshipTemplateContent", "value": {}});
    let template = json!({"content": content, "expiresAt": "2099-01-01"}).to_string();
    let template = post(&other, "/api/core/v1/RelationshipTemplates/Own", JSON, template).await.json();
    let reference = json!({"reference": template["result"]["reference"]["truncated"]}).to_string();
    let loaded = post(&router, "/api/core/v1/RelationshipTemplates/Peer", JSON, reference).await.json();
    let content = json!({"@type": "ArbitraryRelationshipCreationContent", "value": {}});
    let creation = json!({"templateId": loaded["result"]["id"], "creationContent": content}).to_string();
    let relationship = post(&router, "/api/core/v1/Relationships", JSON, creation).await.json();
    let id = relationship["result"]["id"].as_str().unwrap();
    assert_eq!(call(&other, "POST", "/api/core/v1/Account/Sync", &[]).await.status, 204);
    assert_eq!(call(&other, "PUT", &format!("/api/core/v1/Relationships/{id}/Accept"), &[]).await.status, 200);
    assert_eq!(call(&router, "POST", "/api/core/v1/Account/Sync", &[]).await.status, 204);

    let refused = post(&router, path, JSON, body.clone()).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.code(), "error.platform.validation.notification.codeDoesNotExist");
    let sent = post(&router, path, JSON, body.replace("Unknown", "SomeCode")).await;
    assert_eq!((sent.status.as_u16(), sent.body.len()), (204, 0));
}

#[tokio::test]
async fn files_have_tags_of_the_backbone_that_exist_and_are_leaves() {
    let router = production(&account::open().await, json!({}));
    let upload = async |tag: &str| {
        let part = |disposition: &str, text: &str| {
            format!("--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{text}\r\n")
        };
        let (file, tags) = (part("name=\"file\"; filename=\"a.txt\"", "a"), part("name=\"tags[]\"", tag));
        let body = format!("{file}{tags}--b--\r\n");
        post(&router, "/api/core/v1/Files/Own", "multipart/form-data; boundary=b", body).await
    };
    for tag in ["bkb:schulabschluss:realschule", "BKB:schulabschluss:realschule"] {
        let created = upload(tag).await;
        assert_eq!(created.status, 201, "{tag}");
        assert_eq!(created.json()["result"]["tags"], json!([tag]));
    }
    // Not a leaf, not existing, and only existing for telephone numbers.
    for tag in ["bkb:schulabschluss", "bkb:schulabschluss:abitur", "bkb:private", "bkb:", "bkb"] {
        let refused = upload(tag).await;
        let code = "error.consumption.attributes.invalidTags";
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (400, code), "{tag}");
    }
}
