//! The answers at the port before there is an Account to serve.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use core_types::{Clock, Randomness};
use rest_api::{ServeOptions, Wait};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::AbortOnDropHandle;

/// The time for which requests still being answered may delay the actual service.
const END_LIMIT: Duration = Duration::from_secs(1);

/// Answers at the port until the Account can be served: a probe must not wait for as long as the Backbone or the
/// database do.
pub(super) struct Answering {
    stop: CancellationToken,
    task: AbortOnDropHandle<std::io::Result<()>>,
    _guard: DropGuard,
}

impl Answering {
    /// Listens on a second handle of the port, which remains open in between.
    pub(super) fn start(
        listener: &TcpListener,
        waits: watch::Receiver<Wait>,
        clock: &Arc<dyn Clock>,
        randomness: &Randomness,
    ) -> anyhow::Result<Self> {
        use std::os::fd::AsFd as _;
        let second = std::net::TcpListener::from(listener.as_fd().try_clone_to_owned().context("no second handle")?);
        let second = TcpListener::from_std(second).context("no second handle")?;
        let stop = CancellationToken::new();
        let router = rest_api::waiting_router(waits, Arc::clone(clock), randomness.clone());
        let serving = rest_api::serve_with(second, router, stop.clone(), ServeOptions::default());
        let task = AbortOnDropHandle::new(tokio::spawn(serving));
        Ok(Self { _guard: stop.clone().drop_guard(), stop, task })
    }

    pub(super) async fn end(mut self) {
        self.stop.cancel();
        // However the task ended, the port is now served by the actual server.
        if timeout(END_LIMIT, &mut self.task).await.is_err() {
            // A client is slow with its request, and still gets its answer.
            drop(self.task.detach());
        }
    }
}
