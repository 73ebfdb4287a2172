-- Only what failed, or waits behind what failed, has a row; a target's place in the log stands for everything else.
-- state: 0 waits for its next attempt, 1 was given up, 2 waits for an earlier one of its object, 3 is being tried for long.
-- copy tells the deliveries of one event to one target apart; since is when the age limit began to count.
ALTER TABLE delivery RENAME COLUMN dead TO state;
ALTER TABLE delivery ADD COLUMN copy BIGINT NOT NULL DEFAULT 1;
ALTER TABLE delivery ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delivery DROP CONSTRAINT delivery_subscriber_event_sequence_key;
DROP INDEX delivery_by_object;
-- The second and further deliveries of an event had subscribers of their own: webhooks/target/x#2.
UPDATE delivery SET
    copy = CAST(substr(subscriber, length(rtrim(subscriber, '0123456789')) + 1) AS BIGINT),
    subscriber = substr(subscriber, 1, length(rtrim(subscriber, '0123456789')) - 1)
WHERE rtrim(subscriber, '0123456789') LIKE '%#'
    AND length(subscriber) - length(rtrim(subscriber, '0123456789')) BETWEEN 1 AND 4;
UPDATE delivery SET since = e.created_at FROM event AS e WHERE e.sequence = delivery.event_sequence;
ALTER TABLE delivery ALTER COLUMN copy DROP DEFAULT;
ALTER TABLE delivery ALTER COLUMN since DROP DEFAULT;
ALTER TABLE delivery ADD UNIQUE (subscriber, event_sequence, copy);
CREATE INDEX delivery_by_object ON delivery (subscriber, object_id, state, event_sequence, copy);
CREATE INDEX delivery_by_time ON delivery (subscriber, state, next_attempt_at);
CREATE INDEX delivery_by_age ON delivery (subscriber, state, event_sequence);
UPDATE delivery SET state = 2 WHERE state = 0 AND EXISTS (
    SELECT 1 FROM delivery AS p WHERE p.subscriber = delivery.subscriber AND p.object_id = delivery.object_id AND p.state IN (0, 2)
        AND (p.event_sequence < delivery.event_sequence OR (p.event_sequence = delivery.event_sequence AND p.copy < delivery.copy))
);

-- Tells the places of targets from those of subscriptions.
ALTER TABLE event_cursor ADD COLUMN target BIGINT NOT NULL DEFAULT 0;
INSERT INTO event_cursor (name, sequence, target)
SELECT d.subscriber, COALESCE((SELECT c.sequence FROM event_cursor AS c WHERE c.name = 'webhooks'), MAX(d.event_sequence)), 1
FROM delivery AS d GROUP BY d.subscriber;
