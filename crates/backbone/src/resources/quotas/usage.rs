use backbone_api::quotas::MetricKey;
use core_types::{IdentityAddress, Timestamp};
use sqlx::SqliteConnection;

/// The amount of a metric that an Identity has used since an instant.
pub(super) async fn count(
    db: &mut SqliteConnection,
    metric: MetricKey,
    identity: &IdentityAddress,
    since: Timestamp,
) -> sqlx::Result<u64> {
    sqlx::query_scalar(statement(metric)).bind(identity.as_str()).bind(since.as_millis()).fetch_one(db).await
}

fn statement(metric: MetricKey) -> &'static str {
    match metric {
        MetricKey::NumberOfSentMessages => "SELECT COUNT(*) FROM messages WHERE created_by = ?1 AND created_at >= ?2",
        // A request counts for who sent it, so does an open reactivation request.
        MetricKey::NumberOfRelationships => {
            "SELECT COUNT(*) FROM relationships
             WHERE (from_identity = ?1 OR to_identity = ?1) AND created_at >= ?2 AND (
                 status = 'Active' OR (status = 'Pending' AND from_identity = ?1)
                 OR (status = 'Terminated' AND EXISTS (SELECT 1 FROM relationship_audit_log AS entry
                     WHERE entry.relationship = relationships.id AND reason = 'ReactivationRequested' AND created_by = ?1
                         AND position = (SELECT MAX(position) FROM relationship_audit_log AS other
                             WHERE other.relationship = relationships.id))))"
        }
        MetricKey::NumberOfFiles => "SELECT COUNT(*) FROM files WHERE created_by = ?1 AND created_at >= ?2",
        MetricKey::UsedFileStorageSpace => {
            "SELECT COALESCE(SUM(cipher_size), 0) / 1048576 FROM files WHERE created_by = ?1 AND created_at >= ?2"
        }
        MetricKey::NumberOfRelationshipTemplates => {
            "SELECT COUNT(*) FROM templates WHERE created_by = ?1 AND created_at >= ?2"
        }
        MetricKey::NumberOfTokens => "SELECT COUNT(*) FROM tokens WHERE created_by = ?1 AND created_at >= ?2",
        MetricKey::NumberOfStartedDeletionProcesses => {
            "SELECT COUNT(*) FROM deletion_processes WHERE identity = ?1 AND created_at >= ?2"
        }
        MetricKey::NumberOfCreatedDatawalletModifications => {
            "SELECT COUNT(*) FROM datawallet_modifications WHERE identity = ?1 AND created_at >= ?2"
        }
        MetricKey::NumberOfCreatedDevices => "SELECT COUNT(*) FROM devices WHERE identity = ?1 AND created_at >= ?2",
        // Challenges are valid for ten minutes.
        MetricKey::NumberOfCreatedChallenges => {
            "SELECT COUNT(*) FROM challenges WHERE created_by = ?1 AND expires_at - 600000 >= ?2"
        }
    }
}
