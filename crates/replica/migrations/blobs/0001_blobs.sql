-- Photos, signatures and documents made on this device.
CREATE TABLE blob (
    id BLOB PRIMARY KEY NOT NULL,       -- blake3 of the content
    size INTEGER NOT NULL,              -- bytes
    media TEXT NOT NULL,
    kind INTEGER NOT NULL,              -- 0 thumbnail, 1 signature, 2 photo, 3 document
    event BLOB NOT NULL,                -- hash of the event that it is evidence for
    made_at INTEGER NOT NULL,           -- unix milliseconds, as all times here
    state INTEGER NOT NULL,             -- 0 not named by any event yet, 1 to be sent, 2 on the hub, 3 refused by the hub
    settled_at INTEGER,                 -- when the state became 2 or 3
    refusal TEXT NOT NULL DEFAULT '',   -- why it was refused
    here INTEGER NOT NULL DEFAULT 1     -- 0: the content was dropped to make room
) STRICT;
CREATE INDEX blob_to_send ON blob (made_at) WHERE state = 1;
CREATE INDEX blob_by_event ON blob (event);

-- Their content in pieces of 64 KiB, so that sending a part reads a part.
CREATE TABLE blob_piece (
    blob BLOB NOT NULL REFERENCES blob (id) ON DELETE CASCADE,
    n INTEGER NOT NULL,                 -- from 0
    bytes BLOB NOT NULL,
    PRIMARY KEY (blob, n)
) STRICT;
