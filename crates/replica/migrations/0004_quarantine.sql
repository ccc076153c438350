-- Changes of records in segments that the hub accepted as quarantined. They are in their documents and do not count
-- until a supervisor releases their segment.
CREATE TABLE quarantined_change (
    document BLOB NOT NULL,
    hash BLOB NOT NULL,                 -- of the change
    chain INTEGER NOT NULL REFERENCES chain (id),
    seq INTEGER NOT NULL,
    PRIMARY KEY (document, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX quarantined_change_by_segment ON quarantined_change (chain, seq);

-- What was decided about quarantined segments of the shared partition, from the records of devices. Decisions about a
-- site's segments are events.
CREATE TABLE verdict (
    device BLOB NOT NULL,
    chain BLOB NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    released INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (chain, first_seq, last_seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX segment_quarantined ON segment (chain, seq) WHERE status = 1;

-- An older program let changes of quarantined segments count.
INSERT INTO meta (key, value) SELECT 'rebuild-needed', x'' WHERE EXISTS (SELECT 1 FROM segment WHERE status = 1);
