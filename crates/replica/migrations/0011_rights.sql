-- What the server has granted: a line for each grant, with the time from which it is in force before it.
ALTER TABLE operator ADD COLUMN grants TEXT NOT NULL DEFAULT '';

-- Operators whose grants changed, and from when on: what they did is judged again before the transaction ends.
CREATE TABLE regranted (
    operator BLOB PRIMARY KEY NOT NULL,
    since INTEGER NOT NULL              -- unix milliseconds
) STRICT, WITHOUT ROWID;

-- An older program has left grants and approvals out of its rows.
INSERT OR REPLACE INTO meta (key, value) SELECT 'rebuild-needed', x'' WHERE EXISTS (SELECT 1 FROM document);
