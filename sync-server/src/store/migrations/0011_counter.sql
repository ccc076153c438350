-- Devices that only count: what others wrote in a site's journals is not given to them.
ALTER TABLE hub_device ADD COLUMN counts_only INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hub_invitation ADD COLUMN counts_only INTEGER NOT NULL DEFAULT 0;
