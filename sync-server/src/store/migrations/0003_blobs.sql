-- Photos, signatures and documents that are whole, in the folder `blobs`. Never edited, never deleted.
CREATE TABLE hub_blob (
    id BLOB PRIMARY KEY NOT NULL,       -- blake3 of the content
    size INTEGER NOT NULL,              -- bytes
    media TEXT NOT NULL,                -- media type, one of those that are taken
    kind INTEGER NOT NULL,              -- 0 thumbnail, 1 signature, 2 photo, 3 document
    device BLOB NOT NULL,               -- who sent it
    received_at INTEGER NOT NULL        -- unix milliseconds
) STRICT;
CREATE INDEX hub_blob_by_device ON hub_blob (device, received_at);

-- What was refused of each device's uploads.
CREATE TABLE hub_blob_refusal (
    device BLOB PRIMARY KEY NOT NULL,
    times INTEGER NOT NULL,
    code TEXT NOT NULL,                 -- the last reason
    refused_at INTEGER NOT NULL         -- the last time
) STRICT;
