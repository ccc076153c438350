-- What people have said that the headings of their files mean.
CREATE TABLE import_meaning (
    kind TEXT NOT NULL,
    heading TEXT NOT NULL,              -- without case and spaces
    column_code TEXT NOT NULL,          -- empty: nothing
    PRIMARY KEY (kind, heading)
) STRICT, WITHOUT ROWID;

-- Imports: who brought what, and what became of it.
CREATE TABLE import_run (
    id BLOB PRIMARY KEY NOT NULL,       -- 16 bytes, rising with time
    at INTEGER NOT NULL,                -- unix milliseconds, as all times here
    user_name TEXT NOT NULL,
    operator BLOB NOT NULL,             -- whom its events name
    kind TEXT NOT NULL,
    site BLOB,
    file TEXT NOT NULL,
    new INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    same INTEGER NOT NULL,
    left_out INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('writing', 'done', 'undoing', 'undone')),
    undone_at INTEGER,
    undone_by TEXT,
    put_back INTEGER NOT NULL DEFAULT 0,
    kept TEXT NOT NULL DEFAULT '[]'     -- JSON: what an undo left as it is, and why; the first thousand
) STRICT;

-- What an import wrote, noted before it is written: an interrupted one can be undone as far as it went.
CREATE TABLE import_write (
    run BLOB NOT NULL REFERENCES import_run (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,            -- from 1, in the order of writing
    label TEXT NOT NULL,                -- what people know it by
    record BLOB,                        -- the record; null: an event
    record_kind TEXT NOT NULL DEFAULT '',
    partition BLOB NOT NULL,
    is_new INTEGER NOT NULL DEFAULT 0,  -- the import made the record
    fields TEXT NOT NULL DEFAULT '[]',  -- JSON: path, value before (null: none), value written
    chain BLOB,                         -- of an event
    event INTEGER,                      -- its number there
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;
