-- Contents of files in pieces, so that they are written and read without ever being in memory as a whole. What is in
-- `file_contents` stays there, as one piece each, until it expires: to copy it would take the room and the time of all of it.
CREATE TABLE file_pieces (
    file TEXT NOT NULL REFERENCES files (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (file, number)
);
