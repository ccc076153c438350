-- How far the work on counts has come, as the hub last told a counter: the events that say so never come to it.
CREATE TABLE told_order (
    id BLOB PRIMARY KEY NOT NULL,       -- the order's, 16 bytes
    partition BLOB NOT NULL,
    content BLOB NOT NULL               -- CBOR of domain's OrderProgress
) STRICT, WITHOUT ROWID;
