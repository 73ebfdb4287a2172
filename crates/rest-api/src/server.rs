//! Listening, and stopping without cutting anybody off.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long requests that are under way may take after the server was asked to stop.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(20);

/// Serves until `shutdown` is cancelled, then lets requests under way finish within [`DRAIN_DEADLINE`].
///
/// # Errors
/// Returns an error if the listener fails.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> io::Result<()> {
    tracing::info!("Listening on port {}", listener.local_addr()?.port());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    tokio::select! {
        result = async { server.await } => result,
        () = drained(&shutdown) => {
            tracing::warn!("requests were still under way when the time to stop was over");
            Ok(())
        }
    }
}

async fn drained(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    tokio::time::sleep(DRAIN_DEADLINE).await;
}
