-- What every new pile and every finding on it writes is most of what a fleet's return costs: pages to be encrypted.

-- A pile's bin stands in its key already, behind the site and a tag, so that piles of a bin stand together in its index.
DROP VIEW stock;
DROP INDEX subject_by_bin;
ALTER TABLE subject DROP COLUMN bin;
CREATE VIEW stock AS
    SELECT id AS subject, substr(key, 1, 16) AS site, substr(key, 18, 16) AS bin, item,
           CASE WHEN length(key) > 49 THEN CAST(substr(key, 51) AS TEXT) END AS lot, balance
    FROM subject WHERE balance IS NOT NULL;

-- Exceptions name their subject, which says the site, by its number, and say nothing twice.
CREATE TABLE finding (
    id BLOB PRIMARY KEY NOT NULL,
    subject INTEGER NOT NULL,           -- of subject; not declared so, for it is written after its findings
    kind TEXT NOT NULL,
    occurrence TEXT,                    -- null: the one piece of evidence, in hexadecimal
    opened BLOB NOT NULL,
    healed BLOB,
    evidence BLOB NOT NULL,             -- event hashes, 32 bytes each
    book INTEGER,
    counted INTEGER,
    status INTEGER NOT NULL,            -- 0 open, 1 healed, 2 resolved
    resolved_by BLOB
) STRICT;
INSERT OR IGNORE INTO subject (key, item)
    SELECT subject, CASE WHEN substr(subject, 17, 1) = x'01' THEN substr(subject, 34, 16) END FROM exception;
INSERT INTO finding (id, subject, kind, occurrence, opened, healed, evidence, book, counted, status, resolved_by)
    SELECT e.id, s.id, e.kind, CASE WHEN e.occurrence <> lower(hex(e.evidence)) THEN e.occurrence END,
           e.opened, e.healed, e.evidence, e.book, e.counted, e.status, e.resolved_by
    FROM exception e JOIN subject s ON s.key = e.subject ORDER BY e.rowid;
DROP TABLE exception;
CREATE INDEX finding_by_subject ON finding (subject);
CREATE INDEX finding_by_status ON finding (status);
CREATE VIEW exception AS
    SELECT f.id, s.key AS subject, f.kind, coalesce(f.occurrence, lower(hex(f.evidence))) AS occurrence,
           substr(s.key, 1, 16) AS site, f.opened, f.healed, f.evidence, f.book, f.counted, f.status, f.resolved_by
    FROM finding f JOIN subject s ON s.id = f.subject;

-- A page of the words' lists, with what stands around it, in one encrypted page of the file: it was a little too large.
INSERT INTO search_words (search_words, rank) VALUES ('pgsz', 3970);
INSERT INTO search_codes (search_codes, rank) VALUES ('pgsz', 3970);
