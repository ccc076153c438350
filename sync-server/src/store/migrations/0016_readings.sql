-- How far devices had read their site's log, and when they said so: what one of them knew at some instant follows from it.
CREATE TABLE hub_reading (
    device BLOB NOT NULL,
    site BLOB NOT NULL,
    read_at INTEGER NOT NULL,           -- unix milliseconds
    number INTEGER NOT NULL,            -- of the last entry that it held
    PRIMARY KEY (device, site, read_at)
) STRICT, WITHOUT ROWID;
