-- Whom goods belong to.
CREATE TABLE customer (
    id BLOB PRIMARY KEY NOT NULL,
    code TEXT NOT NULL,
    lookup TEXT NOT NULL,               -- the code as it is looked for
    name_en TEXT NOT NULL,
    name_zh TEXT NOT NULL
) STRICT;
CREATE INDEX customer_by_lookup ON customer (lookup);
CREATE INDEX customer_by_code ON customer (code, id);

ALTER TABLE item ADD COLUMN owner BLOB;  -- a customer; NULL: ourselves
CREATE INDEX item_by_owner ON item (owner, sku, id) WHERE owner IS NOT NULL;

-- An older program kept customers without knowing their kind, and items without saying whose they are.
INSERT OR REPLACE INTO meta (key, value) SELECT 'rebuild-needed', x'' WHERE EXISTS (
    SELECT 1 FROM document WHERE kind = '' AND partition = x'');
