//! The state of the handlers.

use std::fmt;
use std::sync::Arc;

use core_types::{Clock, Randomness, Timestamp};
use runtime::HostedAccount;
use serde::Serialize;
use serde_json::{Map, Value};
use settings::Shown;
use utoipa::ToSchema;

use crate::accounts::Accounts;
use crate::config::HttpServerConfig;
use crate::event_stream::EventStreams;
use crate::middleware::observation::RequestStatistics;
use crate::redaction::with_states;
use crate::startup::ServerMode;

/// The parts from which the HTTP interface is built.
#[derive(Clone)]
pub struct ApiOptions {
    /// The Account behind this interface.
    pub account: Arc<HostedAccount>,
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
    /// The source of random numbers.
    pub randomness: Randomness,
    /// Production or debug mode.
    pub mode: ServerMode,
    /// The answer to `GET /Monitoring/Version`.
    pub version: VersionInfo,
    /// The configuration as shown by `GET /Monitoring/Support`.
    pub configuration: Shown,
    /// Renders the metrics of the process; `None` if they are not collected.
    pub metrics: Option<MetricsRenderer>,
}

/// Renders metrics in the text format of Prometheus.
#[derive(Clone)]
pub struct MetricsRenderer(Arc<dyn Fn() -> String + Send + Sync>);

impl MetricsRenderer {
    /// Wraps the function of the collector.
    pub fn new(render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(render))
    }

    /// The current metrics.
    #[must_use]
    pub fn render(&self) -> String {
        (self.0)()
    }
}

impl fmt::Debug for MetricsRenderer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MetricsRenderer").finish_non_exhaustive()
    }
}

impl fmt::Debug for ApiOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ApiOptions")
            .field("mode", &self.mode)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Which program this is (`docs/protocol/07 §2.7`).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionInfo {
    /// The version of the API this one is compatible with.
    pub version: String,
    /// Build number.
    pub build: String,
    /// Build time, ISO 8601.
    pub date: String,
    /// Commit the program was built from.
    pub commit: String,
    /// The version of the runtime API this one is compatible with.
    pub runtime_version: String,
    /// Build information of modules that have any, by display name.
    pub modules: Map<String, Value>,
    /// Our own name and version. They travel in a header, as clients may refuse members they do not know.
    #[serde(skip)]
    pub implementation: ImplementationInfo,
}

/// The name and version of this implementation.
#[derive(Debug, Clone)]
pub struct ImplementationInfo {
    /// Name of the program.
    pub name: String,
    /// Its own version.
    pub version: String,
}

/// The state the routes share.
#[derive(Clone)]
pub(crate) struct ApiState(Arc<Shared>);

struct Shared {
    account: Arc<HostedAccount>,
    accounts: Accounts,
    clock: Arc<dyn Clock>,
    version: VersionInfo,
    shown_configuration: Value,
    statistics: Arc<RequestStatistics>,
    metrics: Option<MetricsRenderer>,
    event_streams: EventStreams,
}

/// With several keys, none of them can take all streams.
fn event_streams(config: &HttpServerConfig) -> EventStreams {
    let places = config.event_stream.max_streams as usize;
    let has_rivals = config.authentication.api_key.keys.len() > 1;
    EventStreams::new(places, if has_rivals { places.div_ceil(2) } else { places })
}

impl ApiState {
    pub(crate) fn new(state: ApiOptions, config: &HttpServerConfig) -> Self {
        Self(Arc::new(Shared {
            shown_configuration: with_states(state.configuration, &config.authentication),
            statistics: Arc::new(RequestStatistics::new(state.clock.now())),
            accounts: Accounts::only(Arc::clone(&state.account)),
            account: state.account,
            clock: state.clock,
            version: state.version,
            metrics: state.metrics,
            event_streams: event_streams(config),
        }))
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    pub(crate) fn account(&self) -> &HostedAccount {
        &self.0.account
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn version(&self) -> &VersionInfo {
        &self.0.version
    }

    pub(crate) fn shown_configuration(&self) -> &Value {
        &self.0.shown_configuration
    }

    pub(crate) fn metrics(&self) -> Option<&MetricsRenderer> {
        self.0.metrics.as_ref()
    }

    pub(crate) fn event_streams(&self) -> &EventStreams {
        &self.0.event_streams
    }

    pub(crate) fn statistics(&self) -> Arc<RequestStatistics> {
        Arc::clone(&self.0.statistics)
    }
}
