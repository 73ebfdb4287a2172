//! A Backbone that never comes to an end: endless loops, lists and answers.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use crate::support::{Agent, World, assert_no_panics};

/// The next synchronisation with an honest Backbone brings what could not arrive before.
async fn recovers(world: &World, sender: &Agent, receiver: &Agent) {
    let before = receiver.received().await.len();
    world.meddler.be_honest();
    world.let_sync_runs_expire();
    sender.send(receiver, json!(1), vec![]).await;
    receiver.sync_somehow().await.unwrap();
    assert!(receiver.received().await.len() > before);
    assert_no_panics();
}

fn is_api(what: &str) -> bool {
    what.contains("/api/")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_that_never_help() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    world.meddler.replace(|what| is_api(what).then(|| StatusCode::UNAUTHORIZED.into_response()));
    world.meddler.take_requests();
    assert_eq!(receiver.sync_somehow().await.unwrap_err().code(), "error.platform.unauthorized");
    let requests = world.meddler.take_requests();
    assert!(requests.len() <= 4, "{requests:?}");
    recovers(&world, &sender, &receiver).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_in_a_circle() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    for status in [301, 302, 303, 307, 308] {
        world.meddler.replace(move |what| {
            let path = what.split(' ').nth(1).unwrap().to_owned();
            let status = StatusCode::from_u16(status).unwrap();
            is_api(what).then(|| (status, [("location", path)]).into_response())
        });
        world.meddler.take_requests();
        receiver.sync_somehow().await.unwrap_err();
        let requests = world.meddler.take_requests().len();
        assert!(requests <= 13, "{requests}");
    }
    recovers(&world, &sender, &receiver).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_come_too_slowly() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    world.meddler.replace(|what| {
        is_api(what).then(|| {
            let drops = stream::unfold((), async |()| {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), ()))
            });
            Response::new(Body::from_stream(drops))
        })
    });
    assert_eq!(receiver.sync_somehow().await.unwrap_err().code(), "error.transport.request.aborted");
    recovers(&world, &sender, &receiver).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_without_an_end() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    sender.send(&receiver, json!(1), vec![]).await;
    let number = AtomicU64::new(0);
    world.meddler.replace(move |what| {
        what.ends_with("/ExternalEvents").then(|| {
            let number = number.fetch_add(1, Ordering::SeqCst);
            let events = [json!({"id": format!("SYI{number:017}"), "type": "Unknown"})];
            let pagination = json!({"pageNumber": 1, "pageSize": 1, "totalPages": u64::MAX, "totalRecords": u64::MAX});
            axum::Json(json!({"result": events, "pagination": pagination})).into_response()
        })
    });
    receiver.sync_somehow().await.unwrap_err();
    recovers(&world, &sender, &receiver).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_without_an_end() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    sender.send(&receiver, json!(1), vec![]).await;
    // There is always one more run, with the same events.
    world.meddler.replace(|what| {
        let result = if what == "POST /api/v2/SyncRuns" {
            let run = json!({"id": "SYR00000000000000000", "type": 1, "expiresAt": "2099-01-01T00:00:00.000Z", "index": 1,
                "createdAt": "2020-01-01T00:00:00.000Z", "createdBy": "x", "createdByDevice": "x", "eventCount": 1});
            json!({"status": "Created", "syncRun": run})
        } else if what.ends_with("/ExternalEvents") {
            json!([{"id": "SYI00000000000000000", "type": "Unknown"}])
        } else if what.ends_with("/FinalizeExternalEventSync") {
            json!({"deletedExternalEventIds": [], "newUnsyncedExternalEventsExist": true, "datawalletModifications": []})
        } else {
            return None;
        };
        Some(axum::Json(json!({"result": result})).into_response())
    });
    // It may fail or succeed, but it ends.
    drop(receiver.sync_somehow().await);
    recovers(&world, &sender, &receiver).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_without_an_end() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    static SENT: AtomicU64 = AtomicU64::new(0);
    world.meddler.replace(|what| {
        is_api(what).then(|| {
            let chunk = Bytes::from(vec![b' '; 1024 * 1024]);
            let endless = stream::repeat(chunk).inspect(|_| {
                SENT.fetch_add(1, Ordering::SeqCst);
            });
            Response::new(Body::from_stream(endless.map(Ok::<_, Infallible>)))
        })
    });
    receiver.sync_somehow().await.unwrap_err();
    let sent = SENT.load(Ordering::SeqCst);
    assert!(sent < 200, "{sent} MiB were taken");
    recovers(&world, &sender, &receiver).await;
}
