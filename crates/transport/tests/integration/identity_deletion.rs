//! The deletion of an Identity, and how its peers learn of it.
use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use store::Query;
use transport::{
    Account, TransportConfig,
    documents::{
        AuditLogReason, DeletionProcessStatus, IdentityDeletionProcess, PeerDeletionStatus, RelationshipStatus,
    },
};

use crate::support::{Fault, TestAccount, TestBackbone, open};

const CHANGED: &str = "transport.identityDeletionProcessStatusChanged";
const TO_BE_DELETED: &str = "error.platform.validation.syncRun.cannotStartSyncRunWhileIdentityIsToBeDeleted";

async fn processes(account: &Account) -> Vec<IdentityDeletionProcess> {
    account.identity_deletion().find(&Query::default()).await.unwrap()
}

#[tokio::test]
async fn a_deletion_is_started_and_cancelled() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let deletion = a.identity_deletion();
    let process = deletion.initiate(Some(7.5)).await.unwrap();
    assert_eq!(process.status, DeletionProcessStatus::Active);
    let length = process.grace_period_ends_at.unwrap().duration_since(process.created_at.unwrap());
    assert_eq!(length.as_secs(), 7 * 86_400 + 43_200);
    assert_eq!(deletion.active().await.unwrap().as_ref(), Some(&process));
    assert_eq!(deletion.get(&process.id).await.unwrap().as_ref(), Some(&process));
    let error = deletion.initiate(None).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.validation.device.onlyOneActiveDeletionProcessAllowed");

    let changed = b.sync().everything().await.unwrap().relationships.remove(0);
    assert_eq!(changed.peer_deletion_info.unwrap().deletion_status, PeerDeletionStatus::ToBeDeleted);
    assert_eq!(a.sync().everything().await.unwrap_err().code(), TO_BE_DELETED);

    let cancelled = deletion.cancel(&process.id).await.unwrap();
    assert_eq!((cancelled.status, cancelled.grace_period_ends_at), (DeletionProcessStatus::Cancelled, None));
    assert!(cancelled.cancelled_at.is_some());
    assert_eq!(cancelled.cancelled_by_device, Some(a.device().await.unwrap().id));
    assert_eq!(deletion.active().await.unwrap(), None);
    assert_eq!(processes(&a).await, [cancelled]);
    assert_eq!(a.count_events(CHANGED).await, 2);
    a.sync().everything().await.unwrap();
    let changed = b.sync().everything().await.unwrap().relationships.remove(0);
    assert_eq!(changed.peer_deletion_info, None);
}

#[tokio::test]
async fn a_deletion_whose_answers_are_lost_is_known_all_the_same() {
    let backbone = TestBackbone::start().await;
    let a = backbone.account().await;
    let deletion = a.identity_deletion();
    backbone.network.fail_next(Method::POST, "/DeletionProcesses", Fault::AnswerLost);
    let process = deletion.initiate(None).await.unwrap();
    assert_eq!(processes(&a).await, std::slice::from_ref(&process));
    backbone.network.fail_next(Method::PUT, "/Cancel", Fault::AnswerLost);
    let cancelled = deletion.cancel(&process.id).await.unwrap();
    assert_eq!(cancelled.status, DeletionProcessStatus::Cancelled);
    assert_eq!(deletion.cancel(&process.id).await.unwrap(), cancelled);

    backbone.network.fail_next(Method::POST, "/DeletionProcesses", Fault::Unreachable);
    let error = deletion.initiate(None).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.unexpected");
    assert_eq!(processes(&a).await, [cancelled]);
    assert_eq!(a.count_events(CHANGED).await, 2);
}

#[tokio::test]
async fn a_deletion_started_unheard_is_learnt_of_by_the_next_synchronisation() {
    let backbone = TestBackbone::start().await;
    let a = backbone.account().await;
    backbone.network.fail_next(Method::POST, "/DeletionProcesses", Fault::AnswerLost);
    backbone.network.fail_next(Method::GET, "/DeletionProcesses", Fault::Unreachable);
    a.identity_deletion().initiate(None).await.unwrap_err();
    assert_eq!(processes(&a).await, []);
    assert_eq!(a.sync().everything().await.unwrap_err().code(), TO_BE_DELETED);
    let process = a.identity_deletion().active().await.unwrap().unwrap();
    a.identity_deletion().cancel(&process.id).await.unwrap();
    a.sync().everything().await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_grace_period_shuts_the_account_out() {
    let backbone = TestBackbone::start().await;
    let a = backbone.account().await;
    assert!(!a.check_if_identity_is_deleted().await.unwrap().is_deleted);
    let process = a.identity_deletion().initiate(Some(0.0)).await.unwrap();
    let status = a.check_if_identity_is_deleted().await.unwrap();
    assert!(status.is_deleted);
    assert_eq!(status.deletion_date, process.grace_period_ends_at);
    let a = backbone.open(a.crash().await.path()).await.unwrap();
    assert_eq!(a.backbone().log_in().await.unwrap_err().code(), "error.transport.request.noAuthGrant");
}

#[tokio::test]
async fn the_deletion_of_a_peer_ends_its_relationship() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let relationship = a.relationship_to(&b).await;
    b.identity_deletion().initiate(Some(0.0)).await.unwrap();
    backbone.clock.advance(Duration::from_millis(10));
    backbone.delete_expired_identities().await;
    a.sync().everything().await.unwrap();

    let ended = a.relationships().get(&relationship.id).await.unwrap().unwrap();
    assert_eq!(ended.status, RelationshipStatus::DeletionProposed);
    assert_eq!(ended.peer, relationship.peer);
    assert_eq!(ended.peer_deletion_info.unwrap().deletion_status, PeerDeletionStatus::Deleted);
    assert_eq!(ended.audit_log.last().unwrap().reason, AuditLogReason::DecompositionDueToIdentityDeletion);
    assert_eq!(a.count_events("transport.peerDeleted").await, 1);
    a.relationships().decompose(&relationship.id).await.unwrap();
    assert_eq!(a.relationships().get(&relationship.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_deletion_known_to_another_device_is_told_without_data() {
    let backbone = TestBackbone::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = TransportConfig { datawallet_enabled: true, ..backbone.config() };
    let account = TestAccount { account: open(folder.path(), config).await.unwrap(), folder };
    let modification = |id: &str| {
        json!({ "result": [{
            "id": "DWM00000000000000001", "index": 0, "objectIdentifier": id, "payloadCategory": null,
            "createdAt": "2026-01-01T00:00:00.000Z", "createdByDevice": "DVC00000000000000002",
            "collection": "IdentityDeletionProcess", "type": "Delete", "encryptedPayload": null, "datawalletVersion": 1,
        }] })
    };
    for (id, told) in [("REL00000000000000001", 0), ("IDP00000000000000001", 1)] {
        let answer = modification(id);
        let tampered = move |body: &mut Value| *body = answer.clone();
        backbone.network.fail_next(Method::GET, "/Datawallet/Modifications", Fault::Tampered(Box::new(tampered)));
        let changed = account.sync().only_datawallet().await.unwrap();
        assert_eq!(changed.changed_object_identifiers_during_datawallet_sync, [id]);
        assert_eq!(account.count_events(CHANGED).await, told, "{id}");
    }
}
