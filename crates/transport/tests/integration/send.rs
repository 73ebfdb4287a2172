//! Servers move operations between threads.

use transport::Account;

fn is_send<T: Send>(_: &T) {}

/// Compiles only if the futures can be moved; never run.
#[expect(dead_code, reason = "compiling it is the test")]
fn operations_can_move_between_threads(account: &Account, id: &core_types::RelationshipId) {
    let (sync, relationships, messages) = (account.sync(), account.relationships(), account.messages());
    is_send(&sync.everything());
    is_send(&sync.only_datawallet());
    is_send(&relationships.accept(id));
    is_send(&relationships.decompose(id));
    is_send(&messages.find(&store::Query::default()));
    is_send(&account.check_if_identity_is_deleted());
    is_send(&account.close());
}

#[tokio::test]
async fn an_account_is_opened_on_another_thread() {
    let backbone = crate::support::TestBackbone::start().await;
    let (folder, config) = (tempfile::tempdir().unwrap(), backbone.config());
    let path = folder.path().to_owned();
    let account = tokio::spawn(async move { crate::support::open(&path, config).await }).await.unwrap().unwrap();
    tokio::spawn(async move { account.sync().everything().await }).await.unwrap().unwrap();
}
