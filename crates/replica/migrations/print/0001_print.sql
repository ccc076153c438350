-- Print jobs of this device that are not done, in the order in which they are printed.
CREATE TABLE print_job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never given twice: an answer to an old question finds nothing
    title TEXT NOT NULL,                    -- what a person knows it by
    content TEXT NOT NULL,                  -- the job as the printing side writes it
    made_at INTEGER NOT NULL                -- unix milliseconds
) STRICT;
