-- Personal data of customers: sealed in the documents, keys apart from them.
CREATE TABLE customer_sealed (
    customer BLOB NOT NULL,
    path TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (customer, path)
) STRICT, WITHOUT ROWID;

-- In no document: what the server gave, or this device made.
CREATE TABLE customer_key (
    customer BLOB PRIMARY KEY NOT NULL,
    key BLOB,                           -- 32 bytes; NULL: destroyed for good
    shared INTEGER NOT NULL             -- whether the server has it
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_key_unshared ON customer_key (customer) WHERE shared = 0;

-- What the keys open. Goes with its key.
CREATE TABLE person (
    customer BLOB PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    document TEXT NOT NULL,
    note TEXT NOT NULL,
    phone_lookup TEXT NOT NULL,         -- digits alone
    document_lookup TEXT NOT NULL       -- letters and digits, upper-cased
) STRICT, WITHOUT ROWID;
CREATE INDEX person_by_phone ON person (phone_lookup) WHERE phone_lookup <> '';
CREATE INDEX person_by_document ON person (document_lookup) WHERE document_lookup <> '';

-- Words under which a person is found: parts of the name, its pinyin, the last four digits of the telephone.
CREATE TABLE person_word (
    word TEXT NOT NULL,
    customer BLOB NOT NULL,
    PRIMARY KEY (word, customer)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_word_of ON person_word (customer);

-- What customers left with us.
CREATE TABLE deposit (
    id BLOB PRIMARY KEY NOT NULL,
    site BLOB NOT NULL,
    claim TEXT NOT NULL,
    customer BLOB NOT NULL,
    taken_at INTEGER NOT NULL,
    due TEXT NOT NULL,                  -- ISO 8601 day; empty: no term
    fee_daily INTEGER NOT NULL,
    fee_cap INTEGER NOT NULL,
    currency TEXT NOT NULL,
    forbidden TEXT NOT NULL,
    wish TEXT NOT NULL,                 -- empty: none
    wish_at INTEGER NOT NULL,
    wish_asked INTEGER NOT NULL,
    wish_answered INTEGER NOT NULL,
    stored INTEGER NOT NULL DEFAULT 0   -- how many of its pieces are here
) STRICT, WITHOUT ROWID;
CREATE INDEX deposit_by_claim ON deposit (claim);
CREATE INDEX deposit_by_customer ON deposit (customer, taken_at);
CREATE INDEX deposit_here ON deposit (site, due, id) WHERE stored > 0;
CREATE INDEX deposit_wished ON deposit (site, wish_at) WHERE wish <> '' AND wish_answered = 0;

CREATE TABLE deposit_piece (
    of BLOB NOT NULL,
    number INTEGER NOT NULL,
    unit TEXT NOT NULL,
    item BLOB NOT NULL,
    size TEXT NOT NULL,
    condition BLOB NOT NULL,            -- words, sealed; empty: none
    value INTEGER NOT NULL,
    PRIMARY KEY (of, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX deposit_piece_by_unit ON deposit_piece (unit);


-- Which acts are of which deposit.
CREATE TABLE custody_event (
    deposit BLOB NOT NULL,
    chain INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (deposit, chain, number)
) STRICT, WITHOUT ROWID;

-- An older program kept deposits without knowing their kind.
INSERT OR REPLACE INTO meta (key, value) SELECT 'rebuild-needed', x'' WHERE EXISTS (
    SELECT 1 FROM document WHERE kind = '');
