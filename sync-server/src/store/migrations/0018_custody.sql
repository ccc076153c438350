-- Keys of customers, in no document. A key that is destroyed comes again under a new number, as NULL, and stays so.
CREATE TABLE customer_key (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    customer BLOB NOT NULL UNIQUE,
    key BLOB,                       -- 32 bytes; NULL: destroyed
    device BLOB,                    -- which made it, or NULL: the server
    changed_at INTEGER NOT NULL
) STRICT;

-- One-time codes that customers asked for. Whoever asks gets a row, whether anybody has that telephone or not.
CREATE TABLE customer_code (
    phone BLOB PRIMARY KEY NOT NULL,    -- keyed hash of its digits
    code BLOB NOT NULL,                 -- keyed hash of the six digits
    tries INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Customers who showed a ticket or a code. They have no account.
CREATE TABLE customer_session (
    token BLOB PRIMARY KEY NOT NULL,    -- its hash
    customers BLOB NOT NULL,            -- 16 bytes each
    deposit BLOB,                       -- by ticket: this one alone; NULL: all that is theirs
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is to be sent to customers. Their telephone stands with the person, under the person's key.
CREATE TABLE notice (
    id INTEGER PRIMARY KEY,
    customer BLOB NOT NULL,
    text TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,        -- it is of no use afterwards, and deleted
    state TEXT NOT NULL                 -- waiting, sent, failed
) STRICT;

-- Nobody erases a person or gives goods away alone, unless an administrator says so on the page of roles.
INSERT OR IGNORE INTO console_setting (name, value) VALUES
    ('four-eyes:custody.erase', 'yes'), ('four-eyes:custody.dispose', 'yes'),
    ('four-eyes:custody.cancel', 'yes');
