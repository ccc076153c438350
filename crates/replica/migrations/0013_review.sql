-- What supervisors said about exceptions, and whom they gave them to.
CREATE TABLE event_note (
    exception BLOB NOT NULL,
    chain INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (exception, chain, number)
) STRICT, WITHOUT ROWID;

-- Exceptions that were open on this replica until something came that settled them. What a replica has shown depends on
-- when it heard of what, so this is its own, in no state hash, and no rebuild makes it again or deletes it.
CREATE TABLE closed_by_itself (
    id BLOB PRIMARY KEY NOT NULL,
    subject BLOB NOT NULL,              -- key with site
    kind TEXT NOT NULL,
    opened BLOB NOT NULL,
    evidence BLOB NOT NULL,             -- event hashes, 32 bytes each
    book INTEGER,
    counted INTEGER,
    closed_by BLOB,                     -- hash of the event that came last
    closed_at INTEGER NOT NULL          -- when the hub took that event, or when it was written here; unix milliseconds
) STRICT;
CREATE INDEX closed_by_itself_by_time ON closed_by_itself (closed_at, id);
