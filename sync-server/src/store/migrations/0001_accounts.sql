CREATE TABLE users (
    -- People who sign in to the console.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL COLLATE NOCASE UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'supervisor', 'admin')),
    password_hash TEXT NOT NULL DEFAULT '',   -- argon2id, PHC string; empty: only by one-time link
    operator BLOB NOT NULL,                   -- the operator (16 bytes) that their events name
    disabled INTEGER NOT NULL DEFAULT 0,      -- 1: may not sign in
    created_at INTEGER NOT NULL               -- unix milliseconds, as all times here
) STRICT;

CREATE TABLE sessions (
    -- Open sign-ins. The cookie holds the token, this table only its hash.
    token_hash BLOB PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE sign_in_links (
    -- Links that sign somebody in once. Opening one shows a button; pressing it uses it up.
    token_hash BLOB PRIMARY KEY,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,  -- NULL: the set-up of the first account
    to_path TEXT NOT NULL DEFAULT '/',                        -- where it leads, a path of this server
    expires_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL DEFAULT 0                        -- 0: not yet
) STRICT, WITHOUT ROWID;
