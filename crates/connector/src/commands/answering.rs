//! What is answered at the port before there is an Account to serve.

use core_types::Randomness;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use core_types::Clock;
use rest_api::{ServeOptions, Wait};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::AbortOnDropHandle;

/// How long those who are answered may hold up those who are to be served.
const END_LIMIT: Duration = Duration::from_secs(1);

/// Answers at the port until there is something to serve: a probe must not wait for as long as the Backbone or the database do.
pub(super) struct Answering {
    stop: CancellationToken,
    task: AbortOnDropHandle<std::io::Result<()>>,
    _guard: DropGuard,
}

impl Answering {
    /// On a second handle of the port, which stays open in between.
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
        // Whatever became of it, the port is served by others now.
        if timeout(END_LIMIT, &mut self.task).await.is_err() {
            // Somebody is slow with a request, and gets the answer to it all the same.
            drop(self.task.detach());
        }
    }
}
