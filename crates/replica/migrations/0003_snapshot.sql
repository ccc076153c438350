-- Snapshots that the server signed: the one that a partition's rows rest on, and one that is being fetched.
CREATE TABLE snapshot (
    id BLOB PRIMARY KEY NOT NULL,       -- hash of the manifest
    partition BLOB NOT NULL,
    installed INTEGER NOT NULL DEFAULT 0,
    installed_at INTEGER NOT NULL DEFAULT 0,
    horizon BLOB,                       -- 36 bytes; of sites only
    manifest BLOB NOT NULL              -- exactly as signed, with the signature
) STRICT;
CREATE TABLE snapshot_chunk (
    snapshot BLOB NOT NULL REFERENCES snapshot (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (snapshot, number)
) STRICT;

-- Where each chain stood at the cut: what came before is not held.
CREATE TABLE chain_end (
    chain INTEGER PRIMARY KEY REFERENCES chain (id),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    last_event INTEGER NOT NULL,
    last_event_hash BLOB
) STRICT;

-- What subjects had come to at the horizon.
CREATE TABLE baseline (
    subject INTEGER PRIMARY KEY REFERENCES subject (id),
    content BLOB NOT NULL               -- CBOR
) STRICT;

-- Events that the snapshot holds, with the place and the standing that it gave them.
CREATE TABLE kept_event (
    chain INTEGER NOT NULL,
    number INTEGER NOT NULL,
    place BLOB NOT NULL,
    standing INTEGER NOT NULL,
    PRIMARY KEY (chain, number)
) STRICT, WITHOUT ROWID;

-- Subjects that only a fresh snapshot puts right; an empty key means any of the site.
CREATE TABLE stale (
    site BLOB NOT NULL,
    subject BLOB NOT NULL,
    PRIMARY KEY (site, subject)
) STRICT, WITHOUT ROWID;
