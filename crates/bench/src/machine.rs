//! The conditions of the figures besides the program.

use std::fs::File;
use std::io::Write as _;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::clock::per_second;

/// One line.
pub(crate) async fn describe() -> anyhow::Result<String> {
    let cores = std::thread::available_parallelism()?;
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let kilobytes: u64 = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next().and_then(|number| number.parse().ok()))
        .context("the size of the memory is not known")?;
    let system = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let flushes = tokio::task::spawn_blocking(flushes_per_second).await??;
    Ok(format!(
        "{cores} cores ({processor}), {} GiB of memory, Linux {}, a disk that flushes {flushes:.0} times a second",
        kilobytes.div_ceil(1024 * 1024),
        system.trim(),
    ))
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The rate at which 4 KiB can be written durably, in the place of the measurements' databases.
/// Every commit waits for one such write.
fn flushes_per_second() -> anyhow::Result<f64> {
    let path = tempfile()?;
    let mut file = File::create(&path)?;
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < Duration::from_secs(1) {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        count += 1;
    }
    let elapsed = started.elapsed();
    std::fs::remove_file(path)?;
    Ok(per_second(count, elapsed))
}

fn tempfile() -> anyhow::Result<std::path::PathBuf> {
    Ok(std::env::temp_dir().join(format!("connector-bench-flush-{}", std::process::id())))
}

/// Resident memory of a process, and the part of it that is not backed by a file, in MiB.
pub(crate) fn resident_mebibytes(process: u32) -> anyhow::Result<(f64, f64)> {
    let read = |name: &str| {
        let kilobytes: f64 = field(&format!("/proc/{process}/status"), name)
            .and_then(|text| text.split_whitespace().next().and_then(|number| number.parse().ok()))
            .context("the process is gone")?;
        anyhow::Ok(kilobytes / 1024.0)
    };
    Ok((read("VmRSS")?, read("RssAnon")?))
}
