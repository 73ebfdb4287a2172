//! Replays the recorded exchanges with an existing Connector (`vectors/README.md`) and compares status, headers and
//! bodies. Differences are listed with their reasons in [`expectations`].

mod expectations;
mod fixtures;
mod placeholders;
mod replay;

use expectations::Expectation;
use replay::{Recording, Replay};

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the counts are for whoever runs the test")]
async fn the_recorded_exchanges() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/rest-recordings.json");
    let recordings: Vec<Recording> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut replay = Replay::start(&recordings).await;
    let mut matched = 0;
    let mut differing: Vec<(&str, &str)> = Vec::new();
    let mut not_applicable: Vec<(&str, &str)> = Vec::new();
    let mut failures = Vec::new();
    for recording in &recordings {
        match expectations::of(recording) {
            Expectation::NotApplicable(reason) => not_applicable.push((&recording.name, reason)),
            Expectation::Same => match replay.play(recording, None).await {
                Ok(()) => matched += 1,
                Err(difference) => failures.push(format!("{}: {difference}", recording.name)),
            },
            Expectation::Soon => match replay.play_until_same(recording).await {
                Ok(()) => matched += 1,
                Err(difference) => failures.push(format!("{}: {difference}", recording.name)),
            },
            Expectation::Differs(difference) => match replay.play(recording, Some(difference)).await {
                Ok(()) => differing.push((&recording.name, difference.reason)),
                Err(difference) => failures.push(format!("{}: {difference}", recording.name)),
            },
        }
    }
    println!(
        "{} recordings: {matched} matched, {} deliberately different, {} not applicable yet, {} failed",
        recordings.len(),
        differing.len(),
        not_applicable.len(),
        failures.len()
    );
    for (title, list) in [("different", &differing), ("not applicable", &not_applicable)] {
        for (reason, count) in by_reason(list) {
            println!("{title}: {count} x {reason}");
        }
    }
    assert_eq!(expectations::that_fit_nothing(&recordings), [""; 0]);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn by_reason<'a>(list: &[(&str, &'a str)]) -> Vec<(&'a str, usize)> {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for (_, reason) in list {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((reason, 1)),
        }
    }
    reasons
}
