//! The signals to stop, and to reload the configuration.

use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::Supervision;

/// The exit status of a process that was asked to stop a second time: 128 + SIGINT, as in shells.
const FORCED: i32 = 130;

/// Signals this close together are one request: some programs signal a process and its group.
const ONE_REQUEST: Duration = Duration::from_millis(500);

/// SIGXFSZ; the library has no name for it.
const FILE_TOO_LARGE: i32 = 25;

/// Lets a write beyond the file size limit (`ulimit -f`) fail like one to a full disk: by default, the system ends the
/// process.
///
/// # Errors
/// If the system refuses the signal handler.
pub(crate) fn outlive_limits_of_files() -> std::io::Result<()> {
    // A signal with a handler has no other effect, even if nothing waits for it. Child processes are not affected.
    signal(SignalKind::from_raw(FILE_TOO_LARGE)).map(drop)
}

/// Each SIGHUP, unless this process was started with the signal ignored, as by `nohup`.
pub(crate) struct HangUps(Option<Signal>);

impl HangUps {
    fn listen() -> std::io::Result<Self> {
        let ignored = std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hang_ups(&status));
        Ok(Self(if ignored { None } else { Some(signal(SignalKind::hangup())?) }))
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        match &mut self.0 {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    }
}

/// Returns true if the status of a process shows that it ignores SIGHUP, the first signal.
fn ignores_hang_ups(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u128::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// A token that is cancelled by the first stop signal, including SIGHUP (or by the end of standard input, if that is
/// how we are supervised). A second request ends the process at once.
///
/// # Errors
/// If the system refuses the signal handlers.
pub(crate) fn stop_requests(supervision: &Supervision) -> std::io::Result<CancellationToken> {
    Ok(stop_at(supervision, Signals::listen(Some(HangUps::listen()?))?))
}

/// [`stop_requests`] without SIGHUP, which has another meaning.
///
/// # Errors
/// As [`stop_requests`].
pub(crate) fn stop_requests_and_hang_ups(supervision: &Supervision) -> std::io::Result<(CancellationToken, HangUps)> {
    let hang_ups = HangUps::listen()?;
    Ok((stop_at(supervision, Signals::listen(None)?), hang_ups))
}

fn stop_at(supervision: &Supervision, mut signals: Signals) -> CancellationToken {
    let token = CancellationToken::new();
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
    token
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_ups: HangUps,
    quit: Signal,
}

impl Signals {
    /// Without hang-ups, they are not stop signals.
    fn listen(hang_ups: Option<HangUps>) -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_ups: hang_ups.unwrap_or(HangUps(None)),
            quit: signal(SignalKind::quit())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            () = self.hang_ups.next() => "SIGHUP",
            _ = self.quit.recv() => "SIGQUIT",
        }
    }
}

/// Waits on a separate thread: a read of standard input cannot be cancelled, and must not delay the end.
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

#[cfg(test)]
mod tests {
    use super::ignores_hang_ups;

    #[test]
    fn the_first_bit_is_that_of_sighup() {
        assert!(ignores_hang_ups("Name:\tx\nSigIgn:\t0000000000001001\nSigCgt:\t0\n"));
        assert!(!ignores_hang_ups("SigIgn:\t0000000000001000\n"));
        assert!(!ignores_hang_ups("SigBlk:\t0000000000000001\n"));
    }
}
