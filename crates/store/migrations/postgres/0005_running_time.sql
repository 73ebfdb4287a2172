-- How long the database has been in use, in milliseconds: ages are counted in it, as the clock may be wrong. What is there
-- already has no age yet.
CREATE TABLE running_time (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    millis BIGINT NOT NULL
);
INSERT INTO running_time (id, millis) VALUES (1, 0);
ALTER TABLE event ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
UPDATE delivery SET since = 0, next_attempt_at = 0;
