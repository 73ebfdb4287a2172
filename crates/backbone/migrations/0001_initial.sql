-- Times are milliseconds since 1970-01-01T00:00:00Z, statuses and types their wire names.

CREATE TABLE identities (
    address TEXT PRIMARY KEY,
    public_key BLOB NOT NULL,
    client_id TEXT NOT NULL,
    identity_version INTEGER NOT NULL,
    tier_id TEXT NOT NULL,
    tier_id_before_deletion TEXT,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    deletion_grace_period_ends_at INTEGER
);

CREATE TABLE devices (
    id TEXT PRIMARY KEY,
    identity TEXT NOT NULL REFERENCES identities (address),
    username TEXT NOT NULL UNIQUE COLLATE NOCASE,
    created_at INTEGER NOT NULL,
    created_by_device TEXT NOT NULL,
    last_login_at INTEGER,
    communication_language TEXT NOT NULL,
    is_backup_device INTEGER NOT NULL,
    password_salt BLOB NOT NULL,
    password_hash BLOB NOT NULL,
    failed_logins INTEGER NOT NULL DEFAULT 0,
    locked_until INTEGER,
    push_identifier TEXT,
    push_platform TEXT
);
CREATE INDEX devices_identity ON devices (identity);

CREATE TABLE access_tokens (
    token_hash BLOB PRIMARY KEY,
    device TEXT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
);
CREATE INDEX access_tokens_expires_at ON access_tokens (expires_at);

-- Who had which username, kept after the Identity is gone.
CREATE TABLE deleted_usernames (
    username_hash BLOB PRIMARY KEY,
    deleted_at INTEGER NOT NULL
);

CREATE TABLE challenges (
    id TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    created_by TEXT,
    created_by_device TEXT
);
CREATE INDEX challenges_expires_at ON challenges (expires_at);

CREATE TABLE deletion_processes (
    id TEXT PRIMARY KEY,
    identity TEXT NOT NULL REFERENCES identities (address),
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by_device TEXT NOT NULL,
    grace_period_ends_at INTEGER
);
CREATE UNIQUE INDEX deletion_processes_one_active ON deletion_processes (identity)
    WHERE status IN ('Active', 'Deleting');

CREATE TABLE templates (
    id TEXT PRIMARY KEY,
    created_by TEXT NOT NULL,
    created_by_device TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    max_number_of_allocations INTEGER,
    for_identity TEXT,
    password BLOB,
    content BLOB NOT NULL
);
CREATE INDEX templates_created_by ON templates (created_by);

CREATE TABLE template_allocations (
    template TEXT NOT NULL REFERENCES templates (id) ON DELETE CASCADE,
    identity TEXT NOT NULL,
    PRIMARY KEY (template, identity)
);

CREATE TABLE relationships (
    id TEXT PRIMARY KEY,
    template TEXT REFERENCES templates (id) ON DELETE SET NULL,
    from_identity TEXT NOT NULL,
    to_identity TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    from_has_decomposed INTEGER NOT NULL DEFAULT 0,
    to_has_decomposed INTEGER NOT NULL DEFAULT 0,
    creation_content BLOB,
    creation_response_content BLOB
);
CREATE INDEX relationships_from ON relationships (from_identity, to_identity);
CREATE INDEX relationships_to ON relationships (to_identity, from_identity);
CREATE INDEX relationships_template ON relationships (template);
CREATE UNIQUE INDEX relationships_one_per_pair
    ON relationships (min(from_identity, to_identity), max(from_identity, to_identity))
    WHERE status IN ('Pending', 'Active', 'Terminated');

CREATE TABLE relationship_audit_log (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    relationship TEXT NOT NULL REFERENCES relationships (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_by_device TEXT,
    reason TEXT NOT NULL,
    old_status TEXT,
    new_status TEXT NOT NULL
);
CREATE INDEX relationship_audit_log_relationship ON relationship_audit_log (relationship, position);

CREATE TABLE messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_by_device TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX messages_created_by ON messages (created_by);

CREATE TABLE message_recipients (
    message TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    address TEXT NOT NULL,
    encrypted_key BLOB NOT NULL,
    received_at INTEGER,
    received_by_device TEXT,
    sender_has_decomposed INTEGER NOT NULL DEFAULT 0,
    recipient_has_decomposed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message, position)
);
CREATE INDEX message_recipients_address ON message_recipients (address, received_at);

CREATE TABLE message_attachments (
    message TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    file TEXT NOT NULL,
    PRIMARY KEY (message, position)
);

CREATE TABLE files (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_by_device TEXT NOT NULL,
    modified_at INTEGER NOT NULL,
    modified_by TEXT NOT NULL,
    modified_by_device TEXT NOT NULL,
    owner TEXT NOT NULL,
    owner_signature BLOB NOT NULL,
    ownership_token TEXT NOT NULL,
    ownership_is_locked INTEGER NOT NULL DEFAULT 0,
    cipher_size INTEGER NOT NULL,
    cipher_hash BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    encrypted_properties BLOB NOT NULL
);
CREATE INDEX files_created_by ON files (created_by);
CREATE INDEX files_owner ON files (owner);

-- Apart from the metadata, so that reading those never touches the pages of the contents.
CREATE TABLE file_contents (
    file TEXT PRIMARY KEY REFERENCES files (id) ON DELETE CASCADE,
    content BLOB NOT NULL
);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    created_by TEXT,
    created_by_device TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    for_identity TEXT,
    password BLOB,
    failed_attempts INTEGER NOT NULL DEFAULT 0,
    content BLOB
);
CREATE INDEX tokens_created_by ON tokens (created_by);

CREATE TABLE token_allocations (
    token TEXT NOT NULL REFERENCES tokens (id) ON DELETE CASCADE,
    identity TEXT NOT NULL,
    PRIMARY KEY (token, identity)
);

CREATE TABLE datawallets (
    identity TEXT PRIMARY KEY,
    version INTEGER NOT NULL
);

CREATE TABLE datawallet_modifications (
    identity TEXT NOT NULL,
    idx INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    datawallet_version INTEGER NOT NULL,
    object_identifier TEXT NOT NULL,
    payload_category TEXT,
    created_at INTEGER NOT NULL,
    created_by_device TEXT NOT NULL,
    collection TEXT NOT NULL,
    type TEXT NOT NULL,
    encrypted_payload BLOB,
    PRIMARY KEY (identity, idx)
);

CREATE TABLE sync_runs (
    id TEXT PRIMARY KEY,
    identity TEXT NOT NULL,
    device TEXT NOT NULL,
    type TEXT NOT NULL,
    idx INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    finalized_at INTEGER,
    event_count INTEGER NOT NULL,
    UNIQUE (identity, idx)
);

CREATE TABLE external_events (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    idx INTEGER NOT NULL,
    type TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    relationship TEXT,
    is_blocked INTEGER NOT NULL DEFAULT 0,
    sync_error_count INTEGER NOT NULL DEFAULT 0,
    sync_run TEXT REFERENCES sync_runs (id),
    UNIQUE (owner, idx)
);
CREATE INDEX external_events_sync_run ON external_events (sync_run, idx);
CREATE INDEX external_events_relationship ON external_events (relationship);
