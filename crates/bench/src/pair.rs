//! Two Connectors, their Backbone and a relationship.

use anyhow::Context as _;
use serde_json::{Map, Value};
use system_tests::{
    BackboneProcess, ConnectorOptions, ConnectorProcess, Database, RestClient, WorkFolder, establish_relationship,
};

use crate::generator::Target;

/// The environment of a measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) name: &'static str,
    pub(crate) database: &'a Database,
    /// For checking that everything works, rather than for measuring.
    pub(crate) quick: bool,
}

impl Place<'_> {
    /// `full`, or `quick` if it only has to work.
    pub(crate) fn count(&self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }
}

/// A Connector and a client of it.
#[derive(Debug)]
pub(crate) struct Party {
    pub(crate) connector: ConnectorProcess,
    pub(crate) client: RestClient,
    pub(crate) address: String,
}

impl Party {
    /// Requests for the load generator.
    pub(crate) fn target(&self, routes: impl IntoIterator<Item = String>) -> anyhow::Result<Target> {
        let url = self.connector.url().context("the Connector is down")?;
        let port = url.rsplit(':').next().unwrap_or_default().parse()?;
        let paths = routes.into_iter().map(|route| format!("/api/core/v1{route}")).collect::<Vec<_>>();
        Ok(Target { port, api_key: self.connector.api_key().to_owned(), paths: paths.into() })
    }
}

/// Two parties, `a` and `b`, with an active relationship.
#[derive(Debug)]
pub(crate) struct Pair {
    folder: WorkFolder,
    backbone: BackboneProcess,
    pub(crate) a: Party,
    pub(crate) b: Party,
}

impl Pair {
    /// `modules` is the block of `a`; `b` has no modules. `purpose` keeps databases apart.
    pub(crate) async fn start(place: &Place<'_>, purpose: &str, modules: Map<String, Value>) -> anyhow::Result<Self> {
        let folder = WorkFolder::create("bench")?;
        let backbone = BackboneProcess::start(folder.path()).await?;
        let port = backbone.port().borrow().context("the Backbone is down")?;
        let url = format!("http://localhost:{port}");
        let a = party(place, &folder, &format!("{purpose}_a"), &url, modules).await?;
        let b = party(place, &folder, &format!("{purpose}_b"), &url, Map::new()).await?;
        establish_relationship(&b.client, &a.client).await?;
        Ok(Self { folder, backbone, a, b })
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) async fn end(mut self) -> anyhow::Result<()> {
        self.a.connector.stop().await?;
        self.b.connector.stop().await?;
        self.backbone.stop().await?;
        self.folder.delete()
    }
}

async fn party(
    place: &Place<'_>,
    folder: &WorkFolder,
    name: &str,
    backbone_url: &str,
    modules: Map<String, Value>,
) -> anyhow::Result<Party> {
    let options = ConnectorOptions { name, backbone_url, database: place.database, modules };
    let connector = ConnectorProcess::start(folder.path(), options).await?;
    let client = connector.client()?;
    let address = client.address().await?;
    Ok(Party { connector, client, address })
}
