//! Every entry with recorded real data, and with that data damaged: a fuzzer's work on a small scale.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use crypto::encoding::base64url_decode;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

/// The number of inputs from the vectors for each entry, unchanged and altered.
const ROUNDS: usize = 800;
/// Longer inputs only take longer.
const LONGEST_SEED: usize = 8_000;

/// Every text and object of the vectors, and their decoded contents.
fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors");
    let mut seeds = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        // Whole databases and recordings are many times larger than all others together.
        let is_large = path.metadata().unwrap().len() > 2_000_000;
        if path.extension().is_some_and(|extension| extension == "json") && !is_large {
            collect(&serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap(), &mut seeds);
        }
    }
    seeds.retain(|seed| seed.len() <= LONGEST_SEED);
    seeds.sort();
    seeds.dedup();
    assert!(seeds.len() > 3_000, "{} seeds", seeds.len());
    seeds
}

fn collect(value: &Value, seeds: &mut Vec<Vec<u8>>) {
    match value {
        Value::Object(members) => {
            seeds.push(value.to_string().into_bytes());
            members.values().for_each(|member| collect(member, seeds));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, seeds)),
        Value::String(text) => {
            seeds.push(text.clone().into_bytes());
            if let Some(bytes) = base64url_decode(text).ok().filter(|bytes| bytes.len() > 8) {
                seeds.push(bytes);
            }
        }
        _ => {}
    }
}

const CONFIGURATION: &str = concat!(
    r#"{"debug":true,"transportLibrary":{"baseUrl":"http://localhost:1","platformClientId":"a","platformClientSecret":"b"},"#,
    r#""database":{"connectionString":"postgres://u:p@h:5/d?sslmode=require","dbName":"n"},"modules":{"sync":{"enabled":true}},"#,
    r#""infrastructure":{"httpServer":{"port":"1","cors":{"origin":["x"]},"authentication":{"apiKey":{"keys":{"k":{"key":"x"}}}}}},"#,
    r#""logging":{"appenders":{"a":{"type":"stdout","layout":{"type":"json"}}},"categories":{"default":{"appenders":["a"],"level":"INFO"}}}}"#,
    "\0modules__webhooks__enabled=true\0DATABASE_NAME=7\0infrastructure:httpServer:port=0\0debug=true"
);

/// Inputs for which no vector exists.
fn own_seeds() -> Vec<Vec<u8>> {
    let webhooks = json!({
        "enabled": true, "targets": {"a": {"url": "https://localhost/{{trigger}}", "headers": {"x": "y"},
        "authentication": {"type": "ApiKey", "apiKey": "k"}}}, "delivery": {"requestTimeoutSeconds": 1},
        "webhooks": [{"triggers": ["consumption.*"], "target": "a"}, {"triggers": [], "target": {"url": "http://x"}}],
    });
    let texts = [
        webhooks.to_string(),
        CONFIGURATION.to_owned(),
        "modules__".repeat(30_000),
        "createdAt=%3E2020-01-01&content.@type=Mail&tags=a&tags=b".to_owned(),
        "participant=!did:e:a&attachments=%2B&recipients.address[]=~x".to_owned(),
        "passwordProtection.passwordLocationIndicator=SMS&passwordProtection=!&isOwn=true".to_owned(),
        "2024-02-29T23:59:59.999+14:00".to_owned(),
        "2024-W53-7T24:00".to_owned(),
        "-0001-366".to_owned(),
        "ExternalEventCreated".to_owned(),
        "\u{feff}event: ExternalEventCreated\r\ndata: _\r\rretry: 2500\n:\ndata\n\n".to_owned(),
        "[".repeat(20_000),
        "{\"a\":".repeat(10_000),
        format!("{}{}", "[".repeat(127), "]".repeat(127)),
        format!("{}{}", "[".repeat(200), "]".repeat(200)),
        format!("{}\"\\ud83d\"{}", "{\"a\":[".repeat(2_500), "]}".repeat(2_500)),
        r#"{"a":"Hello \ud83d","\udc00":[1e400,"\ud83d\ude00"]}"#.to_owned(),
        "9".repeat(10_000),
        String::new(),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}

fn damage(mut data: Vec<u8>, seeds: &[Vec<u8>], rng: &mut StdRng) -> Vec<u8> {
    for _ in 0..rng.random_range(1..4) {
        let position = rng.random_range(0..=data.len());
        match rng.random_range(0..7) {
            0 => data.truncate(position),
            1 => data.insert(position, rng.random()),
            2 => drop(data.splice(position.., seeds.choose(rng).unwrap().iter().copied()).collect::<Vec<_>>()),
            3 if position < data.len() => drop(data.remove(position)),
            4 => {
                let tokens = [
                    "\"",
                    "null",
                    "{}",
                    "[]",
                    "-1",
                    "1e999",
                    "\\u0000",
                    "\\ud800",
                    ",",
                    "\"@type\":",
                    "99999999999999999999",
                    "é",
                    "%00",
                ];
                data.splice(position..position, tokens.choose(rng).unwrap().bytes());
            }
            5 => {
                let end = rng.random_range(position..=data.len());
                let part = data.get(position..end).unwrap().to_vec();
                data.splice(position..position, part);
            }
            _ => {
                if let Some(byte) = data.get_mut(position) {
                    *byte ^= 1 << rng.random_range(0..8);
                }
            }
        }
    }
    data
}

fn attempt(name: &str) {
    let (_, entry) = fuzz_entries::ENTRIES.iter().find(|(known, _)| *known == name).unwrap();
    let seeds = seeds();
    let mut rng = StdRng::seed_from_u64(1);
    for seed in own_seeds() {
        entry(&seed);
        for _ in 0..8 {
            entry(&damage(seed.clone(), &seeds, &mut rng));
        }
    }
    for _ in 0..ROUNDS {
        let seed = seeds.choose(&mut rng).unwrap();
        entry(seed);
        entry(&damage(seed.clone(), &seeds, &mut rng));
    }
}

macro_rules! entries {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                attempt(stringify!($name));
            }
        )*

        #[test]
        fn all_entries_are_tried_and_have_a_target() {
            let tried = [$(stringify!($name)),*];
            let known = fuzz_entries::ENTRIES.map(|(name, _)| name);
            assert_eq!(tried, known);
            let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/Cargo.toml");
            let manifest = std::fs::read_to_string(manifest).unwrap();
            for name in known {
                assert!(manifest.contains(&format!("name = \"{name}\"")), "fuzz/Cargo.toml lacks {name}");
                let target = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fuzz/fuzz_targets/{name}.rs"));
                assert!(std::fs::read_to_string(target).unwrap().contains(&format!("fuzz_entries::{name}(")), "{name}");
            }
        }
    };
}

entries! {
    backbone_answer,
    backbone_request,
    configuration,
    crypto_object,
    encoding,
    envelope,
    event_stream,
    list_filter,
    odd_json,
    reference,
    request_body,
    sealed_object,
    timestamp,
    webhook_configuration,
}
