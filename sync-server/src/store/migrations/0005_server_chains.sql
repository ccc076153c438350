-- A restored server begins other chains, and the old ones stay known: several certificates for each site, the newest
-- last.
ALTER TABLE hub_certificate RENAME TO hub_certificate_one_a_site;
CREATE TABLE hub_certificate (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    site BLOB NOT NULL,
    certificate BLOB NOT NULL
) STRICT;
INSERT INTO hub_certificate (site, certificate)
    SELECT site, certificate FROM hub_certificate_one_a_site ORDER BY site;
DROP TABLE hub_certificate_one_a_site;
