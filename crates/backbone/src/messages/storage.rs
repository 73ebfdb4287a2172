use backbone_api::messages::{Attachment, Message, Recipient};
use core_types::{IdentityAddress, MessageId, Timestamp};
use sqlx::SqliteConnection;

use crate::database::{RowExt as _, json_list};
use crate::http::{Caller, Paging};

/// A message with all its recipients; `message.recipients` is filled by who reads it.
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

/// Messages the Identity has sent or got and has not taken apart with the relationship.
pub(crate) async fn list_visible(
    db: &mut SqliteConnection,
    reader: &IdentityAddress,
    ids: &[MessageId],
    paging: Paging,
) -> sqlx::Result<Vec<MessageId>> {
    let rows = sqlx::query(
        "SELECT id FROM messages WHERE (?1 = '[]' OR id IN (SELECT value FROM json_each(?1))) AND (
             (created_by = ?2 AND EXISTS (SELECT 1 FROM message_recipients WHERE message = id AND NOT sender_has_decomposed))
             OR EXISTS (SELECT 1 FROM message_recipients WHERE message = id AND address = ?2 AND NOT recipient_has_decomposed))
         ORDER BY messages.position LIMIT ?3 OFFSET ?4",
    )
    .bind(json_list(ids))
    .bind(reader.as_str())
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
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM messages WHERE (?1 = '[]' OR id IN (SELECT value FROM json_each(?1))) AND (
             (created_by = ?2 AND EXISTS (SELECT 1 FROM message_recipients WHERE message = id AND NOT sender_has_decomposed))
             OR EXISTS (SELECT 1 FROM message_recipients WHERE message = id AND address = ?2 AND NOT recipient_has_decomposed))",
    )
    .bind(json_list(ids))
    .bind(reader.as_str())
    .fetch_one(db)
    .await
}

/// Notes who fetched messages first, and when.
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

/// Replaces the address of a deleted Identity and deletes the messages nobody is left of.
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
