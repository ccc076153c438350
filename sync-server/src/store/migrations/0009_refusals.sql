-- What was refused, of whom and why: one row for each cause. Rows of unknown devices are bounded, and all grow old.
CREATE TABLE hub_refusal (
    device BLOB NOT NULL,               -- 16 bytes; empty if it is not known which
    address TEXT NOT NULL,              -- of an unknown device, its network address; empty for a file
    cause TEXT NOT NULL,
    times INTEGER NOT NULL,
    since INTEGER NOT NULL,             -- the first time, unix milliseconds
    refused_at INTEGER NOT NULL,        -- the last time
    PRIMARY KEY (device, address, cause)
) STRICT, WITHOUT ROWID;
INSERT INTO hub_refusal (device, address, cause, times, since, refused_at)
    SELECT device, '', code, times, refused_at, refused_at FROM hub_blob_refusal;
DROP TABLE hub_blob_refusal;
