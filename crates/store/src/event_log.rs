//! Statements on the event log, the cursors and the deliveries.

use std::sync::Arc;

use core_types::Timestamp;

use crate::sql::{AnyRow, Session, Statement};
use crate::{Delivery, Event, NewDelivery, NewEvent, StoreError};

const EVENT_COLUMNS: &str = "e.sequence, e.id, e.namespace, e.object_id, e.data, e.created_at, e.correlation_id";
const DELIVERY_COLUMNS: &str = "y.id, y.subscriber, y.object_id, y.attempts, y.next_attempt_at, y.last_error";

/// A delivery that no earlier one about the same object holds back.
const IS_HEAD: &str = "y.dead = 0 AND (y.object_id IS NULL OR NOT EXISTS (SELECT 1 FROM delivery AS p WHERE p.subscriber = y.subscriber \
     AND p.object_id = y.object_id AND p.dead = 0 AND p.event_sequence < y.event_sequence))";

pub(crate) async fn append(
    session: &mut Session<'_>,
    event: NewEvent,
    id: String,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let sql = "INSERT INTO event (id, namespace, object_id, data, created_at, correlation_id) VALUES ($1, $2, $3, $4, $5, $6) RETURNING sequence";
    let statement = Statement::new(sql)
        .bind(id)
        .bind(event.namespace)
        .bind(event.object_id)
        .bind(event.data.map(|data| core_types::json::stringify(&data)))
        .bind(now.as_millis())
        .bind(event.correlation_id);
    session.fetch_one(statement).await?.integer(0)
}

pub(crate) async fn after(session: &mut Session<'_>, sequence: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
    let sql = format!("SELECT {EVENT_COLUMNS} FROM event AS e WHERE e.sequence > $1 ORDER BY e.sequence LIMIT $2");
    let rows = session.fetch_all(Statement::new(sql).bind(sequence).bind(i64::from(limit))).await?;
    rows.iter().map(|row| read_event(row, 0)).collect()
}

/// The last sequence given out and still known; 0 before the first event.
pub(crate) async fn last_sequence(session: &mut Session<'_>) -> Result<i64, StoreError> {
    // After old events were removed a cursor may be ahead of everything that is left.
    let sql = "SELECT COALESCE(MAX(s.sequence), 0) FROM (SELECT MAX(sequence) AS sequence FROM event UNION ALL SELECT MAX(sequence) FROM event_cursor) AS s";
    session.fetch_one(Statement::new(sql)).await?.integer(0)
}

pub(crate) async fn cursor(session: &mut Session<'_>, name: &str) -> Result<Option<i64>, StoreError> {
    let row =
        session.fetch_optional(Statement::new("SELECT sequence FROM event_cursor WHERE name = $1").bind(name)).await?;
    row.map(|row| row.integer(0)).transpose()
}

pub(crate) async fn set_cursor(session: &mut Session<'_>, name: &str, sequence: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO event_cursor (name, sequence) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence";
    session.execute(Statement::new(sql).bind(name).bind(sequence)).await.map(|_| ())
}

/// Removes events created before the instant that every cursor has passed and nothing delivers any more.
pub(crate) async fn prune(session: &mut Session<'_>, created_before: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM event WHERE created_at < $1 AND sequence <= COALESCE((SELECT MIN(c.sequence) FROM event_cursor AS c), sequence) \
               AND NOT EXISTS (SELECT 1 FROM delivery AS y WHERE y.event_sequence = event.sequence)";
    session.execute(Statement::new(sql).bind(created_before.as_millis())).await
}

/// Removes events created before the instant and what still waits for them.
pub(crate) async fn abandon(session: &mut Session<'_>, created_before: Timestamp) -> Result<u64, StoreError> {
    let deliveries =
        "DELETE FROM delivery WHERE event_sequence IN (SELECT e.sequence FROM event AS e WHERE e.created_at < $1)";
    session.execute(Statement::new(deliveries).bind(created_before.as_millis())).await?;
    session.execute(Statement::new("DELETE FROM event WHERE created_at < $1").bind(created_before.as_millis())).await
}

pub(crate) async fn enqueue(
    session: &mut Session<'_>,
    delivery: NewDelivery,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO delivery (subscriber, event_sequence, object_id, attempts, next_attempt_at, dead) VALUES ($1, $2, $3, 0, $4, 0) \
               ON CONFLICT (subscriber, event_sequence) DO NOTHING";
    let statement = Statement::new(sql)
        .bind(delivery.subscriber)
        .bind(delivery.event_sequence)
        .bind(delivery.object_id)
        .bind(now.as_millis());
    session.execute(statement).await.map(|_| ())
}

pub(crate) async fn due(
    session: &mut Session<'_>,
    subscriber: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {EVENT_COLUMNS}, {DELIVERY_COLUMNS} FROM delivery AS y JOIN event AS e ON e.sequence = y.event_sequence \
         WHERE y.subscriber = $1 AND y.next_attempt_at <= $2 AND {IS_HEAD} ORDER BY y.event_sequence LIMIT $3"
    );
    let statement = Statement::new(sql).bind(subscriber).bind(now.as_millis()).bind(i64::from(limit));
    session.fetch_all(statement).await?.iter().map(read_delivery).collect()
}

pub(crate) async fn next_due_at(session: &mut Session<'_>, subscriber: &str) -> Result<Option<Timestamp>, StoreError> {
    let sql = format!("SELECT MIN(y.next_attempt_at) FROM delivery AS y WHERE y.subscriber = $1 AND {IS_HEAD}");
    let row = session.fetch_one(Statement::new(sql).bind(subscriber)).await?;
    Ok(row.optional_integer(0)?.map(Timestamp::from_millis))
}

pub(crate) async fn dead_letters(
    session: &mut Session<'_>,
    subscriber: &str,
    limit: u32,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {EVENT_COLUMNS}, {DELIVERY_COLUMNS} FROM delivery AS y JOIN event AS e ON e.sequence = y.event_sequence \
         WHERE y.subscriber = $1 AND y.dead = 1 ORDER BY y.event_sequence LIMIT $2"
    );
    session
        .fetch_all(Statement::new(sql).bind(subscriber).bind(i64::from(limit)))
        .await?
        .iter()
        .map(read_delivery)
        .collect()
}

pub(crate) async fn succeeded(session: &mut Session<'_>, id: i64) -> Result<bool, StoreError> {
    Ok(session.execute(Statement::new("DELETE FROM delivery WHERE id = $1").bind(id)).await? > 0)
}

pub(crate) async fn failed(
    session: &mut Session<'_>,
    id: i64,
    error: &str,
    next_attempt_at: Timestamp,
) -> Result<bool, StoreError> {
    let sql =
        "UPDATE delivery SET attempts = attempts + 1, last_error = $2, next_attempt_at = $3 WHERE id = $1 AND dead = 0";
    Ok(session.execute(Statement::new(sql).bind(id).bind(error).bind(next_attempt_at.as_millis())).await? > 0)
}

pub(crate) async fn bury(session: &mut Session<'_>, id: i64, error: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE delivery SET attempts = attempts + 1, last_error = $2, dead = 1 WHERE id = $1 AND dead = 0";
    Ok(session.execute(Statement::new(sql).bind(id).bind(error)).await? > 0)
}

pub(crate) async fn revive(session: &mut Session<'_>, id: i64, now: Timestamp) -> Result<bool, StoreError> {
    let sql = "UPDATE delivery SET attempts = 0, next_attempt_at = $2, dead = 0 WHERE id = $1 AND dead = 1";
    Ok(session.execute(Statement::new(sql).bind(id).bind(now.as_millis())).await? > 0)
}

pub(crate) async fn forget_subscriber(session: &mut Session<'_>, name: &str) -> Result<(), StoreError> {
    session.execute(Statement::new("DELETE FROM delivery WHERE subscriber = $1").bind(name)).await?;
    session.execute(Statement::new("DELETE FROM event_cursor WHERE name = $1").bind(name)).await.map(|_| ())
}

fn read_event(row: &AnyRow, first: usize) -> Result<Event, StoreError> {
    Ok(Event {
        sequence: row.integer(first)?,
        id: row.text(first + 1)?,
        namespace: row.text(first + 2)?,
        object_id: row.optional_text(first + 3)?,
        data: row.optional_text(first + 4)?.map(Arc::from),
        created_at: Timestamp::from_millis(row.integer(first + 5)?),
        correlation_id: row.optional_text(first + 6)?,
    })
}

fn read_delivery(row: &AnyRow) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        event: read_event(row, 0)?,
        id: row.integer(7)?,
        subscriber: row.text(8)?,
        object_id: row.optional_text(9)?,
        attempts: u32::try_from(row.integer(10)?).unwrap_or(u32::MAX),
        next_attempt_at: Timestamp::from_millis(row.integer(11)?),
        last_error: row.optional_text(12)?,
    })
}
