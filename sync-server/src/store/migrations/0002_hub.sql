-- The organisation's keys and the log's epoch.
CREATE TABLE hub_meta (
    name TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT;

-- The log: every accepted segment, in the order of acceptance within its partition. Never edited, never deleted.
CREATE TABLE hub_log (
    partition BLOB NOT NULL,            -- empty: shared; else the site's 16 bytes
    number INTEGER NOT NULL,            -- gap-free from 1
    chain BLOB NOT NULL,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    body BLOB NOT NULL,
    accepted_at INTEGER NOT NULL,       -- unix milliseconds
    status INTEGER NOT NULL,            -- 0 live, 1 quarantined
    acceptance BLOB NOT NULL,           -- the hub's signature
    running_hash BLOB NOT NULL,         -- over all hashes up to here
    PRIMARY KEY (partition, number),
    UNIQUE (chain, seq)
) STRICT;

-- Devices that were enrolled here.
CREATE TABLE hub_device (
    device BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    site BLOB NOT NULL,
    public_key BLOB NOT NULL,
    shared_chain BLOB NOT NULL,
    site_chain BLOB NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    revoked INTEGER NOT NULL DEFAULT 0,
    enrolled_at INTEGER NOT NULL,
    -- What it last said.
    last_contact INTEGER,
    waiting_events INTEGER NOT NULL DEFAULT 0,
    waiting_edits INTEGER NOT NULL DEFAULT 0,
    clock_offset_ms INTEGER NOT NULL DEFAULT 0,
    program TEXT NOT NULL DEFAULT '',
    stopped TEXT NOT NULL DEFAULT ''    -- why its chain was stopped, if it was
) STRICT;

-- One-time codes: only their hashes.
CREATE TABLE hub_invitation (
    code_hash BLOB PRIMARY KEY NOT NULL,
    site BLOB NOT NULL,
    device_name TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;

-- The server's own certificates, one for each site.
CREATE TABLE hub_certificate (
    site BLOB PRIMARY KEY NOT NULL,
    certificate BLOB NOT NULL
) STRICT;
