-- Segments that another one has taken the place of: their chain forked, or was given up before the hub had them. They
-- fold to nothing. What this device wrote of them it has said again on its next chain.
CREATE TABLE displaced (
    chain INTEGER NOT NULL REFERENCES chain (id),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    body BLOB NOT NULL,
    said_again INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (chain, seq, hash)
) STRICT, WITHOUT ROWID;
