-- Only what failed, or waits behind what failed, has a row; a target's place in the log stands for everything else.
-- state: 0 waits for its next attempt, 1 was given up, 2 waits for an earlier one of its object, 3 is being tried for long.
-- copy tells the deliveries of one event to one target apart; since is when the age limit began to count.
CREATE TABLE target_delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber TEXT NOT NULL,
    event_sequence INTEGER NOT NULL REFERENCES event (sequence),
    copy INTEGER NOT NULL,
    object_id TEXT,
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    last_error TEXT,
    since INTEGER NOT NULL,
    state INTEGER NOT NULL,
    UNIQUE (subscriber, event_sequence, copy)
);
-- The second and further deliveries of an event had subscribers of their own: webhooks/target/x#2.
INSERT INTO target_delivery (id, subscriber, event_sequence, copy, object_id, attempts, next_attempt_at, last_error, since, state)
SELECT y.id,
    CASE WHEN y.suffix > 0 THEN substr(y.subscriber, 1, length(y.subscriber) - y.suffix - 1) ELSE y.subscriber END,
    y.event_sequence,
    CASE WHEN y.suffix > 0 THEN CAST(substr(y.subscriber, length(y.subscriber) - y.suffix + 1) AS INTEGER) ELSE 1 END,
    y.object_id, y.attempts, y.next_attempt_at, y.last_error, e.created_at, y.dead
FROM (
    SELECT d.*, CASE WHEN rtrim(d.subscriber, '0123456789') LIKE '%#'
        AND length(d.subscriber) - length(rtrim(d.subscriber, '0123456789')) BETWEEN 1 AND 4
        THEN length(d.subscriber) - length(rtrim(d.subscriber, '0123456789')) ELSE 0 END AS suffix
    FROM delivery AS d
) AS y
JOIN event AS e ON e.sequence = y.event_sequence;
DROP TABLE delivery;
ALTER TABLE target_delivery RENAME TO delivery;
CREATE INDEX delivery_by_object ON delivery (subscriber, object_id, state, event_sequence, copy);
CREATE INDEX delivery_by_time ON delivery (subscriber, state, next_attempt_at);
CREATE INDEX delivery_by_age ON delivery (subscriber, state, event_sequence);
CREATE INDEX delivery_by_event ON delivery (event_sequence);
UPDATE delivery SET state = 2 WHERE state = 0 AND EXISTS (
    SELECT 1 FROM delivery AS p WHERE p.subscriber = delivery.subscriber AND p.object_id = delivery.object_id AND p.state IN (0, 2)
        AND (p.event_sequence < delivery.event_sequence OR (p.event_sequence = delivery.event_sequence AND p.copy < delivery.copy))
);

-- Tells the places of targets from those of subscriptions.
ALTER TABLE event_cursor ADD COLUMN target INTEGER NOT NULL DEFAULT 0;
INSERT INTO event_cursor (name, sequence, target)
SELECT d.subscriber, COALESCE((SELECT c.sequence FROM event_cursor AS c WHERE c.name = 'webhooks'), MAX(d.event_sequence)), 1
FROM delivery AS d GROUP BY d.subscriber;
