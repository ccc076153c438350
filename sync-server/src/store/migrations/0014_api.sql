-- Keys of other programs. A key is shown once; this table holds its hash.
CREATE TABLE api_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    key_hash BLOB NOT NULL UNIQUE,
    hint TEXT NOT NULL,                 -- its first characters, by which people know it again
    scopes TEXT NOT NULL,               -- separated by spaces
    sites TEXT NOT NULL,                -- ids separated by spaces; empty: all
    operator BLOB NOT NULL,             -- the operator (16 bytes) that its events name
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,           -- unix milliseconds, as all times here
    expires_at INTEGER,                 -- null: never
    used_at INTEGER,
    revoked_at INTEGER
) STRICT;

-- Answers to requests that said under which name they may be repeated.
CREATE TABLE api_answer (
    key_id INTEGER NOT NULL REFERENCES api_key (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    request BLOB NOT NULL,              -- hash of what was asked
    at INTEGER NOT NULL,
    answer TEXT,                        -- JSON; null while it is being worked on
    PRIMARY KEY (key_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX api_answer_by_time ON api_answer (at);
