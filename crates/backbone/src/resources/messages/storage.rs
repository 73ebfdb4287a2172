use backbone_api::messages::{Attachment, Message, Recipient};
use core_types::{IdentityAddress, MessageId, Timestamp};
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::database::{RowExt as _, json_list};
use crate::http::{Caller, Paging};
use crate::resources::records::Extent;

/// A message with all its recipients; the reader of it fills `message.recipients`.
pub(crate) struct StoredMessage {
    pub(crate) message: Message,
    pub(crate) recipients: Vec<StoredRecipient>,
}

pub(crate) struct StoredRecipient {
    pub(crate) recipient: Recipient,
    pub(crate) sender_has_decomposed: bool,
}

pub(crate) async fn insert(db: &mut SqliteConnection, message: &Message) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO messages (id, created_at, created_by, created_by_device, body) VALUES (?, ?, ?, ?, ?)")
        .bind(message.id.as_str())
        .bind(message.created_at.as_millis())
        .bind(message.created_by.as_str())
        .bind(message.created_by_device.as_str())
        .bind(message.body.as_slice())
        .execute(&mut *db)
        .await?;
    for (position, recipient) in (0_i64..).zip(&message.recipients) {
        sqlx::query("INSERT INTO message_recipients (message, position, address, encrypted_key) VALUES (?, ?, ?, ?)")
            .bind(message.id.as_str())
            .bind(position)
            .bind(recipient.address.as_str())
            .bind(recipient.encrypted_key.as_slice())
            .execute(&mut *db)
            .await?;
    }
    for (position, attachment) in (0_i64..).zip(&message.attachments) {
        sqlx::query("INSERT INTO message_attachments (message, position, file) VALUES (?, ?, ?)")
            .bind(message.id.as_str())
            .bind(position)
            .bind(attachment.id.as_str())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

pub(crate) async fn find(db: &mut SqliteConnection, id: &MessageId) -> sqlx::Result<Option<StoredMessage>> {
    let row = sqlx::query("SELECT * FROM messages WHERE id = ?").bind(id.as_str()).fetch_optional(&mut *db).await?;
    let Some(row) = row else { return Ok(None) };
    let attachments = sqlx::query("SELECT file FROM message_attachments WHERE message = ? ORDER BY position")
        .bind(id.as_str())
        .fetch_all(&mut *db)
        .await?;
    let recipients = sqlx::query("SELECT * FROM message_recipients WHERE message = ? ORDER BY position")
        .bind(id.as_str())
        .fetch_all(db)
        .await?;
    let recipients = recipients.iter().map(|row| {
        Ok(StoredRecipient {
            recipient: Recipient {
                address: row.text("address")?,
                encrypted_key: row.bytes("encrypted_key")?,
                received_at: row.optional_time("received_at")?,
                received_by_device: row.optional_text("received_by_device")?,
            },
            sender_has_decomposed: row.flag("sender_has_decomposed")?,
        })
    });
    Ok(Some(StoredMessage {
        message: Message {
            id: row.text("id")?,
            created_at: row.time("created_at")?,
            created_by: row.text("created_by")?,
            created_by_device: row.text("created_by_device")?,
            body: row.bytes("body")?,
            attachments: attachments
                .iter()
                .map(|row| Ok(Attachment { id: row.text("file")? }))
                .collect::<sqlx::Result<_>>()?,
            recipients: Vec::new(),
        },
        recipients: recipients.collect::<sqlx::Result<_>>()?,
    }))
}

/// The size of these records.
pub(crate) async fn extent(db: &mut SqliteConnection, ids: &[MessageId]) -> sqlx::Result<Extent> {
    let lengths = "SELECT LENGTH(body) + (SELECT COALESCE(SUM(LENGTH(encrypted_key) + 256), 0) FROM message_recipients
             WHERE message = messages.id) AS length
         FROM messages WHERE id IN (SELECT value FROM json_each(?1))";
    Extent::of(db, lengths, &json_list(ids), None).await
}

/// Messages the reader (`?1`) has sent or received and has not hidden by decomposing the relationship. A union, because
/// SQLite has no single index for both; for requests without ids (`?2`) only.
const VISIBLE: &str = "
    SELECT m.position, m.id FROM messages AS m
    WHERE ?2 = '[]' AND m.created_by = ?1
        AND EXISTS (SELECT 1 FROM message_recipients AS r WHERE r.message = m.id AND NOT r.sender_has_decomposed)
    UNION SELECT m.position, m.id FROM message_recipients AS r CROSS JOIN messages AS m ON m.id = r.message
    WHERE ?2 = '[]' AND r.address = ?1 AND NOT r.recipient_has_decomposed";

/// Those of them that have one of the ids. The `+` keeps SQLite from scanning all messages of the reader for each id.
const VISIBLE_AMONG: &str = "
    SELECT m.position, m.id FROM messages AS m
    WHERE m.id IN (SELECT value FROM json_each(?2)) AND EXISTS (
        SELECT 1 FROM message_recipients AS r WHERE r.message = m.id
            AND ((m.created_by = ?1 AND NOT r.sender_has_decomposed) OR (+r.address = ?1 AND NOT r.recipient_has_decomposed)))";

fn visible(ids: &[MessageId]) -> &'static str {
    if ids.is_empty() { VISIBLE } else { VISIBLE_AMONG }
}

/// A page of the messages an Identity sees, in the order they came; of those with the ids, if there are any.
pub(crate) async fn list_visible(
    db: &mut SqliteConnection,
    reader: &IdentityAddress,
    ids: &[MessageId],
    paging: Paging,
) -> sqlx::Result<Vec<MessageId>> {
    let sql = format!("SELECT id FROM ({}) ORDER BY position LIMIT ?3 OFFSET ?4", visible(ids));
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(reader.as_str())
        .bind(json_list(ids))
        .bind(paging.limit())
        .bind(paging.offset())
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| row.text("id")).collect()
}

pub(crate) async fn count_visible(
    db: &mut SqliteConnection,
    reader: &IdentityAddress,
    ids: &[MessageId],
) -> sqlx::Result<u64> {
    let sql = format!("SELECT COUNT(*) FROM ({})", visible(ids));
    sqlx::query_scalar(AssertSqlSafe(sql)).bind(reader.as_str()).bind(json_list(ids)).fetch_one(db).await
}

/// Records by which device messages were fetched first, and when.
pub(crate) async fn mark_received(
    db: &mut SqliteConnection,
    caller: &Caller,
    messages: &[MessageId],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE message_recipients SET received_at = ?1, received_by_device = ?2
         WHERE address = ?3 AND received_at IS NULL AND message IN (SELECT value FROM json_each(?4))",
    )
    .bind(now.as_millis())
    .bind(caller.device.as_str())
    .bind(caller.address.as_str())
    .bind(json_list(messages))
    .execute(db)
    .await?;
    Ok(())
}

/// Messages of a sender that a recipient has not fetched.
pub(crate) async fn count_unreceived(
    db: &mut SqliteConnection,
    sender: &IdentityAddress,
    recipient: &IdentityAddress,
) -> sqlx::Result<u32> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM message_recipients JOIN messages ON messages.id = message_recipients.message
         WHERE address = ? AND received_at IS NULL AND created_by = ?",
    )
    .bind(recipient.as_str())
    .bind(sender.as_str())
    .fetch_one(db)
    .await
}

/// Hides the messages between the two from the decomposer.
pub(crate) async fn set_decomposed(
    db: &mut SqliteConnection,
    decomposer: &IdentityAddress,
    peer: &IdentityAddress,
) -> sqlx::Result<()> {
    for statement in [
        "UPDATE message_recipients SET sender_has_decomposed = 1
         WHERE address = ?2 AND message IN (SELECT id FROM messages WHERE created_by = ?1)",
        "UPDATE message_recipients SET recipient_has_decomposed = 1
         WHERE address = ?1 AND message IN (SELECT id FROM messages WHERE created_by = ?2)",
    ] {
        sqlx::query(statement).bind(decomposer.as_str()).bind(peer.as_str()).execute(&mut *db).await?;
    }
    Ok(())
}

/// Replaces the addresses of recipients where both sides have decomposed, then of senders with no other recipient left.
pub(crate) async fn anonymize(
    db: &mut SqliteConnection,
    one: &IdentityAddress,
    other: &IdentityAddress,
    pseudonym: &IdentityAddress,
) -> sqlx::Result<()> {
    for statement in [
        "UPDATE message_recipients SET address = ?3
         WHERE address IN (?1, ?2) AND sender_has_decomposed AND recipient_has_decomposed",
        "UPDATE messages SET created_by = ?3
         WHERE created_by IN (?1, ?2)
             AND NOT EXISTS (SELECT 1 FROM message_recipients WHERE message = messages.id AND address <> ?3)",
    ] {
        sqlx::query(statement)
            .bind(one.as_str())
            .bind(other.as_str())
            .bind(pseudonym.as_str())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// Replaces the address of a deleted Identity and deletes messages that have no participant left.
pub(crate) async fn replace_participant(
    db: &mut SqliteConnection,
    participant: &IdentityAddress,
    pseudonym: &IdentityAddress,
) -> sqlx::Result<()> {
    for statement in [
        "UPDATE message_recipients SET address = ?2 WHERE address = ?1",
        "UPDATE messages SET created_by = ?2 WHERE created_by = ?1",
        "DELETE FROM messages WHERE created_by = ?2
             AND NOT EXISTS (SELECT 1 FROM message_recipients WHERE message = messages.id AND address <> ?2)",
    ] {
        sqlx::query(statement).bind(participant.as_str()).bind(pseudonym.as_str()).execute(&mut *db).await?;
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use sqlx::Row as _;

    use super::*;
    use crate::database::Database;

    async fn plan(database: &Database, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps = sqlx::query(sql).bind("address").bind("[]").fetch_all(&database.writer).await.unwrap();
        steps.iter().map(|step| step.get("detail")).collect()
    }

    #[tokio::test]
    async fn what_others_have_sent_and_got_is_not_walked_through() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("backbone.db"), None).await.unwrap();
        let own = plan(&database, VISIBLE).await;
        assert!(own.iter().any(|step| step.ends_with("(created_by=?)")), "{own:?}");
        assert!(own.iter().any(|step| step.contains("SEARCH r") && step.ends_with("(address=?)")), "{own:?}");
        let among = plan(&database, VISIBLE_AMONG).await;
        assert!(among.iter().any(|step| step.contains("SEARCH m") && step.ends_with("(id=?)")), "{among:?}");
        assert!(among.iter().any(|step| step.contains("SEARCH r") && step.ends_with("(message=?)")), "{among:?}");
        assert!(own.iter().chain(&among).all(|step| !step.starts_with("SCAN m") && !step.starts_with("SCAN r")));
        database.close().await;
    }
}
