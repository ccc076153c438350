-- How much each device has brought in its running day; what was new to the hub, whoever wrote it.
CREATE TABLE hub_push (
    device BLOB PRIMARY KEY NOT NULL,
    since INTEGER NOT NULL,             -- when the day began, unix milliseconds
    bytes INTEGER NOT NULL,
    changes INTEGER NOT NULL
) STRICT;
