-- What one base unit is worth in the books.
ALTER TABLE item ADD COLUMN value INTEGER NOT NULL DEFAULT 0;       -- minor units of the currency; 0: nobody said
ALTER TABLE item ADD COLUMN currency TEXT NOT NULL DEFAULT '';      -- ISO 4217

-- Which currencies and classes there are, without looking at every item.
CREATE INDEX item_by_currency ON item (currency) WHERE value > 0;
CREATE INDEX item_by_class ON item (class) WHERE class <> '';

-- Count orders that were planned together, and what is tolerated.
CREATE TABLE stocktake (
    id BLOB PRIMARY KEY NOT NULL,
    site BLOB NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,                 -- cycle, full, spot
    blind INTEGER NOT NULL,
    due INTEGER NOT NULL,               -- unix milliseconds; 0: nobody said
    classes TEXT NOT NULL,              -- of items, separated by commas
    zones BLOB NOT NULL,                -- 16 bytes each
    tolerances TEXT NOT NULL,           -- a line for each class, the class before it
    planned_at INTEGER NOT NULL,        -- unix milliseconds
    planned_by BLOB,
    closed_at INTEGER NOT NULL,         -- unix milliseconds; 0: it goes on
    closed_by BLOB,
    close_reason TEXT NOT NULL
) STRICT;
CREATE INDEX stocktake_by_age ON stocktake (closed_at > 0, planned_at DESC, id);

ALTER TABLE orders ADD COLUMN stocktake BLOB;
CREATE INDEX orders_by_stocktake ON orders (stocktake) WHERE stocktake IS NOT NULL;

-- An older program kept stocktakes as orders that it could not read, and left out which orders are theirs.
INSERT OR REPLACE INTO meta (key, value) SELECT 'rebuild-needed', x'' WHERE EXISTS (
    SELECT 1 FROM document d WHERE d.kind = 'order' AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = d.id));
