use std::path::Path;

use serde_json::{Map, Value, json};

use crate::{
    BackboneProcess, ConnectorOptions, ConnectorProcess, Database, RecordingProxy, RestClient, WebhookReceiver,
    WorkFolder, establish_relationship,
};

/// One Connector and everything that belongs to it alone.
pub(super) struct Side {
    pub(super) connector: ConnectorProcess,
    pub(super) client: RestClient,
    pub(super) address: String,
    /// Between it and the Backbone.
    pub(super) proxy: RecordingProxy,
    pub(super) webhooks: WebhookReceiver,
}

/// Two Connectors with a relationship, and their Backbone.
pub(super) struct Arena {
    folder: WorkFolder,
    pub(super) backbone: BackboneProcess,
    pub(super) sides: [Side; 2],
    pub(super) third: Option<Third>,
}

/// A Connector with a relationship to the first one.
pub(super) struct Third {
    pub(super) side: Side,
    pub(super) relationship: String,
}

impl Arena {
    pub(super) async fn start(name: &str, database: &Database, with_third: bool) -> anyhow::Result<Self> {
        let folder = WorkFolder::create(name)?;
        let backbone = BackboneProcess::start(folder.path()).await?;
        let sides = [
            side("first", folder.path(), &backbone, database).await?,
            side("second", folder.path(), &backbone, database).await?,
        ];
        establish_relationship(&sides[0].client, &sides[1].client).await?;
        let third = if with_third {
            let side = side("third", folder.path(), &backbone, database).await?;
            // The third one accepts: everything that the first one encrypts remains for the second one, which the audit
            // relies on.
            let relationship = establish_relationship(&side.client, &sides[0].client).await?;
            Some(Third { side, relationship })
        } else {
            None
        };
        Ok(Self { folder, backbone, sides, third })
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) async fn delete(mut self) -> anyhow::Result<()> {
        for side in self.sides.iter_mut().chain(self.third.as_mut().map(|third| &mut third.side)) {
            side.connector.stop().await?;
        }
        self.backbone.stop().await?;
        self.folder.delete()
    }
}

async fn side(name: &str, folder: &Path, backbone: &BackboneProcess, database: &Database) -> anyhow::Result<Side> {
    let proxy = RecordingProxy::start(backbone.port()).await?;
    let webhooks = WebhookReceiver::start().await?;
    let backbone_url = proxy.url();
    let options = ConnectorOptions { name, backbone_url: &backbone_url, database, modules: modules(webhooks.url()) };
    let connector = ConnectorProcess::start(folder, options).await?;
    let client = connector.client()?;
    let address = client.address().await?;
    Ok(Side { connector, client, address, proxy, webhooks })
}

/// Every event goes to the receiver, and failed deliveries are soon retried.
fn modules(webhook: &str) -> Map<String, Value> {
    let mut modules = Map::new();
    modules.insert("sync".to_owned(), json!({ "enabled": true, "interval": 1 }));
    modules.insert(
        "webhooks".to_owned(),
        json!({
            "enabled": true,
            "webhooks": [{ "triggers": ["**"], "target": { "url": webhook } }],
            "delivery": { "retryDelayMilliseconds": 50, "maxRetryDelaySeconds": 1 },
        }),
    );
    modules
}
