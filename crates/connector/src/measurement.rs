//! Collects the counters and measurements of all parts of the program, for `/metrics` (`docs/metrics.md`).
//!
//! As for log lines, there is one collector per process, because measurements must not be passed through every
//! function.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::PrometheusBuilder;
use rest_api::{MetricsConfig, MetricsRenderer, VersionInfo};

/// Upper bounds of the histogram buckets for durations, in seconds.
const DURATIONS: [f64; 16] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// The interval at which single measurements are aggregated, so that they do not pile up if they are never fetched.
const SUM_UP_INTERVAL: Duration = Duration::from_secs(5);

/// Starts collecting, if metrics are enabled; otherwise, measuring has no effect.
///
/// # Errors
/// If it has been started before.
pub(crate) fn start(config: MetricsConfig, version: &VersionInfo) -> anyhow::Result<Option<MetricsRenderer>> {
    if !config.enabled {
        return Ok(None);
    }
    let recorder = PrometheusBuilder::new().set_buckets(&DURATIONS)?.build_recorder();
    let collected = recorder.handle();
    metrics::set_global_recorder(recorder).ok().context("metrics are collected already")?;
    describe();
    let labels = [
        ("version", version.implementation.version.clone()),
        ("api_version", version.version.clone()),
        ("commit", version.commit.clone()),
    ];
    gauge!("connector_build_info", &labels).set(1.0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    gauge!("process_start_time_seconds").set(now.as_secs_f64());
    let summed_up = collected.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(SUM_UP_INTERVAL).await;
            summed_up.run_upkeep();
        }
    });
    Ok(Some(MetricsRenderer::new(move || {
        measure_process();
        collected.render()
    })))
}

/// The operating system's figures on this process, if it provides them as Linux does.
fn measure_process() {
    if let Some(bytes) = std::fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident_memory) {
        gauge!("process_resident_memory_bytes").set(bytes);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        // One of them is for reading this directory.
        let count = u32::try_from(files.count()).unwrap_or(u32::MAX).saturating_sub(1);
        gauge!("process_open_fds").set(f64::from(count));
    }
}

fn resident_memory(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// The descriptions of the metrics.
fn describe() {
    let counters = [
        ("connector_deliveries_total", "Deliveries of events by target and outcome."),
        ("connector_delivery_retries_total", "Attempts to deliver an event once more."),
        ("connector_inbox_attempts_total", "Attempts to apply what waits in the inbox by outcome."),
        ("connector_deliveries_unroutable_total", "Events that reach nobody behind the target that was to get them."),
        ("connector_events_abandoned_total", "Events removed as too old before a subscriber had read them."),
        ("connector_deliveries_abandoned_total", "Deliveries removed with events that were too old."),
        ("connector_sync_runs_total", "Synchronisations with the Backbone by outcome."),
        ("connector_backbone_requests_total", "Answered calls to the Backbone by route and status."),
        ("connector_backbone_request_failures_total", "Calls to the Backbone without an answer by reason."),
        ("connector_http_requests_total", "Answered HTTP requests by route and status."),
    ];
    for (name, text) in counters {
        describe_counter!(name, text);
    }
    let gauges = [
        ("connector_delivery_waiting", Unit::Count, "Messages that a target is still to get."),
        ("connector_delivery_lag_seconds", Unit::Seconds, "Age of the oldest event that a target is still to get."),
        ("connector_inbox_entries", Unit::Count, "Entries of the inbox by state."),
        ("connector_inbox_oldest_seconds", Unit::Seconds, "Age of the oldest entry of the inbox by state."),
        ("connector_event_streams", Unit::Count, "Open event streams."),
        ("connector_build_info", Unit::Count, "Always 1; the labels tell which program this is."),
        ("process_start_time_seconds", Unit::Seconds, "When the process began to serve, in seconds since 1970."),
        ("process_resident_memory_bytes", Unit::Bytes, "Memory of the process."),
        ("process_open_fds", Unit::Count, "Open files and connections of the process."),
    ];
    for (name, unit, text) in gauges {
        describe_gauge!(name, unit, text);
    }
    let durations = [
        ("connector_delivery_duration_seconds", "Duration of attempts to deliver an event."),
        ("connector_sync_run_duration_seconds", "Duration of synchronisations with the Backbone."),
        ("connector_backbone_request_duration_seconds", "Duration of calls to the Backbone."),
        ("connector_http_request_duration_seconds", "Duration of HTTP requests."),
        ("connector_store_begin_wait_seconds", "How long a transaction waits for its turn to begin."),
        ("connector_store_transaction_duration_seconds", "Duration of transactions that were committed."),
        ("connector_store_query_duration_seconds", "Duration of statements in the database."),
    ];
    for (name, text) in durations {
        describe_histogram!(name, Unit::Seconds, text);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use metrics::{counter, histogram};

    fn version() -> VersionInfo {
        VersionInfo {
            version: "7.0.0".into(),
            build: "1".into(),
            date: String::new(),
            commit: "abc".into(),
            runtime_version: "7.0.0".into(),
            modules: serde_json::Map::new(),
            implementation: rest_api::ImplementationInfo { name: "connector".into(), version: "0.1.0".into() },
        }
    }

    #[tokio::test]
    async fn what_is_counted_is_shown_and_only_if_it_is_wanted() {
        assert!(start(MetricsConfig::default(), &version()).unwrap().is_none());
        counter!("connector_sync_runs_total", "kind" => "everything").increment(7);
        let on = MetricsConfig { enabled: true, authenticated: true };
        let renderer = start(on, &version()).unwrap().unwrap();
        counter!("connector_sync_runs_total", "kind" => "everything").increment(1);
        histogram!("connector_store_query_duration_seconds").record(0.002);
        let text = renderer.render();
        for line in [
            "# HELP connector_sync_runs_total Synchronisations with the Backbone by outcome.",
            "# TYPE connector_sync_runs_total counter",
            "connector_sync_runs_total{kind=\"everything\"} 1",
            "connector_build_info{version=\"0.1.0\",api_version=\"7.0.0\",commit=\"abc\"} 1",
            "connector_store_query_duration_seconds_bucket{le=\"0.001\"} 0",
            "connector_store_query_duration_seconds_bucket{le=\"0.0025\"} 1",
            "connector_store_query_duration_seconds_count 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
        }
        for name in ["process_start_time_seconds", "process_resident_memory_bytes", "process_open_fds"] {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
            assert!(value.is_some_and(|value| value > 0.0), "{name} in\n{text}");
        }
        assert!(start(on, &version()).is_err());
    }

    #[test]
    fn memory_is_read_from_what_the_system_tells() {
        assert_eq!(resident_memory("Name:\tx\nVmRSS:\t    2048 kB\nThreads:\t1"), Some(2_097_152.0));
        assert_eq!(resident_memory("Name:\tx"), None);
    }
}
