-- What has been done of an order's line stands where the amount of a pile does: in its subject. A pile has an item.
DROP VIEW stock;
CREATE VIEW stock AS
    SELECT id AS subject, substr(key, 1, 16) AS site, substr(key, 18, 16) AS bin, item,
           CASE WHEN length(key) > 49 THEN CAST(substr(key, 51) AS TEXT) END AS lot, balance
    FROM subject WHERE balance IS NOT NULL AND item IS NOT NULL;

-- What is to be done. Its lines carry no progress.
CREATE TABLE orders (
    id BLOB PRIMARY KEY NOT NULL,
    site BLOB NOT NULL,
    type TEXT NOT NULL,                 -- inbound, outbound, transfer, count
    code TEXT NOT NULL,
    lookup TEXT NOT NULL,               -- upper-cased
    party TEXT NOT NULL,
    note TEXT NOT NULL,
    due INTEGER NOT NULL,               -- unix milliseconds; 0: nobody said
    cancelled INTEGER NOT NULL,
    blind INTEGER NOT NULL,
    assigned BLOB,
    to_site BLOB
) STRICT;
CREATE INDEX orders_by_lookup ON orders (lookup);
CREATE INDEX orders_by_site ON orders (site, type);

CREATE TABLE order_line (
    of BLOB NOT NULL,
    line INTEGER NOT NULL,
    item BLOB,
    lot TEXT NOT NULL,
    bin BLOB,
    asked INTEGER NOT NULL,             -- thousandths of the base unit
    PRIMARY KEY (of, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_counted_by (
    of BLOB NOT NULL,
    operator BLOB NOT NULL,
    PRIMARY KEY (of, operator)
) STRICT, WITHOUT ROWID;

-- What decides where goods are put.
ALTER TABLE item ADD COLUMN class TEXT NOT NULL DEFAULT '';
ALTER TABLE item ADD COLUMN volume INTEGER NOT NULL DEFAULT 0;      -- cubic centimetres of a base unit
ALTER TABLE item ADD COLUMN weight INTEGER NOT NULL DEFAULT 0;      -- grams of a base unit
ALTER TABLE bin ADD COLUMN class TEXT NOT NULL DEFAULT '';
ALTER TABLE bin ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE bin ADD COLUMN volume INTEGER NOT NULL DEFAULT 0;       -- cubic centimetres
ALTER TABLE bin ADD COLUMN weight INTEGER NOT NULL DEFAULT 0;       -- grams
ALTER TABLE bin ADD COLUMN face_item BLOB;
ALTER TABLE bin ADD COLUMN face_min INTEGER NOT NULL DEFAULT 0;     -- thousandths of the base unit
ALTER TABLE bin ADD COLUMN face_max INTEGER NOT NULL DEFAULT 0;
CREATE INDEX bin_face ON bin (site) WHERE face_item IS NOT NULL;
