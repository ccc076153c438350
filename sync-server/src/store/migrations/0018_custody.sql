-- Keys of customers, in no document. A key that is destroyed comes again under a new number, as NULL, and stays so.
CREATE TABLE customer_key (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    customer BLOB NOT NULL UNIQUE,
    key BLOB,                       -- 32 bytes; NULL: destroyed
    device BLOB,                    -- which made it, or NULL: the server
    changed_at INTEGER NOT NULL
) STRICT;
