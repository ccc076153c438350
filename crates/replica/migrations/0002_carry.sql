-- Certificates as the server signed them, so that another device can be shown who wrote a chain.
CREATE TABLE certificate (
    bytes BLOB PRIMARY KEY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO certificate SELECT certificate FROM device WHERE length(certificate) > 0;

-- Segments that the hub is not known to hold: own ones, and others' that came from a neighbour.
CREATE INDEX segment_unaccepted ON segment (chain, seq) WHERE number IS NULL;
-- The hub's log, as far as it has been read, for a neighbour that lacks it.
CREATE INDEX segment_by_number ON segment (number) WHERE number IS NOT NULL;
