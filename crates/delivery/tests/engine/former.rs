use std::path::Path;

use core_types::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

use crate::support::{Scripted, World, spec};
use testing::{TestDatabase, admin};

/// The former tables, with waiting deliveries.
fn former_contents() -> String {
    let mut sql = String::new();
    for (sequence, object) in [(1, "'X'"), (2, "'X'"), (3, "NULL"), (4, "'Y'"), (5, "'X'")] {
        let data = format!("'{{\"name\":\"{sequence}\"}}'");
        let time = Timestamp::from_millis(1_700_000_000_000 + sequence).as_millis();
        sql.push_str(&format!(
            "INSERT INTO event (sequence, id, namespace, object_id, data, created_at) VALUES ({sequence}, 'E{sequence}', 'test.{sequence}', {object}, {data}, {time});"
        ));
    }
    sql.push_str("INSERT INTO event_cursor (name, sequence) VALUES ('webhooks', 4);");
    for (id, subscriber, sequence, object, dead) in [
        (1, "test/t", 1, "'X'", 0),
        (2, "test/t#2", 1, "'X'", 0),
        (3, "test/t", 2, "'X'", 0),
        (4, "test/t", 3, "NULL", 1),
        (5, "test/t", 4, "'Y'", 0),
        (6, "gone/target", 4, "'Y'", 0),
    ] {
        sql.push_str(&format!(
            "INSERT INTO delivery (id, subscriber, event_sequence, object_id, attempts, next_attempt_at, dead) VALUES ({id}, '{subscriber}', {sequence}, {object}, 2, 0, {dead});"
        ));
    }
    sql
}

fn migrations(kind: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/migrations").join(kind);
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let steps = "CREATE TABLE schema_step (step BIGINT PRIMARY KEY); INSERT INTO schema_step (step) VALUES (1), (2);";
    format!("{}{}{steps}", read("0001_documents_and_events.sql"), read("0002_lease_holder.sql"))
}

async fn write_former(database: &TestDatabase) {
    match database.config.connection_string.strip_prefix("sqlite://") {
        Some(folder) => {
            let file = Path::new(folder).join(format!("{}.db", database.config.db_name));
            let mut connection =
                SqliteConnectOptions::new().filename(file).create_if_missing(true).connect().await.unwrap();
            let sql = format!("{}{}", migrations("sqlite"), former_contents());
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        }
        None => {
            let mut connection = admin().await;
            let schema = &database.config.db_name;
            let sql = format!(
                "CREATE SCHEMA \"{schema}\"; SET search_path TO \"{schema}\"; {}{}; SELECT setval(pg_get_serial_sequence('event', 'sequence'), 5); SELECT setval(pg_get_serial_sequence('delivery', 'id'), 6);",
                migrations("postgres"),
                former_contents()
            );
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        }
    }
}

pub(crate) async fn rows_of_the_former_design_are_delivered(database: TestDatabase) {
    write_former(&database).await;
    let world = World::open(&database).await;
    let target = Scripted::taking();
    let running = world.start(vec![spec("t", &target)]);
    let got = target.attempts(5).await;
    world.until("test/t", |state| state.waiting == 0 && state.dead_letters == 1).await;
    running.stop().await;
    let of_x: Vec<_> = got.iter().filter(|got| got.message.object_id.as_deref() == Some("X")).collect();
    let ids: Vec<_> = of_x.iter().map(|got| got.message.id.as_str()).collect();
    assert_eq!(ids, ["E1", "E1-2", "E2", "E5"], "the waiting ones, then what was not read");
    assert_eq!(of_x[0].message.attempt, 3);
    let others: Vec<_> = world.deliveries.targets().await.unwrap();
    assert_eq!(others.iter().map(|state| state.subscriber.as_str()).collect::<Vec<_>>(), ["test/t", "gone/target"]);
}
