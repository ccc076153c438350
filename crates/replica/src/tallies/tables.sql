-- Sums that the console shows, kept in the transaction that folds. Only a server has these tables.

-- What was written in each quarter of an hour of the ledger's time. All time zones in use are whole quarters off.
CREATE TABLE tally (
    slot INTEGER NOT NULL,              -- unix milliseconds of the event's place, divided by 900000
    site BLOB NOT NULL,
    kind TEXT NOT NULL,
    operator BLOB NOT NULL,
    counts INTEGER NOT NULL,            -- 0: void
    events INTEGER NOT NULL,
    quantity INTEGER NOT NULL,          -- thousandths, as written, without sign
    net INTEGER NOT NULL,               -- thousandths by which the book of the site changed; counts left out
    late INTEGER NOT NULL,              -- accepted long after they were written
    PRIMARY KEY (slot, site, kind, operator, counts)
) STRICT, WITHOUT ROWID;
CREATE INDEX tally_by_kind ON tally (kind, slot);
CREATE INDEX tally_by_operator ON tally (operator, slot);

-- The same, added up: what a period of months is asked for. What does not count is left out.
CREATE TABLE tally_kind (
    slot INTEGER NOT NULL,
    site BLOB NOT NULL,
    kind TEXT NOT NULL,
    events INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    net INTEGER NOT NULL,
    late INTEGER NOT NULL,
    PRIMARY KEY (slot, site, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE tally_day (
    day INTEGER NOT NULL,               -- of UTC, from 1970-01-01
    site BLOB NOT NULL,
    operator BLOB NOT NULL,
    kind TEXT NOT NULL,
    events INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (day, site, operator, kind)
) STRICT, WITHOUT ROWID;
CREATE TABLE tally_operator (
    slot INTEGER NOT NULL,
    operator BLOB NOT NULL,
    site BLOB NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (slot, operator, site)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER tally_added AFTER INSERT ON tally WHEN new.counts = 1 BEGIN
    INSERT INTO tally_kind (slot, site, kind, events, quantity, net, late)
        VALUES (new.slot, new.site, new.kind, new.events, new.quantity, new.net, new.late)
        ON CONFLICT DO UPDATE SET events = events + excluded.events, quantity = quantity + excluded.quantity,
            net = net + excluded.net, late = late + excluded.late;
    INSERT INTO tally_day (day, site, operator, kind, events, quantity)
        VALUES (new.slot / 96, new.site, new.operator, new.kind, new.events, new.quantity)
        ON CONFLICT DO UPDATE SET events = events + excluded.events, quantity = quantity + excluded.quantity;
    INSERT INTO tally_operator (slot, operator, site, events) VALUES (new.slot, new.operator, new.site, new.events)
        ON CONFLICT DO UPDATE SET events = events + excluded.events;
END;
CREATE TRIGGER tally_changed AFTER UPDATE ON tally WHEN new.counts = 1 BEGIN
    INSERT INTO tally_kind (slot, site, kind, events, quantity, net, late)
        VALUES (new.slot, new.site, new.kind, new.events - old.events, new.quantity - old.quantity, new.net - old.net, new.late - old.late)
        ON CONFLICT DO UPDATE SET events = events + excluded.events, quantity = quantity + excluded.quantity,
            net = net + excluded.net, late = late + excluded.late;
    INSERT INTO tally_day (day, site, operator, kind, events, quantity)
        VALUES (new.slot / 96, new.site, new.operator, new.kind, new.events - old.events, new.quantity - old.quantity)
        ON CONFLICT DO UPDATE SET events = events + excluded.events, quantity = quantity + excluded.quantity;
    INSERT INTO tally_operator (slot, operator, site, events) VALUES (new.slot, new.operator, new.site, new.events - old.events)
        ON CONFLICT DO UPDATE SET events = events + excluded.events;
END;
CREATE TRIGGER tally_gone AFTER DELETE ON tally WHEN old.counts = 1 BEGIN
    INSERT INTO tally_kind (slot, site, kind, events, quantity, net, late)
        VALUES (old.slot, old.site, old.kind, -old.events, -old.quantity, -old.net, -old.late)
        ON CONFLICT DO UPDATE SET events = events + excluded.events, quantity = quantity + excluded.quantity,
            net = net + excluded.net, late = late + excluded.late;
    INSERT INTO tally_day (day, site, operator, kind, events, quantity)
        VALUES (old.slot / 96, old.site, old.operator, old.kind, -old.events, -old.quantity)
        ON CONFLICT DO UPDATE SET events = events + excluded.events, quantity = quantity + excluded.quantity;
    INSERT INTO tally_operator (slot, operator, site, events) VALUES (old.slot, old.operator, old.site, -old.events)
        ON CONFLICT DO UPDATE SET events = events + excluded.events;
END;

-- What there is of each lot of each item; the empty lot is goods without one.
CREATE TABLE goods_stock (
    item BLOB NOT NULL,
    lot TEXT NOT NULL,
    site BLOB NOT NULL,
    balance INTEGER NOT NULL DEFAULT 0, -- thousandths
    expiry INTEGER,                     -- days from 1970-01-01; of the lot's first receipt
    last_in INTEGER,                    -- unix milliseconds of the last receipt that counts
    PRIMARY KEY (item, lot, site)
) STRICT, WITHOUT ROWID;
CREATE INDEX goods_by_expiry ON goods_stock (expiry, item, lot, site) WHERE expiry IS NOT NULL AND balance > 0;
CREATE INDEX goods_by_lot ON goods_stock (lot COLLATE NOCASE) WHERE lot <> '';
CREATE INDEX goods_by_last_in ON goods_stock (coalesce(last_in, 0), item, lot, site) WHERE balance > 0;

CREATE TABLE item_stock (
    item BLOB PRIMARY KEY NOT NULL,
    sku TEXT NOT NULL DEFAULT '',
    class TEXT NOT NULL DEFAULT '',
    least INTEGER NOT NULL DEFAULT 0,   -- safety stock; 0: none
    balance INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX item_low ON item_stock (sku, item) WHERE least > 0 AND balance < least;

CREATE TABLE bin_stock (
    bin BLOB PRIMARY KEY NOT NULL,
    site BLOB NOT NULL,
    piles INTEGER NOT NULL,             -- that are not zero
    balance INTEGER NOT NULL            -- thousandths of whatever is there
) STRICT, WITHOUT ROWID;

-- How often goods were taken from a bin, by weeks of seven days from 1970-01-01 UTC.
CREATE TABLE bin_picks (
    bin BLOB NOT NULL,
    week INTEGER NOT NULL,
    picks INTEGER NOT NULL,
    PRIMARY KEY (bin, week)
) STRICT, WITHOUT ROWID;

-- Events on which it rests how others stand: who does not know them counts otherwise.
CREATE TABLE act (
    chain INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (chain, number)
) STRICT, WITHOUT ROWID;

-- Each pile that was counted, and how many lines of an item class were counted in each quarter of an hour. An approved
-- count is compared with the book before it.
CREATE TABLE counted_line (
    subject INTEGER NOT NULL,
    place BLOB NOT NULL,
    site BLOB NOT NULL,
    item BLOB NOT NULL,
    slot INTEGER NOT NULL,
    counted INTEGER NOT NULL,           -- thousandths
    difference INTEGER NOT NULL,        -- thousandths found less those in the book
    PRIMARY KEY (subject, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX counted_line_by_item ON counted_line (item);
CREATE INDEX counted_line_by_place ON counted_line (place);
CREATE TABLE tally_count (
    slot INTEGER NOT NULL,
    site BLOB NOT NULL,
    class TEXT NOT NULL,
    lines INTEGER NOT NULL,
    agreed INTEGER NOT NULL,            -- with the book
    PRIMARY KEY (slot, site, class)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER tally_line_counted AFTER INSERT ON counted_line BEGIN
    INSERT INTO tally_count (slot, site, class, lines, agreed)
        VALUES (new.slot, new.site, coalesce((SELECT class FROM item_stock WHERE item = new.item), ''), 1, new.difference = 0)
        ON CONFLICT DO UPDATE SET lines = lines + excluded.lines, agreed = agreed + excluded.agreed;
END;
CREATE TRIGGER tally_line_gone AFTER DELETE ON counted_line BEGIN
    INSERT INTO tally_count (slot, site, class, lines, agreed)
        VALUES (old.slot, old.site, coalesce((SELECT class FROM item_stock WHERE item = old.item), ''), -1, -(old.difference = 0))
        ON CONFLICT DO UPDATE SET lines = lines + excluded.lines, agreed = agreed + excluded.agreed;
END;

-- Counts that serve lines of orders, each with what a page of many of them says of it. Piles of which there was nothing
-- by either are left out.
CREATE TABLE line_count (
    of BLOB NOT NULL,
    line INTEGER NOT NULL,
    place BLOB NOT NULL,
    hash BLOB NOT NULL,
    operator BLOB NOT NULL,
    accepted_at INTEGER,
    approved INTEGER NOT NULL,
    piles INTEGER NOT NULL,
    wrong INTEGER NOT NULL,             -- piles that differ from the book
    classes TEXT NOT NULL,              -- JSON: piles by the class of their item
    PRIMARY KEY (of, line, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX line_count_by_place ON line_count (place);

-- An item that comes into a class takes with it what was counted of it.
CREATE TRIGGER tally_class_given AFTER INSERT ON item_stock WHEN new.class <> '' BEGIN
    UPDATE line_count SET classes = coalesce((SELECT json_group_object(class, piles) FROM (
            SELECT coalesce(s.class, '') AS class, count(*) AS piles
            FROM counted_line c LEFT JOIN item_stock s ON s.item = c.item
            WHERE c.place = line_count.place AND (c.counted <> 0 OR c.difference <> 0) GROUP BY 1 ORDER BY 1)), '{}')
        WHERE place IN (SELECT place FROM counted_line WHERE item = new.item);
    INSERT INTO tally_count (slot, site, class, lines, agreed)
        SELECT slot, site, '', -count(*), -sum(difference = 0) FROM counted_line WHERE item = new.item GROUP BY slot, site
        ON CONFLICT DO UPDATE SET lines = lines + excluded.lines, agreed = agreed + excluded.agreed;
    INSERT INTO tally_count (slot, site, class, lines, agreed)
        SELECT slot, site, new.class, count(*), sum(difference = 0) FROM counted_line WHERE item = new.item GROUP BY slot, site
        ON CONFLICT DO UPDATE SET lines = lines + excluded.lines, agreed = agreed + excluded.agreed;
END;
CREATE TRIGGER tally_class_changed AFTER UPDATE OF class ON item_stock WHEN new.class <> old.class BEGIN
    UPDATE line_count SET classes = coalesce((SELECT json_group_object(class, piles) FROM (
            SELECT coalesce(s.class, '') AS class, count(*) AS piles
            FROM counted_line c LEFT JOIN item_stock s ON s.item = c.item
            WHERE c.place = line_count.place AND (c.counted <> 0 OR c.difference <> 0) GROUP BY 1 ORDER BY 1)), '{}')
        WHERE place IN (SELECT place FROM counted_line WHERE item = new.item);
    INSERT INTO tally_count (slot, site, class, lines, agreed)
        SELECT slot, site, old.class, -count(*), -sum(difference = 0) FROM counted_line WHERE item = new.item GROUP BY slot, site
        ON CONFLICT DO UPDATE SET lines = lines + excluded.lines, agreed = agreed + excluded.agreed;
    INSERT INTO tally_count (slot, site, class, lines, agreed)
        SELECT slot, site, new.class, count(*), sum(difference = 0) FROM counted_line WHERE item = new.item GROUP BY slot, site
        ON CONFLICT DO UPDATE SET lines = lines + excluded.lines, agreed = agreed + excluded.agreed;
END;

-- Steps of orders of which somebody has said that they are done, and orders of which nobody has said so of the last step.
CREATE TABLE order_done (
    of BLOB NOT NULL,
    step TEXT NOT NULL,
    PRIMARY KEY (of, step)
) STRICT, WITHOUT ROWID;
CREATE TABLE order_open (
    id BLOB PRIMARY KEY NOT NULL,
    site BLOB NOT NULL,
    type TEXT NOT NULL,
    due INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX order_open_by_due ON order_open (due, id) WHERE due > 0;
CREATE VIEW order_still_open AS
    SELECT o.id, o.site, o.type, o.due FROM orders o
    WHERE o.cancelled = 0 AND NOT EXISTS (
        SELECT 1 FROM order_done d WHERE d.of = o.id
        AND d.step = CASE o.type WHEN 'inbound' THEN 'receive' WHEN 'count' THEN 'count' ELSE 'ship' END);

CREATE TRIGGER tally_item_put AFTER INSERT ON item BEGIN
    INSERT INTO item_stock (item, sku, class, least) VALUES (new.id, new.sku, new.class, new.min_stock)
    ON CONFLICT DO UPDATE SET sku = excluded.sku, class = excluded.class, least = excluded.least;
END;
CREATE TRIGGER tally_item_gone AFTER DELETE ON item BEGIN
    UPDATE item_stock SET sku = '', class = '', least = 0 WHERE item = old.id;
END;
CREATE TRIGGER tally_order_put AFTER INSERT ON orders BEGIN
    DELETE FROM order_open WHERE id = new.id;
    INSERT INTO order_open SELECT * FROM order_still_open WHERE id = new.id;
END;
CREATE TRIGGER tally_order_gone AFTER DELETE ON orders BEGIN
    DELETE FROM order_open WHERE id = old.id;
END;
CREATE TRIGGER tally_order_done AFTER INSERT ON order_done BEGIN
    DELETE FROM order_open WHERE id = new.of;
    INSERT INTO order_open SELECT * FROM order_still_open WHERE id = new.of;
END;
CREATE TRIGGER tally_order_undone AFTER DELETE ON order_done BEGIN
    DELETE FROM order_open WHERE id = old.of;
    INSERT INTO order_open SELECT * FROM order_still_open WHERE id = old.of;
END;

-- Lists of the console, page by page.
CREATE INDEX item_by_sku_and_id ON item (sku, id);
CREATE INDEX item_by_class_and_sku ON item (class, sku, id);
CREATE INDEX bin_by_code_and_id ON bin (code, id);
CREATE INDEX bin_by_zone ON bin (zone, code, id);
CREATE INDEX bin_by_site ON bin (site, code, id);
CREATE INDEX bin_by_site_and_id ON bin (site, id);
CREATE INDEX order_by_site_and_id ON orders (site, id);
CREATE INDEX order_line_by_item ON order_line (item) WHERE item IS NOT NULL;
CREATE INDEX order_line_by_bin ON order_line (bin) WHERE bin IS NOT NULL;
CREATE INDEX entry_approved ON entry (place) WHERE part = 2;
