//! When to stop.

use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::Supervision;

/// The status of a process that was told a second time to stop: 128 + SIGINT, as shells have it.
const FORCED: i32 = 130;

/// Signals this close together are one request: some programs signal a process and its group.
const ONE_REQUEST: Duration = Duration::from_millis(500);

/// A token that is cancelled by the first stop signal (or the end of standard input, if that is how we are
/// supervised). A second request ends the process at once.
///
/// # Errors
/// When the system does not let us listen for signals.
pub(crate) fn stop_requests(supervision: &Supervision) -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut signals = Signals::listen()?;
    let stopping = token.clone();
    let with_stdin = supervision.stop_with_stdin;
    tokio::spawn(async move {
        tokio::select! {
            name = signals.next() => tracing::info!("Stopping: received {name}."),
            () = end_of_stdin(), if with_stdin => tracing::info!("Stopping: the process that started this one ended."),
        }
        stopping.cancel();
        let asked = Instant::now();
        let name = loop {
            let name = signals.next().await;
            if asked.elapsed() > ONE_REQUEST {
                break name;
            }
        };
        tracing::warn!("Stopping at once: received {name} again.");
        std::process::exit(FORCED);
    });
    Ok(token)
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    quit: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.hang_up.recv() => "SIGHUP",
            _ = self.quit.recv() => "SIGQUIT",
        }
    }
}

/// Waits on a thread of its own: a read of standard input cannot be given up, and must not hold up the end.
async fn end_of_stdin() {
    let (ended, end) = tokio::sync::oneshot::channel();
    let wait = move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = ended.send(());
    };
    match std::thread::Builder::new().name("stdin".to_owned()).spawn(wait) {
        Ok(_) => drop(end.await),
        Err(error) => {
            tracing::warn!("The end of standard input cannot be watched: {error}");
            std::future::pending().await
        }
    }
}
