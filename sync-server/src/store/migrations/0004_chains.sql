-- Every chain that was ever certified here: whoever brings its segments, this says who signs them.
CREATE TABLE hub_chain (
    chain BLOB PRIMARY KEY NOT NULL,
    device BLOB NOT NULL,
    partition BLOB NOT NULL,            -- empty: shared; else the site's 16 bytes
    public_key BLOB NOT NULL,
    quarantined INTEGER NOT NULL DEFAULT 0  -- 1: kept and forwarded; a supervisor decides whether it counts
) STRICT, WITHOUT ROWID;
INSERT INTO hub_chain (chain, device, partition, public_key)
    SELECT shared_chain, device, x'', public_key FROM hub_device;
INSERT INTO hub_chain (chain, device, partition, public_key)
    SELECT site_chain, device, site, public_key FROM hub_device;
