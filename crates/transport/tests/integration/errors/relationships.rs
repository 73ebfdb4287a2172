use std::time::Duration;

use transport::documents::Relationship;

use super::Shown;
use crate::support::{TestAccount, TestBackbone, creation_content, new_template, relate, request};

pub(super) async fn shown(name: &str, backbone: &TestBackbone) -> Option<Shown> {
    let (templator, requestor) = (backbone.account().await, backbone.account().await);
    let result = match name {
        "operationOnlyAllowedForPeer" => {
            let pending = request(&templator, &requestor).await;
            requestor.relationships().accept(&pending.id).await
        }
        "wrongRelationshipStatus" => {
            let active = relate(&templator, &requestor).await;
            requestor.relationships().revoke(&active.id).await
        }
        "relationshipCurrentlyExists" => {
            relate(&templator, &requestor).await;
            ask_again(&templator, &requestor).await
        }
        "relationshipTemplateIsExpired" => {
            let template = templator.template().await;
            let loaded = requestor.templates().load_by_reference(&templator.reference(&template), None).await.unwrap();
            backbone.clock.advance(Duration::from_secs(7200));
            requestor.relationships().send(&loaded, creation_content()).await
        }
        "relationshipNotYetDecomposedByPeer" => {
            let active = relate(&templator, &requestor).await;
            requestor.relationships().terminate(&active.id).await.unwrap();
            requestor.relationships().decompose(&active.id).await.unwrap();
            ask_again(&templator, &requestor).await
        }
        "reactivationNotRequested" => {
            let active = relate(&templator, &requestor).await;
            requestor.relationships().terminate(&active.id).await.unwrap();
            requestor.relationships().accept_reactivation(&active.id).await
        }
        "reactivationAlreadyRequested" => {
            let active = relate(&templator, &requestor).await;
            requestor.relationships().terminate(&active.id).await.unwrap();
            requestor.relationships().request_reactivation(&active.id).await.unwrap();
            requestor.relationships().request_reactivation(&active.id).await
        }
        "deletedOwnerOfRelationshipTemplate" => {
            let template = templator.template().await;
            let loaded = requestor.templates().load_by_reference(&templator.reference(&template), None).await.unwrap();
            templator.identity_deletion().initiate(Some(0.0)).await.unwrap();
            backbone.clock.advance(Duration::from_millis(10));
            backbone.delete_expired_identities().await;
            requestor.relationships().send(&loaded, creation_content()).await
        }
        "activeIdentityDeletionProcessOfOwnerOfRelationshipTemplate" => {
            let template = templator.template().await;
            let loaded = requestor.templates().load_by_reference(&templator.reference(&template), None).await.unwrap();
            templator.identity_deletion().initiate(None).await.unwrap();
            requestor.relationships().send(&loaded, creation_content()).await
        }
        _ => return None,
    };
    Some(result.into())
}

/// Requests a relationship with another template of the same Identity.
async fn ask_again(templator: &TestAccount, requestor: &TestAccount) -> transport::Result<Relationship> {
    let template = templator.templates().send(new_template()).await.unwrap();
    let loaded = requestor.templates().load_by_reference(&templator.reference(&template), None).await.unwrap();
    requestor.relationships().send(&loaded, creation_content()).await
}
