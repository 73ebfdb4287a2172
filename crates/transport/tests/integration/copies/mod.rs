//! Databases that are restored from backups, and copies of them that are in use at the same time.

mod audit;
mod database;
mod reconciliation;
mod runs;

use std::{sync::Arc, time::Duration};

use core_types::{Clock, IdentityAddress};
use serde_json::json;
use store::Query;
use transport::{
    Account, AccountOptions, PassLimits, PassReport, SendMessage,
    documents::{Message, RelationshipStatus},
};

use self::{audit::counters_used, database::Database};
use crate::support::{Recorder, TestAccount, TestBackbone, creation_content, new_template};

testing::on_both! { |database| crate::copies::Database::like(&database).await =>
    scenarios::a_restored_backup_uses_no_counter_again,
    scenarios::copies_that_live_at_the_same_time_share_no_counter,
    reconciliation::a_restored_database_gets_back_what_was_received_meanwhile,
}

/// The account in a database, new or as it was left.
async fn open(backbone: &TestBackbone, database: &Database) -> Account {
    let options = AccountOptions {
        store: database.open().await,
        config: backbone.config(),
        clock: Arc::clone(&backbone.clock) as Arc<dyn Clock>,
        randomness: core_types::Randomness::system(),
        recorder: Arc::new(Recorder),
        causes: Arc::new(()),
        collections: Vec::new(),
    };
    Account::open(options).await.unwrap()
}

/// Ends an account, so that its database can be copied.
async fn close(account: Account) {
    account.close().await;
    account.store().close().await.unwrap();
}

/// A peer's request for a relationship, known to both sides.
async fn requested(templator: &Account, peer: &TestAccount) -> String {
    let template = templator.templates().send(new_template()).await.unwrap();
    let reference = template.reference(&templator.config().base_url).to_truncated();
    let reference = core_types::Reference::parse(&reference).unwrap();
    let loaded = peer.templates().load_by_reference(&reference, None).await.unwrap();
    let relationship = peer.relationships().send(&loaded, creation_content()).await.unwrap();
    templator.sync().everything().await.unwrap();
    relationship.id.as_str().to_owned()
}

async fn accept(templator: &Account, relationship: &str) {
    let accepted = templator.relationships().accept(&core_types::RelationshipId::new(relationship)).await.unwrap();
    assert_eq!(accepted.status, RelationshipStatus::Active);
}

async fn related(templator: &Account, peer: &TestAccount) -> String {
    let relationship = requested(templator, peer).await;
    accept(templator, &relationship).await;
    peer.sync().everything().await.unwrap();
    relationship
}

async fn send(from: &Account, recipients: &[&TestAccount]) -> Message {
    let recipients: Vec<IdentityAddress> = recipients.iter().map(|recipient| recipient.address()).collect();
    let message = SendMessage { recipients, content: json!({ "a": 1 }), attachments: vec![] };
    from.messages().send(message).await.unwrap()
}

async fn pass(account: &Account) -> PassReport {
    account.reconciliation().pass(PassLimits::default(), true).await.unwrap()
}

async fn received(account: &Account) -> usize {
    account.messages().find(&Query::default()).await.unwrap().iter().filter(|message| !message.is_own).count()
}

mod scenarios {
    use super::*;

    pub(super) async fn a_restored_backup_uses_no_counter_again(database: Database) {
        let backbone = TestBackbone::start().await;
        let (b, c, d) = (backbone.account().await, backbone.account().await, backbone.account().await);
        let a = open(&backbone, &database).await;
        let peers = [(&b, related(&a, &b).await), (&c, related(&a, &c).await), (&d, requested(&a, &d).await)];
        send(&a, &[&b, &c]).await;
        close(a).await;
        let backup = database.copy().await;

        // More than the block of a sync run holds.
        let a = open(&backbone, &database).await;
        for _ in 0..4 {
            for _ in 0..10 {
                send(&a, &[&b]).await;
            }
            b.sync().everything().await.unwrap();
        }
        send(&a, &[&b, &c]).await;
        accept(&a, &peers[2].1).await;
        send(&a, &[&d]).await;
        assert_eq!(pass(&a).await.unknown_own, 0);
        close(a).await;

        let restored = open(&backbone, &backup).await;
        for _ in 0..3 {
            send(&restored, &[&b, &c]).await;
        }
        // The restored database does not know that it was accepted.
        accept(&restored, &peers[2].1).await;
        send(&restored, &[&d]).await;
        for peer in [&b, &c, &d] {
            peer.sync().everything().await.unwrap();
        }
        assert_eq!((received(&b).await, received(&c).await, received(&d).await), (45, 5, 2));
        let peers = peers.each_ref().map(|(peer, relationship)| (*peer, relationship.as_str()));
        let used = counters_used(&backbone, &peers);
        assert_eq!(used, 45 + 5 + 2 + 4, "one for each message and recipient, and one for each attempt to accept");

        // It is reported once that the database is older than the Backbone's state.
        assert_eq!(pass(&restored).await.unknown_own, 42);
        assert_eq!(pass(&restored).await.unknown_own, 0);
        let told = restored.reconciliation().unknown_own_messages().unwrap();
        assert_eq!(told.count, 42);
        backbone.clock.advance(Duration::from_secs(25 * 3600));
        pass(&restored).await;
        assert_eq!(restored.reconciliation().unknown_own_messages(), None);
        close(restored).await;
        database.remove().await;
        backup.remove().await;
    }

    pub(super) async fn copies_that_live_at_the_same_time_share_no_counter(database: Database) {
        let backbone = TestBackbone::start().await;
        let (b, c, d) = (backbone.account().await, backbone.account().await, backbone.account().await);
        let a = open(&backbone, &database).await;
        let peers = [(&b, related(&a, &b).await), (&c, requested(&a, &c).await), (&d, requested(&a, &d).await)];
        send(&a, &[&b]).await;
        close(a).await;
        let clone = database.copy().await;
        let (one, other) = (open(&backbone, &database).await, open(&backbone, &clone).await);

        for _ in 0..5 {
            send(&one, &[&b]).await;
            send(&other, &[&b]).await;
        }
        b.sync().everything().await.unwrap();
        // At the same time: only one of them can accept.
        let id = core_types::RelationshipId::new(&peers[1].1);
        let (by_one, by_other) = (one.relationships(), other.relationships());
        let (first, second) = tokio::join!(by_one.accept(&id), by_other.accept(&id));
        assert!(first.is_ok() || second.is_ok());
        for _ in 0..3 {
            let to_b = [&b];
            let mine = futures_util::future::join_all((0..6).map(|_| send(&one, &to_b)));
            let theirs = futures_util::future::join_all((0..6).map(|_| send(&other, &to_b)));
            let (mine, theirs) = tokio::join!(mine, theirs);
            assert_eq!((mine.len(), theirs.len()), (6, 6));
            // The other copy may have an open run right now.
            drop(one.sync().everything().await);
            b.sync().everything().await.unwrap();
        }
        accept(&one, &peers[2].1).await;
        accept(&other, &peers[2].1).await;
        send(&one, &[&d]).await;
        send(&other, &[&d]).await;
        let peers = peers.each_ref().map(|(peer, relationship)| (*peer, relationship.as_str()));
        assert_eq!(counters_used(&backbone, &peers), 1 + 1 + 10 + 2 + 36 + 2 + 2);
        assert_eq!(received(&b).await, 47);

        // Each of them reports that there is another one.
        for copy in [&one, &other] {
            assert_eq!(pass(copy).await.unknown_own, 5 + 18 + 1);
            assert!(copy.reconciliation().unknown_own_messages().is_some());
        }
        close(one).await;
        close(other).await;
        database.remove().await;
        clone.remove().await;
    }
}
