//! Statements on the event log and the positions in it.

use std::sync::Arc;
use std::time::Duration;

use core_types::Timestamp;

use crate::running_time::{from_millis, to_millis};
use crate::sql::{AnyRow, Session, Statement};
use crate::{Abandoned, Event, EventCount, EventHead, NewEvent, StoreError};

pub(crate) const EVENT_COLUMNS: &str =
    "e.sequence, e.id, e.namespace, e.object_id, e.data, e.created_at, e.correlation_id, e.since";
/// The number of these columns.
pub(crate) const EVENT_COLUMN_COUNT: usize = 8;

pub(crate) async fn append(
    session: &mut Session<'_>,
    event: NewEvent,
    id: String,
    (now, since): (Timestamp, Duration),
) -> Result<i64, StoreError> {
    let sql = "INSERT INTO event (id, namespace, object_id, data, created_at, correlation_id, since) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING sequence";
    let statement = Statement::new(sql)
        .bind(id)
        .bind(event.namespace)
        .bind(event.object_id)
        .bind(event.data.map(|data| core_types::json::stringify(&data)))
        .bind(now.as_millis())
        .bind(event.correlation_id)
        .bind(to_millis(since));
    session.fetch_one(statement).await?.integer(0)
}

pub(crate) async fn after(session: &mut Session<'_>, sequence: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
    let sql = format!("SELECT {EVENT_COLUMNS} FROM event AS e WHERE e.sequence > $1 ORDER BY e.sequence LIMIT $2");
    let rows = session.fetch_all(Statement::new(sql).bind(sequence).bind(i64::from(limit))).await?;
    rows.iter().map(|row| read_event(row, 0)).collect()
}

/// The last known sequence number; 0 before the first event.
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

/// Removes events appended before the running time that every cursor has passed and no delivery needs any more.
pub(crate) async fn prune(session: &mut Session<'_>, before: Duration) -> Result<u64, StoreError> {
    let sql = "DELETE FROM event WHERE since < $1 AND sequence <= COALESCE((SELECT MIN(c.sequence) FROM event_cursor AS c), sequence) \
               AND NOT EXISTS (SELECT 1 FROM delivery AS y WHERE y.event_sequence = event.sequence)";
    session.execute(Statement::new(sql).bind(to_millis(before))).await
}

/// Removes events appended before the running time together with their deliveries.
pub(crate) async fn abandon(session: &mut Session<'_>, before: Duration) -> Result<Abandoned, StoreError> {
    let before = to_millis(before);
    let deliveries = "SELECT y.subscriber, COUNT(*) FROM delivery AS y JOIN event AS e ON e.sequence = y.event_sequence \
                      WHERE e.since < $1 GROUP BY y.subscriber ORDER BY y.subscriber";
    let deliveries = read_counts(&session.fetch_all(Statement::new(deliveries).bind(before)).await?)?;
    let unread = "SELECT c.name, COUNT(*) FROM event_cursor AS c JOIN event AS e ON e.sequence > c.sequence \
                  WHERE e.since < $1 GROUP BY c.name ORDER BY c.name";
    let unread = read_counts(&session.fetch_all(Statement::new(unread).bind(before)).await?)?;
    let sql = "DELETE FROM delivery WHERE event_sequence IN (SELECT e.sequence FROM event AS e WHERE e.since < $1)";
    session.execute(Statement::new(sql).bind(before)).await?;
    let events = session.execute(Statement::new("DELETE FROM event WHERE since < $1").bind(before)).await?;
    Ok(Abandoned { events, unread, deliveries })
}

fn read_counts(rows: &[AnyRow]) -> Result<Vec<(String, u64)>, StoreError> {
    rows.iter().map(|row| Ok((row.text(0)?, unsigned(row.integer(1)?)))).collect()
}

/// As [`after`], but ends once `bytes` of payload have been read.
pub(crate) async fn batch(
    session: &mut Session<'_>,
    sequence: i64,
    limit: u32,
    bytes: usize,
) -> Result<Vec<Event>, StoreError> {
    let sql = format!("SELECT {EVENT_COLUMNS} FROM event AS e WHERE e.sequence > $1 ORDER BY e.sequence LIMIT $2");
    let mut rows = session.stream(Statement::new(sql).bind(sequence).bind(i64::from(limit)));
    let (mut events, mut read) = (Vec::new(), 0);
    while read < bytes
        && let Some(row) = rows.next().await?
    {
        let event = read_event(&row, 0)?;
        read += event.data.as_deref().map_or(0, str::len);
        events.push(event);
    }
    Ok(events)
}

/// Events of a period in a part of the log.
pub(crate) async fn heads(
    session: &mut Session<'_>,
    positions: (i64, i64),
    period: (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<EventHead>, StoreError> {
    let sql = "SELECT e.sequence, e.namespace, e.object_id FROM event AS e WHERE e.sequence > $1 AND e.sequence <= $2 \
               AND e.created_at >= $3 AND e.created_at < $4 ORDER BY e.sequence LIMIT $5";
    let statement = Statement::new(sql)
        .bind(positions.0)
        .bind(positions.1)
        .bind(period.0.as_millis())
        .bind(period.1.as_millis())
        .bind(i64::from(limit));
    let rows = session.fetch_all(statement).await?;
    let head = |row: &AnyRow| {
        Ok(EventHead { sequence: row.integer(0)?, namespace: row.text(1)?, object_id: row.optional_text(2)? })
    };
    rows.iter().map(head).collect()
}

/// Counts the `bound` events after a position by their names.
pub(crate) async fn counts(
    session: &mut Session<'_>,
    sequence: i64,
    bound: u32,
) -> Result<Vec<EventCount>, StoreError> {
    let sql = "SELECT s.namespace, COUNT(*), MIN(s.sequence) FROM (SELECT e.namespace, e.sequence FROM event AS e WHERE e.sequence > $1 \
               ORDER BY e.sequence LIMIT $2) AS s GROUP BY s.namespace";
    let rows = session.fetch_all(Statement::new(sql).bind(sequence).bind(i64::from(bound))).await?;
    let count = |row: &AnyRow| {
        Ok(EventCount { namespace: row.text(0)?, count: unsigned(row.integer(1)?), first: row.integer(2)? })
    };
    rows.iter().map(count).collect()
}

pub(crate) async fn since(session: &mut Session<'_>, sequence: i64) -> Result<Option<Duration>, StoreError> {
    let sql = "SELECT since FROM event WHERE sequence = $1";
    let row = session.fetch_optional(Statement::new(sql).bind(sequence)).await?;
    row.map(|row| row.integer(0).map(from_millis)).transpose()
}

/// As [`set_cursor`], for a target.
pub(crate) async fn set_target_cursor(
    session: &mut Session<'_>,
    subscriber: &str,
    sequence: i64,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO event_cursor (name, sequence, target) VALUES ($1, $2, 1) ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence, target = 1";
    session.execute(Statement::new(sql).bind(subscriber).bind(sequence)).await.map(|_| ())
}

/// The positions of the targets.
pub(crate) async fn target_cursors(session: &mut Session<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = session
        .fetch_all(Statement::new("SELECT name, sequence FROM event_cursor WHERE target = 1 ORDER BY name"))
        .await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.integer(1)?))).collect()
}

pub(crate) async fn forget_subscriber(session: &mut Session<'_>, name: &str) -> Result<(), StoreError> {
    session.execute(Statement::new("DELETE FROM delivery WHERE subscriber = $1").bind(name)).await?;
    session.execute(Statement::new("DELETE FROM event_cursor WHERE name = $1").bind(name)).await.map(|_| ())
}

pub(crate) fn read_event(row: &AnyRow, first: usize) -> Result<Event, StoreError> {
    Ok(Event {
        sequence: row.integer(first)?,
        id: row.text(first + 1)?,
        namespace: row.text(first + 2)?,
        object_id: row.optional_text(first + 3)?,
        data: row.optional_text(first + 4)?.map(Arc::from),
        created_at: Timestamp::from_millis(row.integer(first + 5)?),
        correlation_id: row.optional_text(first + 6)?,
        since: from_millis(row.integer(first + 7)?),
    })
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
