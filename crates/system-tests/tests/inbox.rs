//! Nothing that was received is lost: real processes, with a faulty network between a Connector and its Backbone, or a
//! full disk under it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::Method;
use serde_json::{Map, Value, json};
use system_tests::{
    Answer, BackboneProcess, ConnectorOptions, ConnectorProcess, Database, Disturbance, RecordingProxy, RestClient,
    Trouble, WorkFolder, establish_relationship,
};

/// The Backbone offers an event three times; a synchronisation that met an outage was once repeated six times before
/// that counted.
const SYNCHRONISATIONS: usize = 20;

struct World {
    folder: WorkFolder,
    backbone: BackboneProcess,
    sender: ConnectorProcess,
    recipient: ConnectorProcess,
    /// Between the recipient and the Backbone.
    proxy: RecordingProxy,
    _senders_proxy: RecordingProxy,
}

impl World {
    /// Two Connectors that synchronise only on request.
    async fn start(name: &str) -> anyhow::Result<Self> {
        let folder = WorkFolder::create(name)?;
        let backbone = BackboneProcess::start(folder.path()).await?;
        let direct = RecordingProxy::start(backbone.port()).await?;
        let proxy = RecordingProxy::start(backbone.port()).await?;
        let connector = async |name: &str, url: &str| {
            let options =
                ConnectorOptions { name, backbone_url: url, database: &Database::Sqlite, modules: Map::new() };
            ConnectorProcess::start(folder.path(), options).await
        };
        // Both through proxies: the host name is part of addresses.
        let sender = connector("sender", &direct.url()).await?;
        let recipient = connector("recipient", &proxy.url()).await?;
        Ok(Self { folder, backbone, sender, recipient, proxy, _senders_proxy: direct })
    }

    fn clients(&self) -> anyhow::Result<(RestClient, RestClient)> {
        Ok((self.sender.client()?, self.recipient.client()?))
    }

    async fn end(mut self) -> anyhow::Result<()> {
        self.sender.stop().await?;
        self.recipient.stop().await?;
        self.backbone.stop().await?;
        self.folder.delete()
    }
}

/// Answers of failing servers and gateways.
const TROUBLES: [Trouble; 5] =
    [Trouble::Refused(500), Trouble::Refused(521), Trouble::Refused(404), Trouble::Page, Trouble::Refused(503)];

async fn send(from: &RestClient, to: &RestClient, subject: &str) -> anyhow::Result<String> {
    let sent = from.send_mail(&to.address().await?, subject, "…").await?.result(201)?;
    sent["id"].as_str().map(str::to_owned).context("a Message without id")
}

async fn inbox(client: &RestClient) -> anyhow::Result<Vec<Value>> {
    let answer = client.deliveries(Method::GET, "/Inbox", None).await?.result(200)?;
    answer.as_array().cloned().context("a list that is none")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_fetched_waits_and_is_seen_to_wait() -> anyhow::Result<()> {
    let world = World::start("inbox-messages").await?;
    let (sender, recipient) = world.clients()?;
    establish_relationship(&sender, &recipient).await?;
    for (number, trouble) in TROUBLES.into_iter().enumerate() {
        let id = send(&sender, &recipient, &format!("{number}")).await?;
        world.proxy.disturb(Disturbance::of_reading("/Messages/", trouble));
        for _ in 0..SYNCHRONISATIONS {
            recipient.sync().await?;
        }
        let waiting = inbox(&recipient).await?;
        ensure!(waiting.len() == 1 && waiting[0]["objectId"] == id.as_str(), "{trouble:?}: {waiting:?}");
        ensure!(waiting[0]["lastFailure"]["mayPass"] == true, "{trouble:?}: {waiting:?}");
        world.proxy.calm();
        let route = format!("/Inbox/{}/Try", waiting[0]["id"].as_str().unwrap());
        let tried = recipient.deliveries(Method::PUT, &route, None).await?;
        ensure!(tried.result(200)?["outcome"] == "applied");
        ensure!(recipient.get(&format!("/Messages/{id}")).await?["content"]["subject"] == format!("{number}"));
        ensure!(inbox(&recipient).await?.is_empty());
    }
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acceptance_that_cannot_be_fetched_is_applied_without_being_asked_for() -> anyhow::Result<()> {
    let world = World::start("inbox-relationships").await?;
    let (sender, recipient) = world.clients()?;
    let template = json!({
        "content": { "@type": "ArbitraryRelationshipTemplateContent", "value": {} },
        "expiresAt": "2999-01-01T00:00:00.000Z",
    });
    let template = sender.post("/RelationshipTemplates/Own", &template).await?;
    let reference = json!({ "reference": template["reference"]["truncated"] });
    let template = recipient.post("/RelationshipTemplates/Peer", &reference).await?;
    let creation = json!({
        "templateId": template["id"],
        "creationContent": { "@type": "ArbitraryRelationshipCreationContent", "value": {} },
    });
    let id = recipient.post("/Relationships", &creation).await?["id"].as_str().unwrap().to_owned();
    sender.sync().await?;
    sender.put(&format!("/Relationships/{id}/Accept")).await?;
    for trouble in TROUBLES {
        world.proxy.disturb(Disturbance::of_reading("/Relationships/", trouble));
        for _ in 0..SYNCHRONISATIONS / 4 {
            recipient.sync().await?;
        }
    }
    ensure!(recipient.get(&format!("/Relationships/{id}")).await?["status"] == "Pending");
    world.proxy.calm();
    // The pauses have grown to five minutes at most; a synchronisation tries what is waiting.
    recipient.sync().await?;
    ensure!(recipient.get(&format!("/Relationships/{id}")).await?["status"] == "Active");
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_the_recipient_loses_nothing() -> anyhow::Result<()> {
    let world = World::start("inbox-full-disk").await?;
    let (sender, recipient) = world.clients()?;
    establish_relationship(&sender, &recipient).await?;
    let before = send(&sender, &recipient, "before").await?;
    let process = world.recipient.process().context("the recipient runs")?;
    process.fill_disk().await?;
    for number in 0..SYNCHRONISATIONS {
        let answer = recipient.call(Method::POST, "/Account/Sync", None).await?;
        ensure!(!matches!(answer, Answer::Answered { status: 204, .. }), "{number}: {answer:?}");
    }
    let during = send(&sender, &recipient, "during").await?;
    process.free_disk().await?;
    // A sync run that the Backbone has begun for it expires after 10 s at the latest.
    let arrived = async {
        while recipient.get("/Messages").await?.as_array().map_or(0, Vec::len) < 2 {
            drop(recipient.sync().await);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(30), arrived).await.context("the messages do not arrive")??;
    for id in [before, during] {
        ensure!(recipient.get(&format!("/Messages/{id}")).await?["id"] == id.as_str());
    }
    world.end().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_arrives_although_its_attachment_was_deleted() -> anyhow::Result<()> {
    let world = World::start("inbox-attachments").await?;
    let (sender, recipient) = world.clients()?;
    establish_relationship(&sender, &recipient).await?;
    let (gone, kept) = (sender.upload("gone.txt", "gone").await?, sender.upload("kept.txt", "kept").await?);
    let peer = recipient.address().await?;
    let content = json!({ "@type": "Mail", "to": [peer], "cc": [], "subject": "s", "body": "b" });
    let message = json!({ "recipients": [peer], "content": content, "attachments": [gone, kept] });
    let id = sender.post("/Messages", &message).await?["id"].as_str().unwrap().to_owned();
    sender.call(Method::DELETE, &format!("/Files/{gone}"), None).await?.result(204)?;
    for _ in 0..4 {
        recipient.sync().await?;
    }
    for (client, is_own) in [(&recipient, false), (&sender, true)] {
        let message = client.get(&format!("/Messages/{id}")).await?;
        ensure!(message["content"]["body"] == "b", "{message}");
        let [lost, there] = message["attachments"].as_array().unwrap().as_slice() else { anyhow::bail!("{message}") };
        ensure!(lost["id"] == gone && lost["isUnavailable"] == true && lost["isOwn"] == is_own, "{lost}");
        // All members of a File that a client of the existing Connector reads are there.
        for member in ["filename", "createdBy", "createdByDevice", "createdAt", "expiresAt", "mimetype", "owner"] {
            ensure!(lost[member].is_string(), "{member}: {lost}");
        }
        ensure!(lost["filesize"] == 0 && lost["reference"]["truncated"].is_string(), "{lost}");
        ensure!(there["filename"] == "kept.txt" && there.get("isUnavailable").is_none(), "{there}");
    }
    world.end().await
}
