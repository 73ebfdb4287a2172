use tokio_util::sync::CancellationToken;

/// Given to streams, so that they end when their listener is shut down.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(pub(crate) CancellationToken);
