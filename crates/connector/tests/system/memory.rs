//! Secrets in the memory of the service.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};

use crate::installation::{Installation, backbone};
use crate::support::{API_KEY, Client, eventually};

/// SQLite keeps the pages it has read, and one of them contains the key: a copy for each of the five connections that
/// read and write, and a page that was replaced by a newer one.
const MOST_COPIES_OF_THE_BASE_KEY: usize = 8;

/// The number of occurrences of a text in the memory of a process.
fn copies(process: u32, text: &str) -> usize {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found = 0;
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let address = |text: &str| u64::from_str_radix(text, 16).unwrap();
        let (start, end) = (address(start), address(end));
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // Some areas cannot be read.
        if memory.read_exact_at(&mut bytes, start).is_ok() {
            found += bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count();
        }
    }
    found
}

async fn base_key(installation: &Installation) -> String {
    let file = installation.path().join("data/default.db");
    let mut connection = SqliteConnectOptions::new().filename(file).read_only(true).connect().await.unwrap();
    let sql = "SELECT body FROM document WHERE collection = 'AccountInfo' AND document_key = 'baseKey'";
    let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
    let entry: Value = serde_json::from_str(row.get::<&str, _>(0)).unwrap();
    entry["value"]["key"].as_str().unwrap().to_owned()
}

async fn use_it(client: &Client) {
    client.healthy(true).await;
    for _ in 0..5 {
        client.address().await;
        assert_eq!(client.send("POST", "/api/core/v1/Account/Sync", &json!({})).await.0, 204);
        assert_eq!(client.get("/api/core/v1/Messages").await.0, 200);
        assert_eq!(client.get("/Monitoring/Support").await.0, 200);
    }
}

#[tokio::test]
async fn keys_are_not_kept_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    installation.create_identity().await;
    let (process, client) = installation.start();
    use_it(&client).await;
    drop(client);
    // The data of a request is gone when its connection is.
    eventually("the API key to be gone", async || (copies(process.id(), API_KEY) == 0).then_some(())).await;
    let base_key = base_key(&installation).await;
    assert!(base_key.len() >= 43, "a key of 32 bytes");
    let found = copies(process.id(), &base_key);
    assert!(found <= MOST_COPIES_OF_THE_BASE_KEY, "{found} copies of the base key");
}
