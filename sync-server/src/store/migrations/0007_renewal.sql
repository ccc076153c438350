-- What the hub wants of a device: a new key, another site.
ALTER TABLE hub_device ADD COLUMN next_site BLOB;
ALTER TABLE hub_device ADD COLUMN rotate INTEGER NOT NULL DEFAULT 0;

-- Renewals that were granted, so that the same request gets the same answer.
CREATE TABLE hub_renewal (
    replaces BLOB NOT NULL,             -- the chain at its site that the device gave up
    public_key BLOB NOT NULL,           -- the key that it asked for
    reason INTEGER NOT NULL,            -- 0 fork, 1 key rotation, 2 site moved
    token_hash BLOB NOT NULL,           -- of the token that it asked with
    device BLOB NOT NULL,               -- who it is now
    name TEXT NOT NULL,
    site BLOB NOT NULL,
    certificate BLOB NOT NULL,
    PRIMARY KEY (replaces, public_key)
) STRICT, WITHOUT ROWID;
