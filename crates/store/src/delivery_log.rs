//! Statements on deliveries. Their states are numbered as in [`DeliveryPhase`]: 0 waiting, 1 dead, 2 held, 3 running.

use std::time::Duration;

use crate::event_log::{EVENT_COLUMN_COUNT, EVENT_COLUMNS, read_event};
use crate::running_time::{from_millis, to_millis};
use crate::sql::{AnyRow, Arg, Session, Statement};
use crate::{Delivery, DeliveryCounts, DeliveryFilter, DeliveryPhase, NewDelivery, StoreError};

const EVENT_COLUMNS_WITHOUT_DATA: &str =
    "e.sequence, e.id, e.namespace, e.object_id, NULL AS data, e.created_at, e.correlation_id, e.since";
const DELIVERY_COLUMNS: &str =
    "y.id, y.subscriber, y.copy, y.object_id, y.attempts, y.next_attempt_at, y.last_error, y.since, y.state";

/// A waiting one gets its turn after existing earlier ones about its object, and after a running one.
const INSERT: &str = "INSERT INTO delivery (subscriber, event_sequence, copy, object_id, attempts, next_attempt_at, last_error, since, state) \
    SELECT $1, e.sequence, $3, $4, $5, $6, $7, $8, CASE WHEN $9 IN (0, 2) THEN \
    CASE WHEN EXISTS (SELECT 1 FROM delivery AS p WHERE p.subscriber = $1 AND p.object_id = $4 AND p.state IN (0, 2, 3) \
    AND (p.state = 3 OR p.event_sequence < $2 OR (p.event_sequence = $2 AND p.copy < $3))) THEN 2 ELSE 0 END \
    ELSE $9 END FROM event AS e WHERE e.sequence = $2 ON CONFLICT (subscriber, event_sequence, copy)";

/// False if it already exists, or its event no longer does.
pub(crate) async fn add(session: &mut Session<'_>, delivery: NewDelivery) -> Result<bool, StoreError> {
    insert(session, &format!("{INSERT} DO NOTHING RETURNING state"), delivery).await
}

/// As [`add`], but a dead one is sent again.
pub(crate) async fn add_again(session: &mut Session<'_>, delivery: NewDelivery) -> Result<bool, StoreError> {
    let sql = format!(
        "{INSERT} DO UPDATE SET attempts = 0, next_attempt_at = excluded.next_attempt_at, since = excluded.since, \
         state = excluded.state WHERE delivery.state = 1 RETURNING state"
    );
    insert(session, &sql, delivery).await
}

async fn insert(session: &mut Session<'_>, sql: &str, delivery: NewDelivery) -> Result<bool, StoreError> {
    let place = delivery.object_id.clone().map(|object_id| {
        let sql = "UPDATE delivery SET state = 2 WHERE subscriber = $1 AND object_id = $2 AND state = 0 \
                   AND (event_sequence > $3 OR (event_sequence = $3 AND copy > $4))";
        let statement = Statement::new(sql).bind(delivery.subscriber.clone()).bind(object_id);
        statement.bind(delivery.event_sequence).bind(i64::from(delivery.copy))
    });
    let Some(row) = session.fetch_optional(new_delivery(sql, delivery)).await? else { return Ok(false) };
    // It precedes a later one about its object that has its turn, even one that is being tried and will have to wait
    // again.
    if let Some(hold_later) = place
        && matches!(DeliveryPhase::from_number(row.integer(0)?), DeliveryPhase::Waiting | DeliveryPhase::Running)
    {
        session.execute(hold_later).await?;
    }
    Ok(true)
}

fn new_delivery(sql: &str, delivery: NewDelivery) -> Statement {
    Statement::new(sql)
        .bind(delivery.subscriber)
        .bind(delivery.event_sequence)
        .bind(i64::from(delivery.copy))
        .bind(delivery.object_id)
        .bind(i64::from(delivery.attempts))
        .bind(to_millis(delivery.next_attempt_at))
        .bind(delivery.last_error)
        .bind(to_millis(delivery.since))
        .bind(delivery.phase.number())
}

/// Removes a delivery that succeeded, and returns its phase; the next one about its object gets its turn.
pub(crate) async fn succeeded(
    session: &mut Session<'_>,
    id: i64,
    now: Duration,
) -> Result<Option<DeliveryPhase>, StoreError> {
    let sql = "DELETE FROM delivery WHERE id = $1 RETURNING subscriber, object_id, state";
    let Some(row) = session.fetch_optional(Statement::new(sql).bind(id)).await? else { return Ok(None) };
    release_after(session, &row, now).await?;
    Ok(Some(DeliveryPhase::from_number(row.integer(2)?)))
}

pub(crate) async fn failed(
    session: &mut Session<'_>,
    id: i64,
    error: &str,
    next_attempt_at: Duration,
) -> Result<bool, StoreError> {
    let sql = "UPDATE delivery SET attempts = attempts + 1, last_error = $2, next_attempt_at = $3, state = 0 WHERE id = $1 AND state IN (0, 3)";
    Ok(session.execute(Statement::new(sql).bind(id).bind(error).bind(to_millis(next_attempt_at))).await? > 0)
}

/// Gives up a delivery after a last failed attempt; the next one about its object gets its turn.
pub(crate) async fn bury(session: &mut Session<'_>, id: i64, error: &str, now: Duration) -> Result<bool, StoreError> {
    let sql = "UPDATE delivery SET attempts = attempts + 1, last_error = $2, state = 1 WHERE id = $1 AND state <> 1 RETURNING subscriber, object_id";
    let Some(row) = session.fetch_optional(Statement::new(sql).bind(id).bind(error)).await? else {
        return Ok(false);
    };
    release_after(session, &row, now).await?;
    Ok(true)
}

/// Gives up deliveries without an attempt, the oldest first. Their errors are kept. Followed by [`release_all`].
pub(crate) async fn give_up(
    session: &mut Session<'_>,
    subscriber: &str,
    since_before: Duration,
    limit: u64,
    error: &str,
) -> Result<u64, StoreError> {
    let sql = "UPDATE delivery SET last_error = COALESCE(last_error, $4), state = 1 WHERE id IN (SELECT y.id FROM delivery AS y \
               WHERE y.subscriber = $1 AND y.state IN (0, 2) AND y.since < $2 ORDER BY y.event_sequence, y.copy LIMIT $3)";
    let statement =
        Statement::new(sql).bind(subscriber).bind(to_millis(since_before)).bind(to_integer(limit)).bind(error);
    session.execute(statement).await
}

/// Gives each object's first delivery its turn, if none about the object has it.
pub(crate) async fn release_all(session: &mut Session<'_>, subscriber: &str, now: Duration) -> Result<u64, StoreError> {
    let sql = "UPDATE delivery SET state = 0, next_attempt_at = $2 WHERE id IN (SELECT h.id FROM delivery AS h WHERE h.subscriber = $1 AND h.state = 2 \
               AND NOT EXISTS (SELECT 1 FROM delivery AS p WHERE p.subscriber = $1 AND p.object_id = h.object_id AND p.state IN (0, 3)) \
               AND NOT EXISTS (SELECT 1 FROM delivery AS p WHERE p.subscriber = $1 AND p.object_id = h.object_id AND p.state = 2 \
               AND (p.event_sequence < h.event_sequence OR (p.event_sequence = h.event_sequence AND p.copy < h.copy))))";
    session.execute(Statement::new(sql).bind(subscriber).bind(to_millis(now))).await
}

/// Makes all waiting deliveries due.
pub(crate) async fn retry_now(session: &mut Session<'_>, subscriber: &str, now: Duration) -> Result<u64, StoreError> {
    let sql = "UPDATE delivery SET next_attempt_at = $2 WHERE subscriber = $1 AND state = 0 AND next_attempt_at > $2";
    session.execute(Statement::new(sql).bind(subscriber).bind(to_millis(now))).await
}

/// Makes those due whose attempt was cut off by the end of the process.
pub(crate) async fn reclaim(session: &mut Session<'_>, subscriber: &str, now: Duration) -> Result<u64, StoreError> {
    let sql = "UPDATE delivery SET state = 0, next_attempt_at = $2 WHERE subscriber = $1 AND state = 3";
    session.execute(Statement::new(sql).bind(subscriber).bind(to_millis(now))).await
}

/// Sends a delivery again: a dead one with all its attempts, a waiting one now. Returns its target.
pub(crate) async fn revive(session: &mut Session<'_>, id: i64, now: Duration) -> Result<Option<String>, StoreError> {
    let sql = "UPDATE delivery SET attempts = CASE WHEN state = 1 THEN 0 ELSE attempts END, since = CASE WHEN state = 1 THEN $2 ELSE since END, \
               next_attempt_at = $2, state = CASE WHEN state <> 1 THEN state WHEN object_id IS NULL THEN 0 ELSE 2 END \
               WHERE id = $1 RETURNING subscriber, object_id";
    let Some(row) = session.fetch_optional(Statement::new(sql).bind(id).bind(to_millis(now))).await? else {
        return Ok(None);
    };
    release_after(session, &row, now).await?;
    row.text(0).map(Some)
}

/// Sends all dead letters of a target again.
pub(crate) async fn revive_all(session: &mut Session<'_>, subscriber: &str, now: Duration) -> Result<u64, StoreError> {
    let sql = "UPDATE delivery SET attempts = 0, since = $2, next_attempt_at = $2, state = CASE WHEN object_id IS NULL THEN 0 ELSE 2 END \
               WHERE subscriber = $1 AND state = 1";
    let revived = session.execute(Statement::new(sql).bind(subscriber).bind(to_millis(now))).await?;
    release_all(session, subscriber, now).await?;
    Ok(revived)
}

pub(crate) async fn id(
    session: &mut Session<'_>,
    subscriber: &str,
    event_sequence: i64,
    copy: u32,
) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT id FROM delivery WHERE subscriber = $1 AND event_sequence = $2 AND copy = $3";
    let statement = Statement::new(sql).bind(subscriber).bind(event_sequence).bind(i64::from(copy));
    session.fetch_optional(statement).await?.map(|row| row.integer(0)).transpose()
}

pub(crate) async fn discard(session: &mut Session<'_>, id: i64) -> Result<bool, StoreError> {
    Ok(session.execute(Statement::new("DELETE FROM delivery WHERE id = $1 AND state = 1").bind(id)).await? > 0)
}

pub(crate) async fn discard_oldest(session: &mut Session<'_>, subscriber: &str, count: u64) -> Result<u64, StoreError> {
    let sql = "DELETE FROM delivery WHERE id IN (SELECT y.id FROM delivery AS y WHERE y.subscriber = $1 AND y.state = 1 \
               ORDER BY y.event_sequence, y.id LIMIT $2)";
    session.execute(Statement::new(sql).bind(subscriber).bind(to_integer(count))).await
}

/// A delivery of this target and object has ended: the next one about the object gets its turn.
async fn release_after(session: &mut Session<'_>, ended: &AnyRow, now: Duration) -> Result<(), StoreError> {
    match ended.optional_text(1)? {
        Some(object_id) => release(session, &ended.text(0)?, &object_id, now).await,
        None => Ok(()),
    }
}

async fn release(
    session: &mut Session<'_>,
    subscriber: &str,
    object_id: &str,
    now: Duration,
) -> Result<(), StoreError> {
    let sql = "UPDATE delivery SET state = 0, next_attempt_at = $3 WHERE id = (SELECT h.id FROM delivery AS h WHERE h.subscriber = $1 \
               AND h.object_id = $2 AND h.state = 2 ORDER BY h.event_sequence, h.copy LIMIT 1) \
               AND NOT EXISTS (SELECT 1 FROM delivery AS p WHERE p.subscriber = $1 AND p.object_id = $2 AND p.state IN (0, 3))";
    session.execute(Statement::new(sql).bind(subscriber).bind(object_id).bind(to_millis(now))).await.map(|_| ())
}

/// The next deliveries to try with their times, in the order of these.
pub(crate) async fn schedule(
    session: &mut Session<'_>,
    subscriber: &str,
    limit: u64,
) -> Result<Vec<(i64, Duration)>, StoreError> {
    let sql = "SELECT y.id, y.next_attempt_at FROM delivery AS y WHERE y.subscriber = $1 AND y.state = 0 ORDER BY y.next_attempt_at, y.id LIMIT $2";
    let rows = session.fetch_all(Statement::new(sql).bind(subscriber).bind(to_integer(limit))).await?;
    rows.iter().map(|row| Ok((row.integer(0)?, from_millis(row.integer(1)?)))).collect()
}

pub(crate) async fn by_id(session: &mut Session<'_>, id: i64) -> Result<Option<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {EVENT_COLUMNS}, {DELIVERY_COLUMNS} FROM delivery AS y JOIN event AS e ON e.sequence = y.event_sequence WHERE y.id = $1"
    );
    session.fetch_optional(Statement::new(sql).bind(id)).await?.map(|row| read_delivery(&row)).transpose()
}

pub(crate) async fn list(
    session: &mut Session<'_>,
    filter: &DeliveryFilter,
    limit: u32,
) -> Result<Vec<Delivery>, StoreError> {
    let mut sql = format!(
        "SELECT {EVENT_COLUMNS_WITHOUT_DATA}, {DELIVERY_COLUMNS} FROM delivery AS y JOIN event AS e ON e.sequence = y.event_sequence \
         WHERE y.id > $1"
    );
    let mut args: Vec<Arg> = vec![filter.after.into(), i64::from(limit).into()];
    match filter.dead {
        Some(true) => sql.push_str(" AND y.state = 1"),
        Some(false) => sql.push_str(" AND y.state IN (0, 2, 3)"),
        None => {}
    }
    if let Some(subscriber) = &filter.subscriber {
        sql.push_str(" AND y.subscriber = $3");
        args.push(subscriber.as_str().into());
    }
    sql.push_str(" ORDER BY y.id LIMIT $2");
    session.fetch_all(Statement::with_args(sql, args)).await?.iter().map(read_delivery).collect()
}

/// Counts up to `bound` of each.
pub(crate) async fn count(
    session: &mut Session<'_>,
    subscriber: &str,
    bound: u64,
) -> Result<DeliveryCounts, StoreError> {
    let mut count = async |states: &str| {
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT y.state FROM delivery AS y WHERE y.subscriber = $1 AND y.state IN ({states}) LIMIT $2) AS s"
        );
        let row = session.fetch_one(Statement::new(sql).bind(subscriber).bind(to_integer(bound))).await?;
        Ok::<_, StoreError>(u64::try_from(row.integer(0)?).unwrap_or_default())
    };
    Ok(DeliveryCounts { live: count("0, 2, 3").await?, dead: count("1").await? })
}

/// The running time at which the age limit of the oldest event's delivery began to count.
pub(crate) async fn oldest(session: &mut Session<'_>, subscriber: &str) -> Result<Option<Duration>, StoreError> {
    let mut oldest: Option<(i64, i64)> = None;
    for state in ["0", "2", "3"] {
        let sql = format!(
            "SELECT y.event_sequence, y.since FROM delivery AS y WHERE y.subscriber = $1 AND y.state = {state} ORDER BY y.event_sequence LIMIT 1"
        );
        if let Some(row) = session.fetch_optional(Statement::new(sql).bind(subscriber)).await? {
            let found = (row.integer(0)?, row.integer(1)?);
            oldest = Some(oldest.map_or(found, |oldest| oldest.min(found)));
        }
    }
    Ok(oldest.map(|(_, since)| from_millis(since)))
}

/// The objects that have a delivery that is not dead.
pub(crate) async fn busy_objects(
    session: &mut Session<'_>,
    subscriber: &str,
    objects: &[&str],
) -> Result<Vec<String>, StoreError> {
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<String> = (2..objects.len() + 2).map(|number| format!("${number}")).collect();
    let sql = format!(
        "SELECT DISTINCT y.object_id FROM delivery AS y WHERE y.subscriber = $1 AND y.object_id IN ({}) AND y.state IN (0, 2, 3)",
        places.join(", ")
    );
    let args = std::iter::once(subscriber).chain(objects.iter().copied()).map(Arg::from).collect();
    session.fetch_all(Statement::with_args(sql, args)).await?.iter().map(|row| row.text(0)).collect()
}

/// The events after a position that have deliveries, and the numbers of these.
pub(crate) async fn after(
    session: &mut Session<'_>,
    subscriber: &str,
    sequence: i64,
) -> Result<Vec<(i64, u32)>, StoreError> {
    let sql = "SELECT y.event_sequence, y.copy FROM delivery AS y WHERE y.subscriber = $1 AND y.event_sequence > $2";
    let rows = session.fetch_all(Statement::new(sql).bind(subscriber).bind(sequence)).await?;
    rows.iter().map(|row| Ok((row.integer(0)?, small(row.integer(1)?)))).collect()
}

fn read_delivery(row: &AnyRow) -> Result<Delivery, StoreError> {
    let column = |index: usize| EVENT_COLUMN_COUNT + index;
    Ok(Delivery {
        event: read_event(row, 0)?,
        id: row.integer(column(0))?,
        subscriber: row.text(column(1))?,
        copy: small(row.integer(column(2))?),
        object_id: row.optional_text(column(3))?,
        attempts: small(row.integer(column(4))?),
        next_attempt_at: from_millis(row.integer(column(5))?),
        last_error: row.optional_text(column(6))?,
        since: from_millis(row.integer(column(7))?),
        phase: DeliveryPhase::from_number(row.integer(column(8))?),
    })
}

fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn to_integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
