-- Who wants to hear of events.
CREATE TABLE webhook (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    kinds TEXT NOT NULL,                -- kinds of events separated by spaces; empty: all
    sites TEXT NOT NULL,                -- ids separated by spaces; empty: all
    secret BLOB NOT NULL,               -- signs; it has to be kept to be used
    old_secret BLOB,                    -- signs as well until then
    old_until INTEGER,
    state TEXT NOT NULL CHECK (state IN ('on', 'off', 'gone')),
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,           -- unix milliseconds, as all times here
    -- The delivery in front is worked on by one node, until then.
    claimed_by BLOB,
    claimed_until INTEGER NOT NULL DEFAULT 0
) STRICT;

-- How far each has been fed from each site's log.
CREATE TABLE webhook_fed (
    webhook INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    site BLOB NOT NULL,
    entry INTEGER NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (webhook, site)
) STRICT, WITHOUT ROWID;

-- What is to be delivered, in turn.
CREATE TABLE webhook_delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook INTEGER NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
    event TEXT NOT NULL,                -- id of the event
    body TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    is_dead INTEGER NOT NULL DEFAULT 0,
    outcome TEXT NOT NULL DEFAULT '',   -- of the last try: a status or a code
    UNIQUE (webhook, event)
) STRICT;
CREATE INDEX webhook_delivery_waiting ON webhook_delivery (webhook, id) WHERE is_dead = 0;
CREATE INDEX webhook_delivery_dead ON webhook_delivery (webhook, id) WHERE is_dead = 1;
