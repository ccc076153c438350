-- What is in a pile stands with its timeline's subject: a new pile is one row and three entries of indices, where it was
-- two rows and five.
ALTER TABLE subject ADD COLUMN balance INTEGER;     -- of piles only, thousandths; null where nothing is left
UPDATE subject SET balance = (SELECT s.balance FROM stock s WHERE s.subject = subject.id)
    WHERE id IN (SELECT subject FROM stock);
DROP TABLE stock;

-- A pile's key: 16 bytes of site, a tag, 16 of bin, 16 of item; if it has a lot, a byte and the lot.
CREATE VIEW stock AS
    SELECT id AS subject, substr(key, 1, 16) AS site, bin, item,
           CASE WHEN length(key) > 49 THEN CAST(substr(key, 51) AS TEXT) END AS lot, balance
    FROM subject WHERE balance IS NOT NULL;
