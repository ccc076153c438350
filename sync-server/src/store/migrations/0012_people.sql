-- Which sites an account sees. `everywhere` = 1: all of them, those that will be added too.
ALTER TABLE users ADD COLUMN everywhere INTEGER NOT NULL DEFAULT 1;
CREATE TABLE user_sites (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    site BLOB NOT NULL,
    PRIMARY KEY (user_id, site)
) STRICT, WITHOUT ROWID;

-- Where a role's rights differ from what the program gives it.
CREATE TABLE role_rights (
    role TEXT NOT NULL CHECK (role IN ('viewer', 'supervisor')),
    code TEXT NOT NULL,
    allowed INTEGER NOT NULL,
    PRIMARY KEY (role, code)
) STRICT, WITHOUT ROWID;

-- The second factor (RFC 6238). Asked for once `confirmed_at` is set.
CREATE TABLE user_totp (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret BLOB NOT NULL,                     -- 20 random bytes
    confirmed_at INTEGER NOT NULL DEFAULT 0,  -- 0: shown, and no code of it typed yet
    last_step INTEGER NOT NULL DEFAULT 0      -- the last step whose code was used: none is taken twice
) STRICT;
CREATE TABLE user_recovery (
    -- Codes for who has lost the second factor, each good once; only their hashes.
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash BLOB NOT NULL,
    used_at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- From where, with what; and 1 while the second factor is still to come: such a session opens nothing else.
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN half INTEGER NOT NULL DEFAULT 0;

CREATE TABLE console_setting (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What was done on the console, by whom; numbers without gaps, each hash over the one before. Only ever added to.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    user_id INTEGER NOT NULL,           -- 0: nobody was signed in
    who TEXT NOT NULL,
    act TEXT NOT NULL,                  -- a code
    about TEXT NOT NULL,                -- what it was done to, as the address named it
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
    detail TEXT NOT NULL,
    address TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_who ON audit (who, number);
CREATE INDEX audit_by_act ON audit (act, number);
CREATE INDEX audit_by_about ON audit (about, number);
CREATE INDEX audit_by_time ON audit (at);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

-- What one person asked for and another has to approve.
CREATE TABLE request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    act TEXT NOT NULL,
    path TEXT NOT NULL,
    form TEXT NOT NULL,                 -- as it was sent, without the token
    asked_by INTEGER NOT NULL REFERENCES users (id),
    asked_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'refused', 'withdrawn', 'failed')),
    decided_by INTEGER REFERENCES users (id),
    decided_at INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX request_by_state ON request (state, id);
