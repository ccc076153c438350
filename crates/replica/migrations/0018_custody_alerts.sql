-- Deposits that are announced, and pieces that went without an act that let them go.
ALTER TABLE deposit ADD COLUMN expected INTEGER NOT NULL DEFAULT 0;     -- pieces that were announced and have not come
ALTER TABLE deposit ADD COLUMN announced_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deposit ADD COLUMN strayed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deposit_expected ON deposit (site, announced_at, id) WHERE expected > 0;
CREATE INDEX deposit_strayed ON deposit (site, id) WHERE strayed > 0;

-- Which act let which piece go.
CREATE TABLE custody_gone (
    deposit BLOB NOT NULL,
    piece INTEGER NOT NULL,
    chain INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (deposit, piece, chain, number)
) STRICT, WITHOUT ROWID;

-- Whose key is to be destroyed wherever it is.
ALTER TABLE customer ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
CREATE INDEX customer_erased ON customer (id) WHERE erased <> 0;

-- Acts that are here already are read again.
INSERT OR REPLACE INTO meta (key, value) SELECT 'rebuild-needed', x'' WHERE EXISTS (SELECT 1 FROM custody_event)
    OR EXISTS (SELECT 1 FROM customer_sealed);
