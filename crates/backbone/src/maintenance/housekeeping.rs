//! Removal of outdated records (`docs/protocol/03 §16`).

use std::time::Duration;

use crate::context::Context;
use crate::http::ApiError;
use crate::unit::Unit;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Time for which most records are kept after they are of no more use.
const KEPT: Duration = DAY.saturating_mul(30);
/// Time for which `IsDeleted` recognises a deleted Identity.
const DELETION_LOG_KEPT: Duration = DAY.saturating_mul(731);
/// Records removed per transaction, so that no client waits long.
const BATCH: i64 = 500;

/// Statements that remove at most `?2` records of before `?1`.
const STATEMENTS: [(&str, Duration); 11] = [
    ("DELETE FROM access_tokens WHERE rowid IN (SELECT rowid FROM access_tokens WHERE expires_at < ?1 LIMIT ?2)", DAY),
    ("DELETE FROM challenges WHERE rowid IN (SELECT rowid FROM challenges WHERE expires_at < ?1 LIMIT ?2)", KEPT),
    ("DELETE FROM tokens WHERE rowid IN (SELECT rowid FROM tokens WHERE expires_at < ?1 LIMIT ?2)", KEPT),
    ("DELETE FROM files WHERE rowid IN (SELECT rowid FROM files WHERE expires_at < ?1 LIMIT ?2)", KEPT),
    (
        "DELETE FROM templates WHERE rowid IN (SELECT rowid FROM templates WHERE expires_at < ?1
             AND NOT EXISTS (SELECT 1 FROM relationships WHERE template = templates.id) LIMIT ?2)",
        KEPT,
    ),
    (
        "DELETE FROM relationships WHERE rowid IN (SELECT rowid FROM relationships WHERE status = 'ReadyForDeletion'
             AND (SELECT MAX(created_at) FROM relationship_audit_log WHERE relationship = relationships.id) < ?1 LIMIT ?2)",
        KEPT,
    ),
    // Before the sync runs they refer to.
    (
        "DELETE FROM external_events WHERE rowid IN (SELECT external_events.rowid FROM external_events
             JOIN sync_runs ON sync_runs.id = external_events.sync_run WHERE finalized_at < ?1 LIMIT ?2)",
        KEPT,
    ),
    (
        // The newest one stays: the next index follows it, and an index must never be given twice.
        "DELETE FROM sync_runs WHERE rowid IN (SELECT rowid FROM sync_runs WHERE finalized_at < ?1
             AND EXISTS (SELECT 1 FROM sync_runs AS newer WHERE newer.identity = sync_runs.identity AND newer.idx > sync_runs.idx)
             AND NOT EXISTS (SELECT 1 FROM external_events WHERE sync_run = sync_runs.id) LIMIT ?2)",
        KEPT,
    ),
    (
        "DELETE FROM deletion_processes WHERE rowid IN (SELECT rowid FROM deletion_processes
             WHERE status = 'Cancelled' AND COALESCE(cancelled_at, created_at) < ?1 LIMIT ?2)",
        KEPT,
    ),
    (
        "DELETE FROM datawallet_modifications WHERE rowid IN (SELECT old.rowid FROM datawallet_modifications AS old
             WHERE old.created_at < ?1 AND EXISTS (SELECT 1 FROM datawallet_modifications AS new
                 WHERE new.identity = old.identity AND new.object_identifier = old.object_identifier
                     AND new.idx > old.idx AND new.collection = old.collection
                     AND (new.type = 'Delete' OR (old.type IN ('Create', 'Update') AND new.type IN ('Create', 'Update')
                         AND new.payload_category IS old.payload_category))) LIMIT ?2)",
        KEPT,
    ),
    (
        "DELETE FROM deleted_usernames WHERE rowid IN (SELECT rowid FROM deleted_usernames WHERE deleted_at < ?1 LIMIT ?2)",
        DELETION_LOG_KEPT,
    ),
];

/// Removes everything due; returns the number of records.
pub(super) async fn run(context: &Context) -> Result<u64, ApiError> {
    let mut removed = 0;
    for (statement, kept) in STATEMENTS {
        loop {
            let batch = remove(context, statement, kept).await?;
            removed += batch;
            if batch == 0 {
                break;
            }
        }
    }
    Ok(removed)
}

async fn remove(context: &Context, statement: &'static str, kept: Duration) -> Result<u64, ApiError> {
    let mut unit = Unit::write(context).await?;
    let before = unit.now.saturating_sub(kept);
    let result = sqlx::query(statement).bind(before.as_millis()).bind(BATCH).execute(unit.db()).await;
    unit.finish(result.map(|done| done.rows_affected()).map_err(ApiError::from)).await
}
