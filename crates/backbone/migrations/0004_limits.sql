-- What the health check writes: one row that comes and goes.
CREATE TABLE health_checks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    content BLOB NOT NULL
);

-- Quotas count what an Identity has made in a period, with every request that makes more.
CREATE INDEX messages_created_by_at ON messages (created_by, created_at);
DROP INDEX messages_created_by;
CREATE INDEX templates_created_by_at ON templates (created_by, created_at);
DROP INDEX templates_created_by;
CREATE INDEX tokens_created_by_at ON tokens (created_by, created_at);
DROP INDEX tokens_created_by;
CREATE INDEX files_created_by_at ON files (created_by, created_at, cipher_size);
DROP INDEX files_created_by;

-- Of each Identity only so many challenges are kept.
CREATE INDEX challenges_created_by ON challenges (created_by);
