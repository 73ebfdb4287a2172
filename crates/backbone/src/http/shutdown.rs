use tokio_util::sync::CancellationToken;

/// Tells streams that the listener they came in by is to be shut down.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(pub(crate) CancellationToken);
