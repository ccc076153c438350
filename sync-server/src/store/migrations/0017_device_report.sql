-- What a device said of itself with its last request; null: it did not say.
ALTER TABLE hub_device ADD COLUMN waiting_releases INTEGER;  -- of waiting_events: took goods out
ALTER TABLE hub_device ADD COLUMN battery_percent INTEGER;   -- 0 to 100
ALTER TABLE hub_device ADD COLUMN battery_charging INTEGER;  -- 0, 1
ALTER TABLE hub_device ADD COLUMN storage_free INTEGER;      -- bytes
ALTER TABLE hub_device ADD COLUMN locked INTEGER;            -- 0, 1: it knows that it is locked
-- All that the hub had accepted before then it held; unix milliseconds.
ALTER TABLE hub_device ADD COLUMN data_as_of INTEGER;
