-- Identity, settings and whatever is one of a kind.
CREATE TABLE meta (
    key TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT;

-- Chains that a certificate vouches for. `id` is local and never sent.
CREATE TABLE chain (
    id INTEGER PRIMARY KEY,
    chain BLOB NOT NULL UNIQUE,     -- 16 bytes
    partition BLOB NOT NULL,        -- empty: shared; else the site's 16 bytes
    device BLOB NOT NULL,
    public_key BLOB NOT NULL,
    is_server INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Signed segments, own and others': the changes themselves. Nothing here is ever edited or deleted.
CREATE TABLE segment (
    chain INTEGER NOT NULL REFERENCES chain (id),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    header BLOB NOT NULL,           -- exactly as signed
    signature BLOB NOT NULL,
    body BLOB NOT NULL,
    -- What the hub said; null until it accepted the segment.
    number INTEGER,
    accepted_at INTEGER,
    status INTEGER NOT NULL DEFAULT 0,  -- 0 live, 1 quarantined
    acceptance BLOB,
    PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX segment_by_hash ON segment (hash);

-- Which events a segment carries, so that its acceptance finds them.
CREATE TABLE segment_events (
    chain INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;

-- Own changes: unsealed ones of records, and all of a journal until it is closed and sealed.
CREATE TABLE own_change (
    id INTEGER PRIMARY KEY,
    partition BLOB NOT NULL,
    document BLOB NOT NULL,
    hash BLOB NOT NULL,
    bytes BLOB NOT NULL,
    event INTEGER NOT NULL DEFAULT 0,   -- the event's number; 0 for other changes
    is_journal INTEGER NOT NULL,
    sealed INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Covers the count of what waits, which every screen shows.
CREATE INDEX own_change_unsealed ON own_change (partition, id, event, is_journal) WHERE sealed = 0;
CREATE INDEX own_change_document ON own_change (document);

-- How far this replica has read the hub's log.
CREATE TABLE cursor (
    partition BLOB PRIMARY KEY NOT NULL,
    epoch BLOB NOT NULL,
    number INTEGER NOT NULL,
    running_hash BLOB NOT NULL
) STRICT;

-- Parts of segments that this program cannot read; the segments are kept and passed on.
CREATE TABLE unreadable (
    id INTEGER PRIMARY KEY,
    chain BLOB NOT NULL,
    seq INTEGER NOT NULL,
    document BLOB NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- Records: the automerge documents.
CREATE TABLE document (
    id BLOB PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL DEFAULT '',      -- empty while its first change has not come
    partition BLOB NOT NULL,
    saved BLOB NOT NULL,
    row BLOB NOT NULL DEFAULT x''       -- what the state hash has counted of it
) STRICT;

CREATE INDEX document_waiting ON document (id) WHERE kind = '';

-- The read model of records.
CREATE TABLE item (
    id BLOB PRIMARY KEY NOT NULL,
    sku TEXT NOT NULL,
    name_en TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    unit TEXT NOT NULL,
    decimals INTEGER NOT NULL,
    tracks_lot INTEGER NOT NULL,
    tracks_serial INTEGER NOT NULL,
    tracks_expiry INTEGER NOT NULL
) STRICT;
CREATE INDEX item_by_sku ON item (sku);

CREATE TABLE item_barcode (
    item BLOB NOT NULL,
    code TEXT NOT NULL,
    lookup TEXT NOT NULL,               -- GTINs padded to 14 digits, other codes upper-cased
    pack INTEGER NOT NULL,              -- thousandths of the base unit
    PRIMARY KEY (item, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_barcode_by_lookup ON item_barcode (lookup);

CREATE TABLE site (
    id BLOB PRIMARY KEY NOT NULL,
    code TEXT NOT NULL,
    name_en TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    time_zone TEXT NOT NULL
) STRICT;

CREATE TABLE zone (
    id BLOB PRIMARY KEY NOT NULL,
    site BLOB NOT NULL,
    code TEXT NOT NULL,
    name_en TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    purpose TEXT NOT NULL
) STRICT;

CREATE TABLE bin (
    id BLOB PRIMARY KEY NOT NULL,
    site BLOB NOT NULL,
    zone BLOB NOT NULL,
    code TEXT NOT NULL,
    lookup TEXT NOT NULL                -- upper-cased
) STRICT;
CREATE INDEX bin_by_lookup ON bin (lookup);

CREATE TABLE operator (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    badge TEXT NOT NULL,
    pin_verifier TEXT NOT NULL,
    active INTEGER NOT NULL
) STRICT;

CREATE TABLE device (
    id BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    certificate BLOB NOT NULL,
    revoked INTEGER NOT NULL
) STRICT;

-- Fields with more than one value; the first is the one shown.
CREATE TABLE field_conflict (
    record BLOB NOT NULL,
    path TEXT NOT NULL,
    position INTEGER NOT NULL,
    value TEXT NOT NULL,                -- JSON
    chain BLOB NOT NULL,
    PRIMARY KEY (record, path, position)
) STRICT, WITHOUT ROWID;

-- Events, decoded from journal changes.
CREATE TABLE event (
    chain INTEGER NOT NULL REFERENCES chain (id),
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    place BLOB NOT NULL,                -- 36 bytes that sort
    standing INTEGER NOT NULL,          -- 0 void, 1 live, 2 approved
    accepted_at INTEGER,
    quarantined INTEGER NOT NULL DEFAULT 0,
    operator BLOB NOT NULL,
    record BLOB NOT NULL,
    PRIMARY KEY (chain, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_by_hash ON event (hash);
CREATE INDEX event_by_place ON event (place);

-- Which hashes an event refers to.
CREATE TABLE event_name (
    hash BLOB NOT NULL,
    chain INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (hash, chain, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_decision (
    exception BLOB NOT NULL,
    chain INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (exception, chain, number)
) STRICT, WITHOUT ROWID;

-- Timelines. A subject's key begins with its site.
CREATE TABLE subject (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    bin BLOB,                           -- of piles only
    item BLOB                           -- of piles only
) STRICT;
CREATE INDEX subject_by_bin ON subject (bin) WHERE bin IS NOT NULL;
CREATE INDEX subject_by_item ON subject (item) WHERE item IS NOT NULL;

CREATE TABLE entry (
    subject INTEGER NOT NULL REFERENCES subject (id),
    place BLOB NOT NULL,
    part INTEGER NOT NULL,              -- 0 change, 1 count, 2 approved count, 3 mark
    amount INTEGER NOT NULL,            -- thousandths
    balance INTEGER NOT NULL,           -- after it
    times_below INTEGER NOT NULL,
    PRIMARY KEY (subject, place)
) STRICT, WITHOUT ROWID;

-- The folded rows.
CREATE TABLE stock (
    subject INTEGER PRIMARY KEY,
    site BLOB NOT NULL,
    bin BLOB NOT NULL,
    item BLOB NOT NULL,
    lot TEXT,
    balance INTEGER NOT NULL
) STRICT;
CREATE INDEX stock_by_bin ON stock (bin);
CREATE INDEX stock_by_item ON stock (item);

CREATE TABLE unit (
    site BLOB NOT NULL,
    unit TEXT NOT NULL,
    status INTEGER NOT NULL,            -- 0 stored, 1 issued
    bin BLOB NOT NULL,
    goods BLOB NOT NULL,                -- CBOR
    item BLOB NOT NULL,
    quantity INTEGER NOT NULL,
    since BLOB NOT NULL,
    PRIMARY KEY (site, unit)
) STRICT, WITHOUT ROWID;
CREATE INDEX unit_by_bin ON unit (bin);
CREATE INDEX unit_by_item ON unit (item);

CREATE TABLE exception (
    id BLOB PRIMARY KEY NOT NULL,
    subject BLOB NOT NULL,              -- key with site
    kind TEXT NOT NULL,
    occurrence TEXT NOT NULL,
    site BLOB NOT NULL,
    opened BLOB NOT NULL,
    healed BLOB,
    evidence BLOB NOT NULL,             -- event hashes, 32 bytes each
    book INTEGER,
    counted INTEGER,
    status INTEGER NOT NULL,            -- 0 open, 1 healed, 2 resolved
    resolved_by BLOB
) STRICT;
CREATE INDEX exception_by_subject ON exception (subject);
CREATE INDEX exception_by_status ON exception (status);

-- Search: words (CJK bigrams, pinyin) and codes (any part).
CREATE TABLE search_row (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    reference BLOB NOT NULL,
    words TEXT NOT NULL,
    codes TEXT NOT NULL,
    UNIQUE (kind, reference)
) STRICT;
CREATE VIRTUAL TABLE search_words USING fts5 (words, content = 'search_row', content_rowid = 'id', tokenize = 'unicode61');
CREATE VIRTUAL TABLE search_codes USING fts5 (codes, content = 'search_row', content_rowid = 'id', tokenize = 'trigram');

-- Work that was begun: an operation's draft survives a crash.
CREATE TABLE draft (
    name TEXT PRIMARY KEY NOT NULL,
    content TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
