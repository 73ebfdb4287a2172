use serde_json::json;

use crate::support::{Server, database};

async fn count(database: &mut sqlx::SqliteConnection) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM challenges").fetch_one(database).await.unwrap()
}

#[tokio::test]
async fn a_flood_from_one_source_is_refused_and_others_are_served() {
    let server = Server::start().await;
    let device = server.identity().await;
    let client = server.anonymous();
    let mut created = 0;
    let refused = loop {
        let answer = client.post("/Challenges", json!({})).await;
        if answer.status != 201 {
            break answer;
        }
        created += 1;
        // 600 at once, and ten more each second this takes.
        assert!(created < 5000, "there is no limit");
    };
    assert!(created >= 599, "{created}");
    refused.fails(429, "tooManyRequests");
    assert!(refused.headers.contains_key("retry-after"));
    // A caller who has logged in has a limit of its own.
    device.post("/Challenges", json!({})).await.result(201);
}

#[tokio::test]
async fn of_all_challenges_only_the_newest_are_kept() {
    let server = Server::start().await;
    let mut database = database(&server).await;
    let flood = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO challenges (id, expires_at, created_by) SELECT ? || i, 9000000000000, ? FROM n";
    let device = server.identity().await;
    for (number, prefix, creator) in [(120_000, "CHLx", None), (3000, "CHLy", Some(&device.address))] {
        sqlx::query(flood).bind(number).bind(prefix).bind(creator).execute(&mut database).await.unwrap();
    }
    let new = device.post("/Challenges", json!({})).await.id(201);
    device.get(&format!("/Challenges/{new}")).await.result(200);
    // 100,000 of the newest, of which the device's Identity may have 1,000.
    assert_eq!(count(&mut database).await, 100_000 - 3001 + 1000);
}
