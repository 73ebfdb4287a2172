CREATE TABLE feature_flags (
    identity TEXT NOT NULL REFERENCES identities (address),
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (identity, name)
);

-- When an announcement of the administrator's file was first seen; what it says stands in the file.
CREATE TABLE announcements (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
);

ALTER TABLE deletion_processes ADD COLUMN cancelled_at INTEGER;
ALTER TABLE deletion_processes ADD COLUMN reminder1_sent_at INTEGER;
ALTER TABLE deletion_processes ADD COLUMN reminder2_sent_at INTEGER;
ALTER TABLE deletion_processes ADD COLUMN reminder3_sent_at INTEGER;

-- For the jobs that remove what is out of date.
CREATE INDEX identities_deletion ON identities (deletion_grace_period_ends_at)
    WHERE deletion_grace_period_ends_at IS NOT NULL;
CREATE INDEX templates_expires_at ON templates (expires_at);
CREATE INDEX tokens_expires_at ON tokens (expires_at);
CREATE INDEX files_expires_at ON files (expires_at);
CREATE INDEX relationships_ready_for_deletion ON relationships (id) WHERE status = 'ReadyForDeletion';
CREATE INDEX sync_runs_finalized_at ON sync_runs (finalized_at);
CREATE INDEX datawallet_modifications_object ON datawallet_modifications (identity, object_identifier, idx);
CREATE INDEX datawallet_modifications_created_at ON datawallet_modifications (created_at);
CREATE INDEX template_allocations_identity ON template_allocations (identity);
