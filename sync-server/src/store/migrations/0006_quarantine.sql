-- Why a chain's segments go into quarantine: 'copy', 'rotated', 'moved', 'provisional'.
ALTER TABLE hub_chain ADD COLUMN cause TEXT NOT NULL DEFAULT '';
