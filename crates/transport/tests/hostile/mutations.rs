//! Answers with random mistakes in them, from fixed seeds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderValue, StatusCode, header};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::meddler::Answer;
use crate::support::{World, assert_no_panics, in_time, relate};

/// Answers seen so far by the kind of request, to be repeated in the wrong place.
type Seen = Arc<Mutex<HashMap<String, Vec<Vec<u8>>>>>;

/// The request without ids.
fn kind(what: &str) -> String {
    what.split('/').map(|part| if part.len() == 20 { "{id}" } else { part }).collect::<Vec<_>>().join("/")
}

/// Pointers to all values within.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let mut descend = |name: &str, inner: &Value| {
        pointers(inner, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, inner)| descend(name, inner)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, inner)| descend(&index.to_string(), inner)),
        _ => {}
    }
}

fn odd_value(rng: &mut StdRng) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(u64::MAX),
        json!(""),
        json!("x"),
        json!("\u{0}"),
        json!("../../Identities"),
        json!("9999-12-31T23:59:59.999Z"),
        json!("a".repeat(100_000)),
        json!([]),
        json!({}),
        json!([null, null]),
        json!(vec![json!({}); 300]),
        serde_json::from_str(&format!("{}{}", "[".repeat(120), "]".repeat(120))).unwrap(),
    ];
    values.choose(rng).unwrap().clone()
}

/// Exchanges one character for another.
fn flip(text: &str, rng: &mut StdRng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    if !characters.is_empty() {
        let position = rng.random_range(0..characters.len());
        let other = *['A', 'b', '0', '-', '"'].choose(rng).unwrap();
        let character = characters.get_mut(position).unwrap();
        *character = if *character == other { 'z' } else { other };
    }
    characters.into_iter().collect()
}

fn change_value(body: &mut Value, rng: &mut StdRng) {
    let mut all = Vec::new();
    pointers(body, "", &mut all);
    let pointer = all.choose(rng).unwrap().clone();
    let other = body.pointer(all.choose(rng).unwrap()).unwrap().clone();
    let random = odd_value(rng);
    let target = body.pointer_mut(&pointer).unwrap();
    match rng.random_range(0..7) {
        0 => *target = random,
        // A value that belongs elsewhere.
        1 => *target = other,
        2 => match target {
            Value::String(text) => *text = flip(text, rng),
            target => *target = random,
        },
        3 => match target {
            Value::Array(items) => items.extend(items.clone()),
            Value::Object(members) if !members.is_empty() => {
                let name = members.keys().cloned().collect::<Vec<_>>().choose(rng).unwrap().clone();
                members.remove(&name);
            }
            target => *target = json!([target]),
        },
        4 => match target {
            Value::Array(items) => items.shuffle(rng),
            Value::Object(members) => {
                members.insert("extra".to_owned(), random);
            }
            target => *target = json!({"id": target}),
        },
        5 => match target {
            Value::Array(items) => items.clear(),
            Value::String(text) => text.truncate(text.char_indices().nth(1).map_or(0, |(at, _)| at)),
            target => *target = Value::Null,
        },
        _ => match target {
            Value::Number(_) => *target = json!(i64::MAX),
            Value::String(text) => *text = text.to_lowercase(),
            target => *target = json!(target.to_string()),
        },
    }
}

fn mutate(what: &str, mut answer: Answer, seen: &Seen, rng: &mut StdRng) -> Answer {
    match rng.random_range(0..20) {
        0 => answer.body.truncate(rng.random_range(0..=answer.body.len())),
        1 => answer.body = (0..rng.random_range(0..200)).map(|_| rng.random()).collect(),
        2 => answer.body = b"<html><body>502</body></html>".to_vec(),
        3 => {
            let statuses = [204, 206, 304, 307, 400, 401, 403, 404, 409, 410, 429, 500, 502, 503, 599];
            answer.status = StatusCode::from_u16(*statuses.choose(rng).unwrap()).unwrap();
        }
        4 => {
            // A redirect to the same path.
            answer.status = StatusCode::FOUND;
            let path = what.split(' ').nth(1).unwrap();
            answer.headers.insert(header::LOCATION, HeaderValue::from_str(path).unwrap());
        }
        5 => {
            answer.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        6 if !answer.body.is_empty() => {
            let position = rng.random_range(0..answer.body.len());
            *answer.body.get_mut(position).unwrap() ^= 1 << rng.random_range(0..8);
        }
        7 => {
            answer.status = StatusCode::BAD_REQUEST;
            answer.body = json!({"error": odd_value(rng)}).to_string().into_bytes();
        }
        8 => {
            let codes = ["error.platform.recordNotFound", "error.platform.validation.syncRun.x", "", "\u{0}"];
            let error = json!({"error": {"code": codes.choose(rng).unwrap(), "message": odd_value(rng)}});
            answer.body = error.to_string().into_bytes();
        }
        9..=11 => {
            // An old answer to a request of the same kind.
            if let Some(old) = seen.lock().unwrap().get(&kind(what)).and_then(|all| all.choose(rng)) {
                answer.body.clone_from(old);
            }
        }
        _ => {
            if let Some(mut body) = answer.json() {
                for _ in 0..rng.random_range(1..4) {
                    change_value(&mut body, rng);
                }
                return answer.with(&body);
            }
        }
    }
    answer
}

/// A third of the answers is faulty.
fn meddle(world: &World, seed: u64, seen: &Seen) {
    let mut rng = StdRng::seed_from_u64(seed);
    let seen = Arc::clone(seen);
    world.meddler.meddle(move |what, answer| {
        let kind = kind(what);
        let is_mutated = rng.random_range(0..3) == 0;
        let original = answer.body.clone();
        let answer = if is_mutated { mutate(what, answer, &seen, &mut rng) } else { answer };
        seen.lock().unwrap().entry(kind).or_default().push(original);
        answer
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_survive_every_mistake() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    let stranger = world.account().await;
    relate(&stranger, &receiver).await;
    let seen = Seen::default();
    let mut expected = HashMap::new();
    for seed in 0..60_u64 {
        for (from, number) in [(&sender, 1), (&stranger, 2)] {
            let content = json!({"@type": "ArbitraryMessageContent", "value": {"seed": seed, "number": number}});
            let attachments = if seed % 10 == 0 { vec![from.file(b"attached").await] } else { vec![] };
            let sent = from.send(&receiver, content.clone(), attachments).await;
            expected.insert(sent.id.to_string(), (from.address(), content));
        }
        // The Backbone offers an event three times; a list that is faulty twice is right the third time.
        for attempt in 0..2 {
            meddle(&world, seed * 2 + attempt, &seen);
            drop(receiver.sync_somehow().await);
            world.meddler.be_honest();
            world.let_sync_runs_expire();
        }
        receiver.sync_somehow().await.unwrap();

        let received = receiver.received().await;
        assert_eq!(received.len(), expected.len(), "seed {seed}");
        for message in received {
            let (from, content) = expected.get(message.id.as_str()).unwrap();
            assert_eq!((&message.created_by, &message.content), (from, content), "seed {seed}");
        }
        assert_eq!(receiver.count_events("transport.messageReceived").await, expected.len(), "seed {seed}");
    }
    assert_no_panics();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_loaded_is_what_was_made() {
    let world = World::start().await;
    let (maker, reader) = (world.account().await, world.account().await);
    let seen = Seen::default();
    let base_url = maker.config().base_url.clone();
    let parse = |reference: core_types::Reference| core_types::Reference::parse(&reference.to_truncated()).unwrap();
    for seed in 0..40_u64 {
        let template = maker.template(json!(seed)).await;
        let file = maker.file(b"what is in the file").await;
        meddle(&world, seed, &seen);
        let reference = maker.reference(&template);
        for _ in 0..3 {
            if let Ok(loaded) = in_time(reader.templates().load_by_reference(&reference, None)).await {
                assert_eq!(loaded.content, template.content, "seed {seed}");
            }
            if let Ok(loaded) = in_time(reader.files().load_by_reference(&parse(file.reference(&base_url)))).await {
                assert_eq!(loaded.id, file.id, "seed {seed}");
            }
            if let Ok(content) = in_time(reader.files().download(&file.id)).await {
                assert_eq!(content, "what is in the file", "seed {seed}");
            }
        }
        world.meddler.be_honest();
        let loaded = reader.templates().load_by_reference(&reference, None).await.unwrap();
        assert_eq!(loaded.content, template.content);
        assert_eq!(loaded.created_by, maker.address());
        reader.files().load_by_reference(&parse(file.reference(&base_url))).await.unwrap();
        assert_eq!(reader.files().download(&file.id).await.unwrap(), "what is in the file");
    }
    assert_no_panics();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relationships_come_to_be_in_spite_of_mistakes() {
    let world = World::start().await;
    let seen = Seen::default();
    for seed in 0..15_u64 {
        let (templator, requestor) = (world.account().await, world.account().await);
        let template = templator.template(json!(1)).await;
        let template = requestor.templates().load_by_reference(&templator.reference(&template), None).await.unwrap();
        let content = json!({"@type": "ArbitraryRelationshipCreationContent", "value": seed});
        let sent = requestor.relationships().send(&template, content.clone()).await.unwrap();

        meddle(&world, seed, &seen);
        drop(templator.sync_somehow().await);
        drop(in_time(templator.relationships().accept(&sent.id)).await);
        world.meddler.be_honest();
        world.let_sync_runs_expire();
        templator.sync_somehow().await.unwrap();
        let known = templator.relationships().get(&sent.id).await.unwrap().unwrap();
        assert_eq!((&known.peer.address, &known.creation_content), (&requestor.address(), &content), "seed {seed}");
        if known.status == transport::documents::RelationshipStatus::Pending {
            templator.relationships().accept(&sent.id).await.unwrap();
        }

        meddle(&world, seed + 1000, &seen);
        drop(requestor.sync_somehow().await);
        world.meddler.be_honest();
        world.let_sync_runs_expire();
        requestor.sync_somehow().await.unwrap();
        let message = templator.send(&requestor, json!({"seed": seed}), vec![]).await;
        requestor.sync_somehow().await.unwrap();
        let received = requestor.messages().get(&message.id).await.unwrap().unwrap();
        assert_eq!(received.content, json!({"seed": seed}), "seed {seed}");
    }
    assert_no_panics();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sending_ends_in_time_and_uses_no_counter_twice() {
    let world = World::start().await;
    let (sender, receiver) = world.related_accounts().await;
    let seen = Seen::default();
    for seed in 0..40_u64 {
        meddle(&world, seed, &seen);
        let new = transport::SendMessage {
            recipients: vec![receiver.address()],
            content: json!({"seed": seed}),
            attachments: vec![],
        };
        drop(in_time(sender.messages().send(new)).await);
        drop(in_time(sender.tokens().find(&store::Query::default())).await);
        world.meddler.be_honest();
    }
    receiver.sync_somehow().await.unwrap();
    let received = receiver.received().await;
    assert!(received.len() > 10);
    let mut counters: Vec<String> = received
        .iter()
        .map(|message| serde_json::to_value(&message.recipients).unwrap()[0]["encryptedKey"]["cnt"].to_string())
        .collect();
    counters.sort();
    counters.dedup();
    assert_eq!(counters.len(), received.len());
    assert_no_panics();
}
