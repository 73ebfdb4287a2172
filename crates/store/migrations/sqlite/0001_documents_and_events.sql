CREATE TABLE lease (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    term INTEGER NOT NULL
);
INSERT INTO lease (id, term) VALUES (1, 0);

-- seq is the natural order of a collection.
CREATE TABLE document (
    seq INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    document_key TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (collection, document_key)
);
CREATE INDEX document_in_order ON document (collection, seq);

-- The indexed paths of the collections, and what their documents hold there. One document has an entry per distinct
-- value, so a path through arrays is found as exactly as a plain one.
CREATE TABLE document_index (
    id INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    path TEXT NOT NULL,
    UNIQUE (collection, path)
);
CREATE TABLE index_entry (
    index_id INTEGER NOT NULL REFERENCES document_index (id),
    value TEXT NOT NULL,
    document INTEGER NOT NULL,
    PRIMARY KEY (index_id, value, document)
) WITHOUT ROWID;
CREATE INDEX index_entry_by_document ON index_entry (document);

-- AUTOINCREMENT: a cursor must never meet a sequence again after old events were removed.
CREATE TABLE event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    namespace TEXT NOT NULL,
    object_id TEXT,
    data TEXT,
    created_at INTEGER NOT NULL,
    correlation_id TEXT
);
CREATE TABLE event_cursor (
    name TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber TEXT NOT NULL,
    event_sequence INTEGER NOT NULL REFERENCES event (sequence),
    object_id TEXT,
    attempts INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    last_error TEXT,
    dead INTEGER NOT NULL,
    UNIQUE (subscriber, event_sequence)
);
CREATE INDEX delivery_by_object ON delivery (subscriber, object_id, event_sequence);
CREATE INDEX delivery_by_event ON delivery (event_sequence);
