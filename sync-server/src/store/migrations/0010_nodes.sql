-- Several nodes may serve this database. Who each is lies in its own replica, with its chains; a program from before
-- would take the one that is named here for itself.
DELETE FROM hub_meta WHERE name IN ('server-device', 'shared-chain');
