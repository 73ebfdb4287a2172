//! The circuit breaker of a target.

use std::time::Duration;

#[derive(Debug)]
pub(super) enum Circuit {
    /// The target gets everything.
    Closed,
    /// The target is failing and gets one message at a time, as a probe.
    Open(Outage),
}

/// A target that is failing.
#[derive(Debug)]
pub(super) struct Outage {
    /// The running time at which it began.
    pub(super) since: Duration,
    /// Failed probes, the failure that opened the circuit included.
    pub(super) failures: u32,
    pub(super) probe: Probe,
    pub(super) source: ProbeSource,
    pub(super) cleanup: Cleanup,
    pub(super) head: Head,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probe {
    /// Scheduled for this running time.
    Waiting { until: Duration },
    /// The circuit is half-open.
    InFlight,
    /// Another probe is to follow at once if this one fails: an operator has requested it in the meantime.
    InFlightThenAgain,
}

/// The source of the next probe. Rows and log take turns, so that a message which is never accepted does not block
/// others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProbeSource {
    Rows,
    Log,
}

/// Turning rows that are too old into dead letters, once before each probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cleanup {
    Pending,
    Done,
}

/// The next event of the log, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    Unknown,
    /// It becomes a dead letter at this running time.
    Free {
        expires_at: Duration,
    },
    /// The same, but a row about its object comes before it.
    Held {
        expires_at: Duration,
    },
}

impl Head {
    pub(super) fn expires_at(self) -> Option<Duration> {
        match self {
            Self::Unknown => None,
            Self::Free { expires_at } | Self::Held { expires_at } => Some(expires_at),
        }
    }
}

impl Circuit {
    pub(super) fn is_open(&self) -> bool {
        self.outage().is_some()
    }

    pub(super) fn outage(&self) -> Option<&Outage> {
        match self {
            Self::Closed => None,
            Self::Open(outage) => Some(outage),
        }
    }

    pub(super) fn outage_mut(&mut self) -> Option<&mut Outage> {
        match self {
            Self::Closed => None,
            Self::Open(outage) => Some(outage),
        }
    }

    /// Closes the circuit; returns the outage that has ended.
    pub(super) fn close(&mut self) -> Option<Outage> {
        match std::mem::replace(self, Self::Closed) {
            Self::Closed => None,
            Self::Open(outage) => Some(outage),
        }
    }
}

impl Outage {
    pub(super) fn new(now: Duration, back_off: Duration) -> Self {
        Self {
            since: now,
            failures: 1,
            probe: Probe::Waiting { until: now.saturating_add(back_off) },
            source: ProbeSource::Rows,
            cleanup: Cleanup::Pending,
            head: Head::Unknown,
        }
    }

    /// The time of the next probe; `None` while one is in flight.
    pub(super) fn next_probe_at(&self) -> Option<Duration> {
        match self.probe {
            Probe::Waiting { until } => Some(until),
            Probe::InFlight | Probe::InFlightThenAgain => None,
        }
    }

    /// The probe was not accepted: `back_off` gives the pause after this number of failures.
    pub(super) fn probe_failed(&mut self, now: Duration, back_off: impl FnOnce(u32) -> Duration) {
        self.failures = self.failures.saturating_add(1);
        let pause = if self.probe == Probe::InFlightThenAgain { Duration::ZERO } else { back_off(self.failures) };
        self.probe = Probe::Waiting { until: now.saturating_add(pause) };
        self.source = match self.source {
            ProbeSource::Rows => ProbeSource::Log,
            ProbeSource::Log => ProbeSource::Rows,
        };
        self.cleanup = Cleanup::Pending;
        // The row that held it may be a dead letter now.
        if let Head::Held { expires_at } = self.head {
            self.head = Head::Free { expires_at };
        }
    }

    /// An operator requests a probe from the rows, now or right after the one in flight.
    pub(super) fn probe_now(&mut self, now: Duration) {
        self.source = ProbeSource::Rows;
        self.probe = match self.probe {
            Probe::Waiting { .. } => Probe::Waiting { until: now },
            Probe::InFlight | Probe::InFlightThenAgain => Probe::InFlightThenAgain,
        };
    }
}
